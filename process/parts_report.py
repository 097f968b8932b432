"""What whoever supervises a home says of its parts, in a file that any process of that home may read."""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

FRESH_S: Final = 15.0
"""A supervisor says how its parts are every second; what is older than this it no longer says."""


class PartReport(msgspec.Struct, frozen=True, kw_only=True):
    """One part: its state in a word, how often it was started again, how it last ended, and where its log is.

    `metrics_url` is empty where it has no metrics.
    """

    name: str
    state: str
    pid: int | None
    restarts: int
    last_exit: str
    log_file: str
    metrics_url: str = ""


class PartsReport(msgspec.Struct, frozen=True, kw_only=True):
    """All parts `at` one moment."""

    at: datetime
    parts: tuple[PartReport, ...]


def _file(home: Path) -> Path:
    return home / "run" / "parts.json"


def write_parts(home: Path, report: PartsReport) -> None:
    """Write the report for others to read; they see the old one or the new one, whole. Raises OSError."""
    file = _file(home)
    partial = file.with_suffix(".partial")
    partial.write_bytes(msgspec.json.encode(report))
    partial.replace(file)


def read_parts(home: Path) -> PartsReport | None:
    """Return what was last said, None where nobody supervises this home. Raises OSError, msgspec.DecodeError."""
    try:
        return msgspec.json.decode(_file(home).read_bytes(), type=PartsReport)
    except FileNotFoundError:
        return None


def forget_parts(home: Path) -> None:
    """Take the report away, as its parts are no longer supervised."""
    _file(home).unlink(missing_ok=True)
