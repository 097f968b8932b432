"""What people have said about the archive's gaps: that whatever is made without those records is whole.

`<history>/_acknowledged/<number>.json`, written once and never changed.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from batch.foundation.errors import HistoryDamaged
from batch.foundation.storage import write_new
from schemas.views.manifest import ViewGap

FOLDER: Final = "_acknowledged"
_NAME: Final = re.compile(r"\d{8,}\.json")


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """Which gaps somebody has acknowledged, when, and why."""

    at: datetime
    reason: str
    gaps: tuple[ViewGap, ...]


def read_acknowledgements(history: Path) -> tuple[Acknowledgement, ...]:
    """Return all acknowledgements, oldest first. Raises HistoryDamaged where one cannot be read."""
    return tuple(map(_read, _paths(history)))


def write_acknowledgement(history: Path, said: Acknowledgement) -> Path:
    """Keep an acknowledgement, and return where. Raises CommitConflict if another process writes one as well."""
    number = max((int(path.stem) for path in _paths(history)), default=0) + 1
    path = history / FOLDER / f"{number:08d}.json"
    write_new(path, msgspec.json.format(msgspec.json.encode(said), indent=1))
    return path


def as_acknowledged(gaps: Iterable[ViewGap], said: Sequence[Acknowledgement]) -> tuple[ViewGap, ...]:
    """Return the gaps, each marked if it has no record more than one that was acknowledged."""
    known = [gap for one in said for gap in one.gaps]
    return tuple(
        msgspec.structs.replace(gap, acknowledged=any(_holds(one, gap) for one in known)) for gap in gaps
    )


def _holds(known: ViewGap, gap: ViewGap) -> bool:
    return (
        (known.kind, known.topic, known.partition) == (gap.kind, gap.topic, gap.partition)
        and known.first_offset <= gap.first_offset
        and gap.last_offset <= known.last_offset
        and gap.records <= known.records
    )


def _paths(history: Path) -> list[Path]:
    return sorted(path for path in (history / FOLDER).glob("*.json") if _NAME.fullmatch(path.name))


def _read(path: Path) -> Acknowledgement:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Acknowledgement)
    except msgspec.MsgspecError as error:
        raise HistoryDamaged(f"{path} cannot be read ({error}): restore it from a backup") from error
