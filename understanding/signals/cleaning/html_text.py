"""HTML to text by one pass over its tags, in time linear in what is read.

A tokeniser and not a tree: a kept parser (selectolax) is fast on good HTML but needs 160 ms for 64 kB of
nested elements, and a message must not be able to cost that.
"""

import html
import re
from typing import Final, NamedTuple

from understanding.signals.cleaning.html_tags import (
    BLOCKS,
    CELLS,
    STRUCTURE,
    TAG,
    Unseen,
    is_element,
    is_unseen,
    only_indents,
)

MAX_RAW: Final = 65_536
"""Characters of a raw message that are looked at: mails carry kilobytes of style before their first word."""

_MAX_MARKUP: Final = 24_000  # characters of markup, without scripts and styles, that are turned into text
_CERTAIN: Final = re.compile(r"<(?:br\s{0,9}/?>|!doctype html|html[\s>]|body[\s>])", re.IGNORECASE)
_END_TAG: Final = re.compile(r"</([a-z][a-z0-9]{0,20})\s{0,9}>", re.IGNORECASE)
_REFERENCE: Final = re.compile(
    r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos|nbsp|euro|[aeiounc](?:acute|grave|circ|uml"
    r"|tilde|cedil)"
    r"|szlig|[rl]squo|[rl]dquo|ndash|mdash|hellip);",
    re.IGNORECASE,
)
_ALT: Final = re.compile(r"""\salt\s{0,9}=\s{0,9}["']([^"'<>]{1,200})""", re.IGNORECASE)
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")
_LINE_SPACE: Final = re.compile(r"[ \t\r\f]+")


class Page(NamedTuple):
    """What a reader sees, and where in the markup each of its lines begins."""

    text: str
    starts: tuple[int, ...]


def looks_like_html(text: str) -> bool:
    """Return whether a text carries markup or character references, and does not only mention a tag."""
    return ("<" in text and _is_markup(text)) or ("&" in text and _REFERENCE.search(text) is not None)


def _is_markup(text: str) -> bool:
    """Return whether tags of a text are markup: a line break, a document, or an element that is opened and closed.

    One opening tag may be what the text talks about, and so may one end tag.
    """
    if _CERTAIN.search(text) is not None:
        return True
    opened = _opened(text)
    return any(opened.get(end[1].lower(), len(text)) < end.start() for end in _END_TAG.finditer(text))


def _opened(text: str) -> dict[str, int]:
    """Return where each kind of element is opened first."""
    places: dict[str, int] = {}
    for tag in TAG.finditer(text):
        if tag[2] and not tag[1]:
            places.setdefault(tag[2].lower(), tag.start())
    return places


def html_to_text(markup: str) -> Page:
    """Return what a reader of the markup sees; a quotation's lines begin with `> `.

    Scripts, styles, comments and the head are dropped, references are decoded, an image is its alternative
    text. A script or the like that is never closed is text: somebody speaks of a tag. Markup behind what is read is
    ignored. Where no element makes blocks, the text's own line breaks count.
    """
    if "<" not in markup or not _is_markup(markup):
        reading = _Reading(keeps_lines=True)
        reading.read_text(markup, 0)
    else:
        reading = _Reading(keeps_lines=STRUCTURE.search(markup) is None)
        reading.read(markup)
    return reading.page()


class _Reading:
    """One pass over the markup: lines as pieces of text, and where each began."""

    def __init__(self, *, keeps_lines: bool) -> None:
        self._lines: list[list[str]] = [[]]
        self._starts: list[int] = [0]
        self._quotations: list[bool] = []
        self._keeps_lines = keeps_lines
        self._preformatted = 0

    def read(self, markup: str) -> None:
        """Read all of the markup that counts."""
        place = read = 0
        unseen = Unseen(markup, cut=len(markup) >= MAX_RAW)
        while read < _MAX_MARKUP and (tag := TAG.search(markup, place)) is not None:
            start = tag.start()
            if start > place:
                self.read_text(markup[place : min(start, place + _MAX_MARKUP - read)], place)
            read += start - place
            name = (tag[2] or "").lower()
            told = False
            if is_unseen(tag, name):
                end = unseen.end(tag, name)
                if end is not None:
                    place = end
                    continue
                told = True
            place = tag.end()
            read += place - start
            if not told and (not name or is_element(name)):
                self._pass_tag(name, tag)
            else:
                self.read_text(tag[0], start)
        if read < _MAX_MARKUP:
            self.read_text(markup[place : place + _MAX_MARKUP - read], place)

    def read_text(self, text: str, place: int) -> None:
        """Read text between tags; `place` is where it begins."""
        if not (self._keeps_lines or self._preformatted):
            self._add(_SPACE.sub(" ", text), place)
            return
        for number, line in enumerate(text.split("\n")):
            if number:
                self._break(place)
            self._add(line if self._preformatted else _LINE_SPACE.sub(" ", line), place)
            place += len(line) + 1

    def _add(self, text: str, place: int) -> None:
        pieces = self._lines[-1]
        if not pieces:
            text = text if self._preformatted else text.lstrip(" ")
            if text:
                self._starts[-1] = place
                pieces.append("> " * any(self._quotations))
        if text:
            pieces.append(text)

    def _break(self, place: int) -> None:
        """Begin a line; blank lines count only where the text's own breaks do."""
        if self._lines[-1] or self._keeps_lines or self._preformatted:
            self._lines.append([])
            self._starts.append(place)

    def _pass_tag(self, name: str, tag: re.Match[str]) -> None:
        if name == "blockquote":
            self._pass_quotation(tag)
        elif name == "pre":
            self._preformatted = max(0, self._preformatted + (-1 if tag[1] else 1))
        if name in BLOCKS and self._lines[-1]:
            self._lines.append([])
            self._starts.append(tag.end())
        elif name in CELLS and not tag[1] and self._lines[-1]:
            self._add(" ", tag.start())
        elif name == "img" and (alternative := _ALT.search(tag[3])):
            self._add(alternative[1], tag.start())

    def _pass_quotation(self, tag: re.Match[str]) -> None:
        if not tag[1]:
            self._quotations.append(not only_indents(tag[3]))
        elif self._quotations:
            self._quotations.pop()

    def page(self) -> Page:
        """Return the page without blank lines around it; references are decoded within their lines."""
        lines = [_decoded("".join(pieces)) for pieces in self._lines]
        told = [at for at, line in enumerate(lines) if line]
        if not told:
            return Page("", (0,))
        seen = slice(told[0], told[-1] + 1)
        return Page("\n".join(lines[seen]), tuple(self._starts[seen]))


def _decoded(line: str) -> str:
    line = line.strip(" ") if not line.startswith(" ") else line.rstrip(" ")
    if "&" not in line:
        return line
    decoded = html.unescape(line).strip(" ")
    return " ".join(decoded.splitlines()) if len(decoded.splitlines()) > 1 else decoded
