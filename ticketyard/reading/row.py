"""What every reader gives: a row, what was found out about its file, and the error for a file as a whole."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from schemas.errors import Permanent

Format = Literal["csv", "jsonl", "parquet", "xlsx"]


class UnreadableFile(Permanent):
    """A file as a whole cannot be read; the message names it and says what to do."""


class Row(NamedTuple):
    """One row: its number from 1 (a heading does not count), and its cells or what is wrong with it.

    `line` is the line of the file on which it begins, from 1, where the file has lines.
    """

    number: int
    values: dict[str, Any]
    problem: str | None = None
    line: int | None = None


@dataclass
class FileFacts:
    """What reading found out about a file; `notes` are sentences for whoever reads the file."""

    form: Format
    encoding: str = "utf-8"
    separator: str | None = None
    notes: list[str] = field(default_factory=list)
