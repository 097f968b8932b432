"""Repair of characters: broken encodings, control and invisible characters, look-alikes, composition."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import ftfy

from schemas.marks import (
    CONTROL_CHARACTERS,
    INVISIBLE_CHARACTERS,
    LOST_CHARACTERS,
    MOJIBAKE,
    STYLED_LETTERS,
)

_CONTROL: Final = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
# Lead and continuation byte of UTF-8 as Latin-1 and Windows-1252 show them; ftfy then decides.
_MOJIBAKE: Final = re.compile(
    "[Â-ô][\x80-\xbf€\u201aƒ„…†‡\u02c6‰Š\u2039ŒŽ\u2018\u2019“”•\u2013—\u02dc™š\u203aœžŸ]"
)
# Joiners are part of some scripts and of emoji; beside a Latin letter they only hide something.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e01ef]"
    "|(?<=[ -~])[\u200c\u200d]|[\u200c\u200d](?=[ -~])"
)
_STYLED: Final = re.compile(
    "[\uff01-\uff5e\ufb00-\ufb06\U0001d400-\U0001d7ff\U0001f130-\U0001f149\u24b6-\u24e9]+"
)
# One look for all of the above: in most texts beyond ASCII there is none of them.
_SUSPECT: Final = re.compile(
    "[\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u202a-\u202f\u205f-\u2069\u24b6-\u24e9\u3000\ufb00-\ufb06\ufeff\uff01-\uff5e"
    "\U0001d400-\U0001d7ff\U0001f130-\U0001f149\U000e0000-\U000e01ef]"
)
_SPACES: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE_ENDS: Final = re.compile("\r\n?|[\u2028\u2029]")
_LONGEST_PILE: Final = (
    30  # as Unicode's stream-safe text format; sorting a pile takes the square of its height
)


def _combining() -> Iterator[str]:
    """Yield the ranges of the characters that composition has to sort."""
    start: int | None = None
    for code in range(0x300, 0x1F000):
        combines = unicodedata.combining(chr(code)) != 0
        if combines and start is None:
            start = code
        elif not combines and start is not None:
            yield f"{chr(start)}-{chr(code - 1)}"
            start = None


_PILE: Final = re.compile(f"([{''.join(_combining())}]{{{_LONGEST_PILE}}})[{''.join(_combining())}]+")


def join_surrogates(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text without surrogates: pairs are joined, halves become U+FFFD; and its marks."""
    if text.isascii():
        return text, ()
    if _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", _PAIR.sub(_joined, text))
    return text, (LOST_CHARACTERS,) if "\ufffd" in text else ()


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def repair_characters(text: str) -> tuple[str, tuple[str, ...]]:
    r"""Return the text in composed form (NFC), visible characters only, and the marks of what was wrong.

    Line ends become `\n`, and no step after that adds or removes a line.

    Compatibility forms are folded (NFKC) only where they imitate plain letters and digits: folding all of
    them would change what `²`, `½` or `™` say.
    """
    marks: list[str] = []
    if "\r" in text or "\u2028" in text or "\u2029" in text:
        text = _LINE_ENDS.sub("\n", text)
    if not text.isascii():
        text = _mend_encoding(text, marks)
    if _CONTROL.search(text):
        marks.append(CONTROL_CHARACTERS)
        text = _CONTROL.sub("", text)
    if not text.isascii():
        text = _compose(text, marks)
    return text, tuple(marks)


def _mend_encoding(text: str, marks: list[str]) -> str:
    if _MOJIBAKE.search(text) is None:
        return text
    mended = ftfy.fix_encoding(text)
    if mended != text:
        marks.append(MOJIBAKE)
    return _LINE_ENDS.sub(" ", mended)


def _compose(text: str, marks: list[str]) -> str:
    if _SUSPECT.search(text):
        text = _make_plain(text, marks)
    if unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", _PILE.sub(r"\1", text))


def _make_plain(text: str, marks: list[str]) -> str:
    if _INVISIBLE.search(text):
        marks.append(INVISIBLE_CHARACTERS)
        text = _INVISIBLE.sub("", text)
    if _STYLED.search(text):
        marks.append(STYLED_LETTERS)
        text = _STYLED.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    return _SPACES.sub(" ", text)
