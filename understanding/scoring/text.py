"""Prepares a text before anything is computed from it: cleaned, bounded, valid, on one line."""

import hashlib
import unicodedata
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from schemas.marks import EMPTY_TEXT, TRUNCATED
from schemas.triage import NO_TEXT, Cut
from understanding.signals.cleaning.message import Message, clean_with_cuts

Split = Literal["train", "val", "test"]
_SAID_BY_TRIAGE: Final = (EMPTY_TEXT, TRUNCATED)


_start: Final = attrgetter("start")


class CleanText(NamedTuple):
    """A text ready for scoring; `text` is None where nothing can be scored, `reasons` say why.

    `message` is what the sender wrote, with its line ends and the marks of what was wrong; `cuts` are what
    was taken out, by its place in the raw text.
    """

    text: str | None
    reasons: tuple[str, ...] = ()
    message: Message = Message("")
    cuts: tuple[Cut, ...] = ()

    @property
    def not_scored(self) -> tuple[Cut, ...]:
        """Return `cuts` and what stands above a message that is only passed on, by place."""
        passed_on = self.message.passed_on
        return self.cuts if passed_on is None else tuple(sorted((*self.cuts, passed_on.above), key=_start))


def clean_text(text: str | None) -> CleanText:
    """Return the sender's own words (`clean_with_cuts`), or what they only pass on, on one line; never raises."""
    if text is None:
        return CleanText(None, (NO_TEXT,))
    message, cuts = clean_with_cuts(text)
    reasons = tuple(mark for mark in _SAID_BY_TRIAGE if mark in message.marks)
    return CleanText(" ".join(message.about.split()) or None, reasons, message, cuts)


def normalised(text: str) -> str:
    """Return the form under which two texts count as the same one: NFKC, case and white space folded."""
    repaired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return " ".join(unicodedata.normalize("NFKC", repaired).casefold().split())


def as_read(text: str) -> str:
    """Return the form under which a model takes two texts for the same one: what it reads of each, normalised.

    A text of which it reads nothing is its own form.
    """
    return normalised(clean_text(text).text or text)


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
