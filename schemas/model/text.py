"""What happens to a text before anything is computed from it: bounded, valid, one line."""

import hashlib
import unicodedata
from typing import Final, Literal, NamedTuple

from schemas.triage import EMPTY_TEXT, NO_TEXT, TRUNCATED

MAX_CHARACTERS: Final = 4_000
"""What lies behind is not read: the encoder sees 128 tokens, and 1 MB must not cost more than others."""

Split = Literal["train", "val", "test"]


class CleanText(NamedTuple):
    """A text ready for scoring; `text` is None where nothing can be scored, `reasons` say why."""

    text: str | None
    reasons: tuple[str, ...] = ()


def clean_text(text: str | None) -> CleanText:
    """Cut a text to MAX_CHARACTERS, repair invalid surrogates and fold white space; never raises."""
    if text is None:
        return CleanText(None, (NO_TEXT,))
    cut = text[:MAX_CHARACTERS]
    if not cut.isascii():
        # Half a surrogate pair cannot be encoded; a whole one written as two is joined again.
        cut = cut.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    folded = " ".join(cut.split())
    reasons = (TRUNCATED,) if len(text) > MAX_CHARACTERS else ()
    return CleanText(folded, reasons) if folded else CleanText(None, (EMPTY_TEXT, *reasons))


def normalised(text: str) -> str:
    """Return the form under which two texts count as the same one: NFKC, case and white space folded."""
    repaired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return " ".join(unicodedata.normalize("NFKC", repaired).casefold().split())


def split_of(text: str, *, val: float = 0.1, test: float = 0.1, salt: str = "") -> Split:
    """Return which split a text belongs to, by a hash of its normalised form.

    A text keeps its split for ever, so the test split stays frozen as data grows; the test share does not
    depend on the validation share. Another `salt` gives an independent split.
    """
    digest = hashlib.sha256(f"{salt}{normalised(text)}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64  # uniform in [0, 1)
    if place < test:
        return "test"
    return "val" if place < test + val else "train"
