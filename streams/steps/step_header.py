"""What a committed step stands for, and whether this code may go on with a state that was written before."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import msgspec

from streams.foundation.errors import BEGIN_ANEW, NEVER_GROW, StateUnreadable, TopicMismatch

STATE_FORMAT: Final = 2
"""The format of what stages keep; raised whenever an entry has a new kind or field, which older code would lose."""


class StepHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a committed step stands for: everything below `offsets` (by full topic name) is in the state.

    `topic_ids` names the topics that the offsets belong to. `chunks` is the number of outbox records of this step,
    `partitions` that of the state topic then (0 in headers of before), and `format` that of what is kept. `watermark`
    is the partition's time, None where no record has told one yet.
    """

    step: int
    offsets: dict[str, int]
    topic_ids: dict[str, str]
    chunks: int
    now: datetime
    partitions: int = 0
    format: int = 0
    watermark: datetime | None = None


def read_header(raw: bytes, place: str, partitions: int) -> StepHeader:
    """Return the header of a state at `place`, whose topic has so many partitions now.

    Raises StateUnreadable where newer code wrote it, TopicMismatch where the topic had other partitions then.
    """
    with readable(f"the header of {place}"):
        header = msgspec.json.decode(raw, type=StepHeader)
    if header.format > STATE_FORMAT:
        raise StateUnreadable(
            f"{place} has format {header.format}; this code knows {STATE_FORMAT} and would lose what it does not know. "
            "Nothing was changed: install the newer version again"
        )
    if header.partitions not in (0, partitions):
        raise TopicMismatch(
            f"the topic of {place} has {partitions} partitions, and had {header.partitions} when this was written. "
            f"{NEVER_GROW}"
        )
    return header


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Raise StateUnreadable where the block cannot decode what was kept: code of another version wrote it, mostly."""
    try:
        yield
    except msgspec.DecodeError as error:
        raise StateUnreadable(
            f"{what} cannot be read ({error}): a newer version wrote it, or it is damaged. Nothing was changed: "
            f"install the newer version again; where it is damaged, bring the state topic back, or {BEGIN_ANEW}"
        ) from error
