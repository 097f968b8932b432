"""Reads past header names that are not UTF-8: kafka-python raises at such a record, again and again, and stops."""

from typing import Any

from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch

from schemas.records.header_names import LenientBytes


class LenientBatch(DefaultRecordBatch):  # type: ignore[misc]  # kafka-python is untyped
    """A batch that reads a record once more, leniently, where a header's name is not UTF-8."""

    _buffer: bytearray

    def _read_msg(self) -> Any:
        try:
            return super()._read_msg()
        except UnicodeDecodeError:
            strict, self._buffer = self._buffer, LenientBytes(self._buffer)
            record = super()._read_msg()
            self._buffer = strict
            return record


def read_leniently() -> None:
    """Let every kafka-python consumer of this process read so; a second call changes nothing."""
    memory_records.DefaultRecordBatch = LenientBatch
