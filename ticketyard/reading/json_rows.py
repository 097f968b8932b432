"""Rows of JSON: an object a line, or an array, or objects one after another; read piece by piece."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ticketyard.reading.paths import value_at
from ticketyard.reading.row import FileFacts, Row, UnreadableFile
from ticketyard.reading.text import TextFile, not_text

_LARGEST_VALUE: Final = 64 * 1024 * 1024
"""How many characters one value of an array may take."""

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[\s,]*")
_NUMBERS_OF_PYTHON: Final = ("NaN", "Infinity")


class JsonRows:
    """The rows of a JSON file.

    `inside` is the path of the array in each object that holds the rows, where they are not the file's own values.
    A line that is no object is a bad row; inside an array nothing can be read behind a mistake, so the file is.
    """

    columns = None

    def __init__(self, file: TextFile, facts: FileFacts, *, inside: str | None = None) -> None:
        self._file = file
        self._facts = facts
        self._inside = inside

    def __iter__(self) -> Iterator[Row]:
        first = next((line for line in self._file.lines() if line.strip()), "")
        # An object that is written over several lines begins with a brace alone.
        if self._inside is None and first.lstrip()[:1] != "[" and first.strip() != "{":
            yield from self._noting_one(self._lines())
        else:
            yield from self._noting_one(self._values())

    def _noting_one(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield rows; if there is but one, and it holds arrays of objects, note that these may be the rows."""
        count, last = 0, None
        for row in rows:
            count, last = count + 1, row
            yield row
        arrays = (
            [name for name, value in last.values.items() if _is_table(value)] if last and count == 1 else []
        )
        if arrays and self._inside is None:
            said = " or ".join(f"--rows {name}" for name in arrays)
            self._facts.notes.append(
                f"the whole file is one object; if its rows are in an array inside, say {said}"
            )

    def _lines(self) -> Iterator[Row]:
        for number, line in enumerate(self._file.lines(), start=1):
            if not line.strip():
                continue
            problem = not_text(line, self._file.shape.encoding)
            values: Any = {}
            if problem is None:
                try:
                    values = _decoded(line)
                except ValueError as error:
                    problem = f"not JSON: {error}"
            if problem is None and not isinstance(values, dict):
                problem = "not a JSON object"
            if problem is not None:
                yield Row(number, {"line": line.rstrip("\r\n")}, f"line {number}: {problem}", number)
            else:
                yield Row(number, values, None, number)

    def _values(self) -> Iterator[Row]:
        for number, (value, line) in enumerate(self._rows_of_values(), start=1):
            if isinstance(value, dict):
                yield Row(number, value, None, line)
            else:
                yield Row(number, {"value": value}, f"value {number}, line {line}: not a JSON object", line)

    def _rows_of_values(self) -> Iterator[tuple[Any, int]]:
        if self._inside is None:
            yield from _stream(self._file)
            return
        for value, line in _stream(self._file):
            found = value_at(value, self._inside) if isinstance(value, dict) else None
            if not isinstance(found, list):
                raise UnreadableFile(
                    f"{self._file.path}, line {line}: there is no array {self._inside}; name in `file: rows:` of the "
                    "mapping what holds the rows"
                )
            yield from ((item, line) for item in found)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        if not any(word in text for word in _NUMBERS_OF_PYTHON):
            raise
        return json.loads(text)


def _stream(file: TextFile) -> Iterator[tuple[Any, int]]:
    """Yield a file's values with the line on which each begins; those of an array instead of the array."""
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

    def value(self) -> Any:
        """Return the value that begins here. Raises UnreadableFile."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if len(self._text) - self._at < _LARGEST_VALUE and self._read():
                    continue  # it may only have been cut off
                line = self.line + self._text.count("\n", self._at, error.pos)
                raise UnreadableFile(
                    f"{self._file.path}, line {line}: not JSON: {error.msg}; mend it there, or export one object a line"
                ) from error
            self._move(end)
            return value

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
