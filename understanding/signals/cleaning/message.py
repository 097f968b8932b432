"""The door of cleaning: one raw message in, its plain text and data-quality marks out."""

from collections.abc import Callable
from typing import Final, NamedTuple

from schemas.marks import HTML, MARKS, TRACKING_LINKS, TRUNCATED
from understanding.signals.cleaning.automatic import automatic_marks
from understanding.signals.cleaning.characters import join_surrogates, repair_characters
from understanding.signals.cleaning.content import content_marks
from understanding.signals.cleaning.html_text import MAX_RAW, html_to_text, looks_like_html
from understanding.signals.cleaning.links import strip_tracking
from understanding.signals.cleaning.replies import strip_replies

MAX_CHARACTERS: Final = 4_000
"""A message's text is no longer than this: what lies behind does not change how a ticket is understood."""

_MAX_TEXT: Final = 12_000  # characters in which quoted replies are looked for, before the cut above
_RANK: Final = {mark: rank for rank, mark in enumerate(MARKS)}


class Message(NamedTuple):
    """What the sender wrote, at most MAX_CHARACTERS, and `marks`: what was wrong or was taken out."""

    text: str
    marks: tuple[str, ...] = ()


def clean_message(text: str) -> Message:
    """Return the message's plain text and marks; pure, and never raises.

    1. Cut, and join surrogates. 2. HTML to text. 3. Repair characters. 4. Take out quoted replies and
    signatures. 5. Take tracking off links. 6. Cut, and mark what kind of message is left. A step that would
    leave nothing is not taken, so a message that had content never becomes empty.
    """
    # Step 1
    found: list[str] = [TRUNCATED] if len(text) > MAX_RAW else []
    kept, marks = join_surrogates(text.lstrip()[:MAX_RAW])
    found += marks
    # Step 2
    if looks_like_html(kept):
        found.append(HTML)
        kept = _unless_empty(html_to_text, kept)
    # Step 3
    repaired, marks = repair_characters(kept.lstrip()[:_MAX_TEXT])
    found += marks
    # Step 4
    own = strip_replies(repaired.strip())
    found += own.marks
    # Step 5
    plain = strip_tracking(own.text)
    if plain is not own.text and plain != own.text:
        found.append(TRACKING_LINKS)
    # Step 6
    if len(plain) > MAX_CHARACTERS or len(kept) > _MAX_TEXT:
        found.append(TRUNCATED)
    plain = plain[:MAX_CHARACTERS].strip()
    found += content_marks(plain)
    found += automatic_marks(plain, repaired.strip())
    return Message(plain, tuple(sorted(set(found), key=_RANK.__getitem__)) if found else ())


def _unless_empty(step: Callable[[str], str], text: str) -> str:
    changed = step(text)
    return changed if any(letter.isprintable() and not letter.isspace() for letter in changed) else text
