"""Where an entity of the cleaned text stands in the text as it was sent, whatever cleaning did to its characters."""

import html
import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Final

import ftfy
from msgspec.structs import replace

from schemas.marks import HTML, MOJIBAKE
from schemas.signals import Entity, EntityKind
from schemas.triage import Cut
from understanding.signals.cleaning.html_tags import BLOCKS, CELLS, TAG, Unseen, is_element, is_unseen
from understanding.signals.cleaning.html_text import MAX_RAW
from understanding.signals.cleaning.message import Message

_SPACE: Final = re.compile(r"\s+")
_CHANGED: Final = (
    r"(?P<space>[\s\u2028\u2029]+)"
    "|(?P<pair>[\ud800-\udbff][\udc00-\udfff])"
    "|(?P<gone>[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e01ef]"
    r"|\x1b\[[0-9;]{0,20}[A-Za-z]|[\x00-\x08\x0e-\x1f\x7f-\x9f])"
    "|(?P<styled>[\uff01-\uff5e\ufb00-\ufb06\U0001d400-\U0001d7ff\U0001f130-\U0001f149\u24b6-\u24e9])"
    "|(?P<composed>[^\u0300-\u036f\u3099\u309a][\u0300-\u036f\u3099\u309a]{1,30})"
)
_REFERENCE: Final = r"(?P<reference>&#?[0-9a-zA-Z]{1,31};)|"
_BROKEN: Final = "(?P<broken>[\u00c2-\u00f4][\u0080-\u024f\u02c6\u02dc\u2010-\u203a\u20ac\u2122]{1,3})|"


class _Sent:
    """A text as cleaning writes its characters, nothing left out; each stands from `starts` to `ends` as sent."""

    def __init__(self, original: str, marks: Sequence[str]) -> None:
        self._read = original[: len(original) - len(original.lstrip()) + MAX_RAW]
        of_html = HTML in marks
        self._special = re.compile(
            (_REFERENCE if of_html else "") + (_BROKEN if MOJIBAKE in marks else "") + _CHANGED
        )
        self._pieces: list[str] = []
        self.starts, self.ends = array("l"), array("l")
        for start, end in self._texts() if of_html else ((0, len(self._read)),):
            self._follow(start, end)
        self.text = "".join(self._pieces)

    def _texts(self) -> Iterator[tuple[int, int]]:
        """Yield the spans between the tags; a tag that breaks the line is a space."""
        done = 0
        unseen = Unseen(self._read, cut=len(self._read) >= MAX_RAW)
        while (tag := TAG.search(self._read, done)) is not None:
            name = (tag[2] or "").lower()
            end = unseen.end(tag, name) if is_unseen(tag, name) else tag.end()
            if end is None or (name and not is_element(name)):
                yield done, tag.end()
                done = tag.end()
                continue
            yield done, tag.start()
            done = end
            if name in BLOCKS or name in CELLS:
                self._put(" ", tag.start(), tag.end())
        yield done, len(self._read)

    def _follow(self, start: int, end: int) -> None:
        """Follow what cleaning does to the characters of a text without tags."""
        for match in self._special.finditer(self._read, start, end):
            self._copy(start, match.start())
            self._put(_written(match), *match.span())
            start = match.end()
        self._copy(start, end)

    def _copy(self, start: int, end: int) -> None:
        self._pieces.append(self._read[start:end])
        self.starts.extend(range(start, end))
        self.ends.extend(range(start + 1, end + 1))

    def _put(self, written: str, start: int, end: int) -> None:
        self._pieces.append(written)
        self.starts.extend([start] * len(written))
        self.ends.extend([end] * len(written))


def in_original(
    entities: Sequence[Entity], message: Message, original: str, cuts: Sequence[Cut] = ()
) -> tuple[Entity, ...]:
    """Return the entities of a cleaned message with their offsets in `original`, outside of what was cut out of it.

    Each is looked for behind the one before it. Both offsets are -1 where its characters cannot be traced.
    """
    if message.text is original or original.startswith(message.text):
        return tuple(entities)
    return tuple(_placed(entities, message.text, _Sent(original, message.marks), cuts))


def _placed(entities: Sequence[Entity], cleaned: str, sent: _Sent, cuts: Sequence[Cut]) -> Iterator[Entity]:
    behind = 0
    for entity in entities:
        written = _SPACE.sub(" ", cleaned[entity.start : entity.end])
        at = _find(sent, written, behind, cuts)
        if at < 0 and entity.kind is EntityKind.URL:  # its tracking parameters are gone
            written = written.partition("?")[0]
            at = _find(sent, written, behind, cuts)
        if at < 0:
            yield replace(entity, start=-1, end=-1)
        else:
            behind = at + len(written)
            yield replace(entity, start=sent.starts[at], end=sent.ends[behind - 1])


def _find(sent: _Sent, written: str, behind: int, cuts: Sequence[Cut]) -> int:
    """Return where something written stands from `behind` on and outside of all cuts; -1 if nowhere."""
    at = sent.text.find(written, behind)
    while at >= 0:
        cut = next((cut for cut in cuts if cut.start <= sent.starts[at] < cut.end), None)
        if cut is None:
            return at
        at = sent.text.find(written, bisect_left(sent.starts, cut.end))
    return -1


def _written(match: re.Match[str]) -> str:
    """Return what cleaning makes of a piece that it changes."""
    return _WRITTEN[match.lastgroup or ""](match[0])


_WRITTEN: Final[dict[str, Callable[[str], str]]] = {
    "space": lambda _: " ",
    "gone": lambda _: "",
    "reference": lambda piece: _SPACE.sub(" ", html.unescape(piece)),
    "broken": lru_cache(maxsize=4096)(ftfy.fix_encoding),  # the same few stand in a text again and again
    "pair": lambda piece: piece.encode("utf-16-le", "surrogatepass").decode("utf-16-le"),
    "styled": partial(unicodedata.normalize, "NFKC"),
    "composed": partial(unicodedata.normalize, "NFC"),
}
