"""Rows of JSON: an object a line, or an array, or objects one after another; read piece by piece."""

import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ticketyard.reading.json_values import DEEPEST, ENDS, TOO_DEEP, values_in
from ticketyard.reading.paths import value_at
from ticketyard.reading.row import FileFacts, Row, UnreadableFile
from ticketyard.reading.text import TextFile, not_text

_NUMBERS_OF_PYTHON: Final = ("NaN", "Infinity")


class JsonRows:
    """The rows of a JSON file.

    `inside` is the path of the array in each object that holds the rows, where they are not the file's own values.
    A row that is no object is a bad row; behind a mistake in a value of several lines nothing can be read, so the file
    is unreadable then.
    """

    columns = None

    def __init__(self, file: TextFile, facts: FileFacts, *, inside: str | None = None) -> None:
        self._file = file
        self._facts = facts
        self._inside = inside

    def __iter__(self) -> Iterator[Row]:
        if self._inside is not None:
            yield from self._rows_inside(self._inside)
            return
        lines = (line for line in self._file.lines() if line.strip())
        one_a_line = _one_a_line(next(lines, ""), next(lines, ""))
        yield from self._noting_one(self._lines() if one_a_line else self._values())

    def _noting_one(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield rows; if there is but one, and it holds arrays of objects, note that these may be the rows."""
        count, last = 0, None
        for row in rows:
            count, last = count + 1, row
            yield row
        arrays = list(_tables(last.values)) if last and count == 1 else []
        if arrays:
            said = " or ".join(f"--rows {name}" for name in arrays)
            self._facts.notes.append(
                f"the whole file is one object; if its rows are in an array inside, say {said}"
            )

    def _lines(self) -> Iterator[Row]:
        for number, line in enumerate(self._file.lines(), start=1):
            if not line.strip():
                continue
            problem = not_text(line, self._file.shape.encoding)
            if problem is None:
                yield _row(line, number, number, f"line {number}")
            else:
                yield Row(number, {"line": line.rstrip("\r\n")}, f"line {number}: {problem}", number)

    def _values(self) -> Iterator[Row]:
        for number, (text, line) in enumerate(values_in(self._file), start=1):
            yield _row(text, number, line, f"value {number}, line {line}")

    def _rows_inside(self, path: str) -> Iterator[Row]:
        number = 0
        for text, line in values_in(self._file):
            try:
                value = _decoded(text)
            except ValueError as error:
                raise UnreadableFile(f"{self._file.path}, the value from line {line} on: {error}") from error
            found = value_at(value, path) if isinstance(value, dict) else None
            if not isinstance(found, list):
                raise UnreadableFile(
                    f"{self._file.path}, line {line}: there is no array {path}; name in `file: rows:` of the "
                    "mapping what holds the rows"
                )
            for item in found:
                number += 1
                wrong = _problem(item)
                values = item if wrong is None else {}
                yield Row(number, values, wrong and f"item {number} of {path}: {wrong}", line)


def _one_a_line(first: str, second: str) -> bool:
    """Say by a file's first lines whether each line is a value by itself, be it a broken one.

    It is none where the first goes on in the second, or holds several, or where an array begins.
    """
    text = first.strip()
    if text.startswith("["):
        return False
    try:
        _, end = ENDS.raw_decode(text)
    except RecursionError:
        return True
    except json.JSONDecodeError as error:
        return error.pos < len(text) or not _goes_on(text, second.strip())
    return not text[end:].lstrip(" \t,").startswith("{")


def _goes_on(text: str, more: str) -> bool:
    """Say whether a text that ends inside a value can go on with another."""
    try:
        ENDS.raw_decode(f"{text}\n{more}")
    except RecursionError:
        return True
    except json.JSONDecodeError as error:
        return error.pos > len(text) + 1
    return True


def _row(text: str, number: int, line: int, where: str) -> Row:
    """Return the row that a text is, or what is wrong with it."""
    try:
        values = _decoded(text)
        problem = _problem(values)
    except ValueError as error:
        problem = str(error)
    if problem is None:
        return Row(number, values, None, line)
    return Row(number, {"line": text.strip()}, f"{where}: {problem}", line)


def _problem(value: Any) -> str | None:
    if not isinstance(value, dict):
        return "not a JSON object"
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return None
    return TOO_DEEP


def _tables(values: dict[str, Any], before: str = "") -> Iterator[str]:
    """Yield the paths of arrays of objects, in objects only."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _tables(value, f"{before}{name}.")
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            yield before + name


def _decoded(text: str) -> Any:
    """Return the value that a text is. Raises ValueError, which says what is wrong with it."""
    try:
        return _json_or_python(text)
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


def _json_or_python(text: str) -> Any:
    """Decode JSON, and what Python writes for numbers that JSON has not."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        if not any(word in text for word in _NUMBERS_OF_PYTHON):
            raise
    found = json.loads(text)
    # Python takes halves of characters, which cannot be sent.
    json.dumps(found, ensure_ascii=False).encode()
    return found
