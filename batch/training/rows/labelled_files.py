"""Labelled files: CSV, JSON lines or Parquet, gzip or not, as rows; every defect is counted or named."""

import csv
import gzip
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field

from batch.training.rows.rows import LabelledRow, TrainingError
from understanding.manifest.manifest import DataInput
from understanding.scoring.text import Split

_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_JSON_LINES: Final = frozenset({".jsonl", ".ndjson", ".json"})
_LARGEST_FIELD: Final = 64 * 2**20


class Columns(BaseModel):
    """Which columns hold what; only text and label must be there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text_column: str = Field(default="text", description="Column with the text.")
    label_column: str = Field(default="label", description="Column with the label.")
    split_column: str = Field(
        default="split", description="Column with train, val or test; a file without it is used whole."
    )
    label_separator: str | None = Field(
        default=None, description="What parts several labels in one cell, such as |."
    )
    empty_label: str | None = Field(
        default=None,
        description="Label of rows whose cell is empty, such as oos; without it they are left out.",
    )
    channel_column: str = Field(default="channel", description="Column with the channel.")
    tier_column: str = Field(default="customer_tier", description="Column with the tier.")
    language_column: str = Field(default="language", description="Column with the language.")


class LabelledFile(NamedTuple):
    """The usable rows of one file, and how many others lacked a text or a label."""

    rows: list[LabelledRow]
    without_text: int
    without_label: int
    described: DataInput


class _Table(NamedTuple):
    columns: tuple[str, ...]
    rows: Iterable[Mapping[str, Any]]


def read_labelled(path: Path, columns: Columns) -> LabelledFile:
    """Read one labelled file; TrainingError where it is unreadable, lacks a column or has unknown splits."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    return parse_labelled(data, path, columns)


def parse_labelled(data: bytes, path: Path, columns: Columns) -> LabelledFile:
    """Do what `read_labelled` does with the bytes of a file; the path tells the format and names the file."""
    table = _table(path, data)
    _require(path, table, columns)
    rows: list[LabelledRow] = []
    defects = Counter[str]()
    for number, cells in enumerate(table.rows, start=1):
        found = _row(cells, columns, path, number, has_split=columns.split_column in table.columns)
        if isinstance(found, LabelledRow):
            rows.append(found)
        else:
            defects[found] += 1
    described = DataInput(
        name=path.name, sha256=hashlib.sha256(data).hexdigest(), rows=len(rows), skipped=defects.total()
    )
    if not rows:
        raise TrainingError(f"{path}: no row has both a text and a label; nothing can be done with it")
    return LabelledFile(rows, defects["text"], defects["label"], described)


def _row(
    cells: Mapping[str, Any], columns: Columns, path: Path, number: int, *, has_split: bool
) -> LabelledRow | str:
    """Return the row, or the name of the column that it lacks."""
    text, label = _string(cells.get(columns.text_column)), _string(cells.get(columns.label_column))
    if not text:
        return "text"
    parts = label.split(columns.label_separator) if columns.label_separator else [label]
    labels = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if not labels and columns.empty_label:
        labels = (columns.empty_label,)
    if not labels:
        return "label"
    split = _string(cells.get(columns.split_column)).lower() if has_split else None
    if split is not None and split not in get_args(Split):
        # An empty cell too: taken for both sides, its row would be tested on what it taught.
        raise TrainingError(
            f"{path}: row {number}: unknown split {split!r} in column {columns.split_column!r}; "
            f"use {', '.join(get_args(Split))}, or name another column with --split-column"
        )
    channel, tier, language = (
        _string(cells.get(name)).lower() or None
        for name in (columns.channel_column, columns.tier_column, columns.language_column)
    )
    return LabelledRow(text, labels, split, channel, tier, language)  # type: ignore[arg-type]  # one of the words of Split, just checked


def _string(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _require(path: Path, table: _Table, columns: Columns) -> None:
    missing = [name for name in (columns.text_column, columns.label_column) if name not in table.columns]
    if missing:
        there = ", ".join(table.columns) or "none"
        raise TrainingError(
            f"{path}: no column {missing[0]!r}; it has these: {there}. "
            "Name the right ones with --text-column and --label-column"
        )


def _table(path: Path, data: bytes) -> _Table:
    """Tell the format: Parquet and gzip by their first bytes, CSV and JSON lines by the file's name."""
    if data.startswith(_PARQUET):
        return _parquet(path, data)
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise TrainingError(f"{path}: damaged gzip file ({error}); fetch it again") from error
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if _JSON_LINES.intersection(suffixes):
        return _json_lines(path, data)
    if ".csv" in suffixes:
        return _csv(path, data)
    raise TrainingError(
        f"{path}: unknown kind of file; name it .csv, .jsonl or .parquet, with or without .gz"
    )


def _csv(path: Path, data: bytes) -> _Table:
    csv.field_size_limit(_LARGEST_FIELD)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path}: not UTF-8 at byte {error.start}; convert it first") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    return _Table(tuple(reader.fieldnames or ()), reader)


def _json_lines(path: Path, data: bytes) -> _Table:
    rows = list(_objects(path, data))
    return _Table(tuple(dict.fromkeys(key for row in rows for key in row)), rows)


def _objects(path: Path, data: bytes) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise TrainingError(
                f"{path}: line {number} is not JSON ({error}); one object a line is read"
            ) from error
        if not isinstance(value, dict):
            raise TrainingError(f"{path}: line {number} is no JSON object; one object a line is read")
        yield value


def _parquet(path: Path, data: bytes) -> _Table:
    try:
        table = pq.read_table(io.BytesIO(data))
    except pa.ArrowException as error:
        raise TrainingError(f"{path}: damaged Parquet file ({error}); write it again") from error
    return _Table(tuple(table.column_names), table.to_pylist())
