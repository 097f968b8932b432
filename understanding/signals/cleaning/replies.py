"""Takes quoted earlier messages and signatures out of a mail's text, line by line.

The code is our own, because mail-parser-reply needed 62 s for 60 kB of repeated words and email-reply-parser did not
end on them at all; here each line is looked at once. Forwarded text stays: the sender wants it to be read.
"""

from typing import Final, NamedTuple

from schemas.marks import QUOTED_ONLY, QUOTED_REPLY, SIGNATURE
from understanding.signals.cleaning.reply_words import (
    ATTRIBUTION_END,
    ATTRIBUTION_STARTS,
    DEVICE_LINE,
    DEVICE_STARTS,
    HEADER_FROM,
    HEADER_NEXT,
    SEPARATOR,
    THANKS,
    VALEDICTIONS,
)

_LONGEST_MARKER: Final = 250  # characters of a line that introduces or ends something
_ATTRIBUTION_LINES: Final = 3  # mail programs break the introducing line at 72 characters
_SIGNATURE_LINES: Final = 7
_SIGNATURE_WORDS: Final = 6
_LONGEST_VALEDICTION: Final = 60
_ENDS: Final = " \t,.!:;-\u2013"
_POSTSCRIPT: Final = ("ps", "p.s", "nb", "p. s")
_SIGNATURE_RULES: Final = frozenset(("--", "-- ", "—", "\u2013\u2013"))


class Stripped(NamedTuple):
    """The text that the sender wrote, and the marks of what was taken out."""

    text: str
    marks: tuple[str, ...]


def strip_replies(text: str) -> Stripped:
    """Return the text without quoted messages and signatures; the whole text if nothing else is in it."""
    if "\n" not in text:
        return Stripped(text, (QUOTED_ONLY,) if text.startswith(">") else ())
    lines = text.split("\n")
    unquoted = _without_quotes(lines)
    own = _without_signature(unquoted)
    if len(own) == len(lines):
        return Stripped(text, ())
    if not _has_content(unquoted):
        return Stripped(text, (QUOTED_ONLY,))
    marks = (QUOTED_REPLY,) if len(unquoted) < len(lines) else ()
    if not _has_content(own):
        return Stripped("\n".join(unquoted).strip(), marks)
    return Stripped("\n".join(own).strip(), (*marks, SIGNATURE) if len(own) < len(unquoted) else marks)


def _has_content(lines: list[str]) -> bool:
    return any(any(map(str.isalnum, line)) for line in lines)


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if line.startswith(">"):
            at += 1
        elif length := _introduction(lines, at, line):
            at += length
            if not _quoted_follows(lines, at):
                return kept
        else:
            kept.append(lines[at])
            at += 1
    return kept


def _introduction(lines: list[str], at: int, line: str) -> int:
    """Return how many lines, from `at`, introduce an earlier message; 0 if none does."""
    if not line or len(line) > _LONGEST_MARKER:
        return 0
    if (line[0] in "-_*" and SEPARATOR.fullmatch(line)) or (
        line[0] in "FfVvDd*" and HEADER_FROM.match(line) and _headers_follow(lines, at)
    ):
        return 1
    return _attribution(lines, at, line)


def _attribution(lines: list[str], at: int, line: str) -> int:
    """Return how many lines say when and who wrote what follows; 0 if they do not."""
    if not line.lower().startswith(ATTRIBUTION_STARTS):
        return 0
    for length in range(1, _ATTRIBUTION_LINES + 1):
        last = lines[at + length - 1].strip() if at + length <= len(lines) else ""
        if not last or len(last) > _LONGEST_MARKER:
            return 0
        if ATTRIBUTION_END.search(last) and any(map(str.isdigit, "".join(lines[at : at + length]))):
            return length
    return 0


def _headers_follow(lines: list[str], at: int) -> bool:
    following = [line for line in lines[at + 1 : at + 6] if line.strip()][:3]
    return sum(HEADER_NEXT.match(line.strip()) is not None for line in following) > 1


def _quoted_follows(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 3] if line.strip()), "")
    return following.lstrip().startswith(">")


def _without_signature(lines: list[str]) -> list[str]:
    lines = [
        line for line in lines if not (line.startswith(DEVICE_STARTS) and DEVICE_LINE.fullmatch(line.strip()))
    ]
    first = next((at for at, line in enumerate(lines) if _has_content([line])), len(lines))
    rule = next((at for at in range(first, len(lines)) if lines[at] in _SIGNATURE_RULES), len(lines))
    lines = lines[:rule]
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    for at in range(max(1, last - _SIGNATURE_LINES), last):
        closing = lines[at].strip(_ENDS).lower() if len(lines[at]) <= _LONGEST_VALEDICTION else ""
        ends = _is_name if closing in THANKS else _is_signature_line
        if closing in VALEDICTIONS and all(map(ends, lines[at + 1 : last])):
            return lines[:at]
    return lines


def _is_signature_line(line: str) -> bool:
    words = line.split()
    return len(words) <= _SIGNATURE_WORDS and "?" not in line and not line.lower().startswith(_POSTSCRIPT)


def _is_name(line: str) -> bool:
    """Return whether a short line consists of capitalised words, numbers and addresses."""
    return _is_signature_line(line) and not any(
        word[0].islower() and "@" not in word for word in line.split()
    )
