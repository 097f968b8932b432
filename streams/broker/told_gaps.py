"""Lets a consumer say which offsets hold nothing for it: markers of transactions, and what was aborted.

aiokafka passes over them without a word. Whoever counts offsets then takes each for a record that was not delivered:
it reads the log again for every transaction, and a marker at the end of a log is lag that never goes away.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords


class EmptyOffsets(NamedTuple):
    """The log holds no record for this reader from `start` to `end` (exclusive); delivered among records, in order."""

    start: int
    end: int


class ToldGaps(PartitionRecords):  # type: ignore[misc]  # aiokafka is untyped
    """What was fetched of one partition, with a word about every gap in it."""

    next_fetch_offset: int

    def _unpack_records(self) -> Iterator[Any]:
        told: int = self.next_fetch_offset
        for record in super()._unpack_records():
            if record.offset > told:
                self.next_fetch_offset = record.offset  # what was taken so far, should nobody take the record
                yield EmptyOffsets(told, record.offset)
                self.next_fetch_offset = record.offset + 1
            told = record.offset + 1
            yield record
        if self.next_fetch_offset > told:
            yield EmptyOffsets(told, self.next_fetch_offset)


def tell_gaps() -> None:
    """Let every aiokafka consumer of this process tell them; a second call changes nothing."""
    fetcher.PartitionRecords = ToldGaps
