"""Reads past header names that are not UTF-8: aiokafka raises at such a record, again and again, and stops.

Nothing else changes: a batch is read as usual, and once more leniently if that fails. By offset, the fetcher skips the
records that the first reading had already given.
"""

import struct
from collections.abc import Iterator
from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

from schemas.records.header_names import LenientBytes

_HEAD: Final = struct.Struct(">qi")
"""Every batch begins with its base offset and the length of what follows."""


class LenientRecords:
    """The batches of one fetched partition; what aiokafka's fetcher asks of its MemoryRecords."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records = MemoryRecords(data)
        self._start = 0

    def size_in_bytes(self) -> int:
        """See aiokafka's MemoryRecords."""
        return int(self._records.size_in_bytes())

    def has_next(self) -> bool:
        """See aiokafka's MemoryRecords."""
        return bool(self._records.has_next())

    def next_batch(self) -> "LenientBatch":
        """Return the next batch."""
        start = self._start
        _offset, length = _HEAD.unpack_from(self._data, start)
        self._start = start + _HEAD.size + length
        return LenientBatch(self._records.next_batch(), memoryview(self._data)[start : self._start])


class LenientBatch:
    """A batch as aiokafka reads it, with the bytes that it is made of."""

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)  # so the fetcher asks a marker whether its transaction was aborted

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._batch
        except UnicodeDecodeError:
            yield from _LenientReading(self._raw)


class _LenientReading(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka is untyped
    def _maybe_uncompress(self) -> None:
        if not self._decompressed:
            super()._maybe_uncompress()
            self._buffer: bytearray = LenientBytes(self._buffer)


def read_leniently() -> None:
    """Let every aiokafka consumer of this process read so; a second call changes nothing."""
    fetcher.MemoryRecords = LenientRecords
