"""The door of cleaning: one raw message in, its plain text and data-quality marks out."""

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from schemas.marks import FORWARDING, HTML, MARKS, TRACKING_LINKS, TRUNCATED
from schemas.triage import Cut
from understanding.signals.cleaning.automatic import automatic_marks
from understanding.signals.cleaning.characters import join_surrogates, repair_characters
from understanding.signals.cleaning.content import content_marks
from understanding.signals.cleaning.html_text import MAX_RAW, Page, html_to_text, looks_like_html
from understanding.signals.cleaning.line_places import LinePlaces
from understanding.signals.cleaning.links import strip_tracking
from understanding.signals.cleaning.mail.replies import Stripped, strip_replies

MAX_CHARACTERS: Final = 4_000
"""A message's text is no longer than this: what lies behind does not change how a ticket is understood."""

_MAX_TEXT: Final = 12_000  # characters in which quoted replies are looked for, before the cut above
_RANK: Final = {mark: rank for rank, mark in enumerate(MARKS)}


class PassedOn(NamedTuple):
    """Subject and text of a forwarded message, and where the note and the headers above it stand."""

    text: str
    above: Cut


class Message(NamedTuple):
    """What the sender wrote, at most MAX_CHARACTERS, and `marks`: what was wrong or was taken out.

    `passed_on` is what a forwarded message says that the sender only passes on.
    """

    text: str
    marks: tuple[str, ...] = ()
    passed_on: PassedOn | None = None

    @property
    def about(self) -> str:
        """Return the part that says what the sender, or who is forwarded, wants."""
        return self.text if self.passed_on is None else self.passed_on.text


def clean_message(text: str) -> Message:
    """Return the message's plain text and marks; pure, and never raises."""
    return clean_with_cuts(text)[0]


def clean_with_cuts(text: str) -> tuple[Message, tuple[Cut, ...]]:
    """Return the message's plain text and marks, and what was taken out, by its place in `text`.

    1. Cut, and join surrogates. 2. HTML to text. 3. Repair characters. 4. Take out quoted replies and
    signatures. 5. Take tracking off links. 6. Cut, and mark what kind of message is left. A step that would
    leave nothing is not taken, so a message that had content never becomes empty.
    """
    # Step 1
    kept, marks = join_surrogates(text.lstrip()[:MAX_RAW])
    found = [*([TRUNCATED] if len(text) > MAX_RAW else []), *marks]
    # Step 2
    page = None
    if looks_like_html(kept):
        found.append(HTML)
        page = _page(kept)
    whole = kept if page is None else page.text
    # Step 3
    repaired, marks = repair_characters(whole[:_MAX_TEXT])
    found += marks
    # Step 4
    body = repaired.strip()
    lines = body.split("\n")
    own = strip_replies(lines, by_markup=page is not None)
    found += own.marks
    # Step 5
    mail = body if len(own.lines) == len(lines) else "\n".join(map(lines.__getitem__, own.lines)).strip()
    plain = strip_tracking(mail)
    if plain is not mail and plain != mail:
        found.append(TRACKING_LINKS)
    # Step 6
    if len(plain) > MAX_CHARACTERS or len(whole) > _MAX_TEXT:
        found.append(TRUNCATED)
    blank = repaired[: len(repaired) - len(repaired.lstrip())].count("\n")
    places = partial(LinePlaces.of, text, page, first=blank, lines=len(lines))
    cuts = _cuts(places, lines, own, truncated=TRUNCATED in found)
    plain = plain[:MAX_CHARACTERS].strip()
    passed_on = _passed_on(places, lines, own)
    found += [*content_marks(plain), *automatic_marks(plain, body), *([FORWARDING] if passed_on else [])]
    marks = tuple(sorted(set(found), key=_RANK.__getitem__)) if found else ()
    return Message(plain, marks, passed_on), cuts


def _passed_on(find_places: Callable[[], LinePlaces], lines: list[str], own: Stripped) -> PassedOn | None:
    if own.forwarded is None:
        return None
    begin, subject = own.forwarded
    body = "\n".join(lines[at] for at in own.lines if at >= begin).strip()
    places = find_places()
    above = Cut(kind=FORWARDING, start=places.start(0), end=places.start(begin))
    return PassedOn(strip_tracking(f"{subject}\n{body}".strip())[:MAX_CHARACTERS].strip(), above)


def _page(markup: str) -> Page | None:
    """Return the markup as text; None where no reader sees anything of it."""
    page = html_to_text(markup)
    visible = any(letter.isprintable() and not letter.isspace() for letter in page.text)
    return page if visible else None


def _cuts(
    find_places: Callable[[], LinePlaces], lines: list[str], own: Stripped, *, truncated: bool
) -> tuple[Cut, ...]:
    """Return what was taken out; where nothing was, no places are looked for."""
    if not (own.cuts or truncated):
        return ()
    places = find_places()
    cuts = [Cut(kind=cut.kind, start=places.start(cut.start), end=places.start(cut.end)) for cut in own.cuts]
    if truncated:
        cuts.append(Cut(kind=TRUNCATED, start=_read_to(places, lines, own), end=places.length))
    return tuple(sorted(cuts, key=lambda cut: cut.start))


def _read_to(places: LinePlaces, lines: list[str], own: Stripped) -> int:
    """Return where in the text as sent the part ends that is read."""
    left = MAX_CHARACTERS
    for at in own.lines:
        if len(lines[at]) > left:
            return min(places.start(at) + left, places.start(at + 1))
        left -= len(lines[at]) + 1
    return places.start(len(lines))
