"""What a replay remembers on disk: how far it got, and which rows it could not use."""

from pathlib import Path
from typing import Any, Self

import msgspec

from schemas.records.identity import derived_id
from ticketyard.reading import Row


class ReplayKey(msgspec.Struct, frozen=True, kw_only=True):
    """What makes two replays the same: file, mapping and topic by their identity, and which rows in which order."""

    file_sum: str
    mapping_sum: str
    topic_id: str
    selection: str

    @property
    def name(self) -> str:
        """A name for the files of this replay."""
        return derived_id(self.file_sum, self.mapping_sum, self.topic_id, self.selection)[:16]


class ReplayProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a replay got: every event of its first `steps` is acknowledged, and what these gave.

    A step is a row; in the order of time, where a row's events are apart, an event.
    """

    key: ReplayKey
    steps: int
    rows: int = 0
    published_rows: int = 0
    events: int = 0
    rejected: int = 0
    without_event: int = 0
    rejects_bytes: int = 0


class ProgressFile:
    """Keeps the progress of one replay; each write replaces the file whole, so a crash leaves the last one."""

    def __init__(self, folder: Path, key: ReplayKey) -> None:
        self._key = key
        self.path = folder / f"{key.name}.progress.json"

    def read(self) -> ReplayProgress:
        """Return the last progress; none where nothing of this very replay is kept."""
        try:
            found = msgspec.json.decode(self.path.read_bytes(), type=ReplayProgress)
        except (FileNotFoundError, msgspec.DecodeError):
            return ReplayProgress(key=self._key, steps=0)
        return found if found.key == self._key else ReplayProgress(key=self._key, steps=0)

    def forget(self) -> None:
        """Let the next run begin at the first row."""
        self.path.unlink(missing_ok=True)

    def write(self, progress: ReplayProgress) -> None:
        """Keep this progress."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(progress))
        beside.replace(self.path)


class RejectsFile:
    """The rows that could not be used, as JSON lines: row, reason, raw."""

    def __init__(self, path: Path, *, keep_bytes: int) -> None:
        """Open the file and cut off what a run that died wrote beyond its last progress."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._file.truncate(min(keep_bytes, self._file.tell()))
        self._file.seek(0, 2)
        self.bytes = self._file.tell()

    def add(self, row: Row, reason: str) -> None:
        """Append one row; bytes that were no UTF-8 are written as replacement characters."""
        said = {"row": row.number, "reason": reason, "raw": row.values}
        line = msgspec.json.encode(_printable(said), enc_hook=str)
        self._file.write(line + b"\n")
        self.bytes += len(line) + 1

    def flush(self) -> None:
        """Hand what was added to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file; one without a line is removed."""
        self._file.close()
        if not self.bytes:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _printable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")
        case list():
            return [_printable(item) for item in value]
        case dict():
            return {_printable(name): _printable(item) for name, item in value.items()}
    return value
