"""The values that stand in a JSON file one after another or in an array, each as its text; found piece by piece."""

import json
import re
from collections.abc import Iterator
from typing import Final

from ticketyard.reading.row import UnreadableFile
from ticketyard.reading.text import TextFile, not_text

DEEPEST: Final = 100
"""How many levels of values a row may have inside each other; what reads them has to follow each."""

ENDS: Final = json.JSONDecoder(parse_int=str, parse_float=str)
"""Finds where a value ends; what its numbers are is not its matter."""

TOO_DEEP: Final = f"its values lie inside each other more than {DEEPEST} levels deep"

_LARGEST_VALUE: Final = 64 * 1024 * 1024
"""How many characters one value of an array may take."""

_SPACE: Final = re.compile(r"[\s,]*")
_MARKS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]')


def values_in(file: TextFile) -> Iterator[tuple[str, int]]:
    """Yield the texts of a file's values with the line on which each begins; those of an array instead of it.

    Raises UnreadableFile.
    """
    window = _Window(file)
    inside = False
    while window.skip_space():
        if window.next_is("]" if inside else "["):
            inside = not inside
        else:
            line = window.line
            yield window.value(), line
    if inside:
        raise UnreadableFile(f"{file.path} ends inside its array: it was cut off")


def _end_of_nested(text: str, at: int) -> int | None:
    """Return where an object or array ends that is too deep to be read; None where the text does not hold its end."""
    depth = 0
    for mark in _MARKS.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return None


def _is_cut_off(error: json.JSONDecodeError) -> bool:
    """Say whether a mistake at the end of a file is but that there is no more of it."""
    rest = error.doc[error.pos :].strip()
    if error.msg.startswith(("Unterminated string", "Invalid \\uXXXX escape")):
        return "\n" not in rest
    return any(word.startswith(rest) for word in ("true", "false", "null"))


class _Window:
    """A part of a text, which moves on to its end; `line` is where it is."""

    def __init__(self, file: TextFile) -> None:
        self._file = file
        self._lines = file.lines()
        self._text = ""
        self._at = 0
        self.line = 1

    def skip_space(self) -> bool:
        """Go on to what is neither space nor a comma; false at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None  # it matches the empty text
            self._move(found.end())
            if self._at < len(self._text):
                return True
            if not self._read():
                return False

    def next_is(self, mark: str) -> bool:
        """Go over a mark, if it stands here."""
        found = self._text.startswith(mark, self._at)
        self._at += found
        return found

    def value(self) -> str:
        """Return the text of the value that begins here. Raises UnreadableFile."""
        while True:
            at = self._at
            try:
                _, end = ENDS.raw_decode(self._text, at)
            except RecursionError:
                found = _end_of_nested(self._text, at)
                if found is None:
                    if self._may_grow() and self._read():
                        continue
                    raise UnreadableFile(
                        f"{self._file.path}, the value from line {self.line} on: {TOO_DEEP}"
                    ) from None
                end = found
            except json.JSONDecodeError as error:
                if self._may_grow() and self._read():
                    continue  # it may only have been cut off
                raise UnreadableFile(self._said(error, at)) from error
            text = self._text[at:end]
            self._move(end)
            return text

    def _may_grow(self) -> bool:
        return len(self._text) - self._at < _LARGEST_VALUE

    def _said(self, error: json.JSONDecodeError, at: int) -> str:
        """Return what is wrong with a value that begins at a place of the text that was read."""
        path = self._file.path
        if _is_cut_off(error):
            if not self._may_grow():
                return (
                    f"{path}: the value from line {self.line} on is longer than {_LARGEST_VALUE:,} characters; "
                    "export one object a line"
                )
            return f"{path} ends inside the value from line {self.line} on: it was cut off; export it again"
        line = self.line + error.doc.count("\n", at, error.pos)
        return f"{path}, line {line}: not JSON: {error.msg}; mend it there, or export one object a line"

    def _move(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _read(self) -> bool:
        """Drop what is behind, and add so much text that what is ahead doubles; false at the end of the file."""
        ahead = self._text[self._at :]
        more: list[str] = []
        wanted = max(len(ahead), 64 * 1024)
        while wanted > 0 and (line := next(self._lines, None)) is not None:
            more.append(line)
            wanted -= len(line)
        added = "".join(more)
        wrong = not_text(added, self._file.shape.encoding)
        if wrong:
            raise UnreadableFile(f"{self._file.path}, from line {self.line} on, is {wrong}")
        self._text, self._at = ahead + added, 0
        return bool(more)
