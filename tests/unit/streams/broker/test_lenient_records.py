"""aiokafka reads past a header name that is not UTF-8, whatever the compression and wherever in a batch."""

from typing import Any

import pytest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords

from schemas.records.header_names import UNREADABLE
from streams.broker.lenient_records import LenientRecords
from streams.foundation.record import headers_of


class NotText(str):
    """A name as a client of another language may write it."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"na\xffme"


def batch(first: int, bad: set[int], *, count: int = 5, compression: int = 0) -> bytes:
    """Return the bytes of a batch whose offsets begin at `first`; those in `bad` have the bad name."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2,
        compression_type=compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 20,
    )
    for number in range(count):
        name = NotText("x") if first + number in bad else "fine"
        value = f"v{first + number}".encode()
        builder.append(number, timestamp=1, key=b"k", value=value, headers=[(name, b"1"), ("last", None)])
    raw = bytearray(builder.build())
    raw[:8] = first.to_bytes(8, "big")  # as the broker does; the sum does not cover it
    return bytes(raw)


def read(data: bytes) -> list[Any]:
    """Return the records as the fetcher takes them: by offset, those that it has had are skipped."""
    records = LenientRecords(data)
    taken: list[Any] = []
    while records.has_next():
        found = records.next_batch()
        assert found.validate_crc()
        assert not found.is_control_batch
        for record in found:
            if not taken or record.offset > taken[-1].offset:
                taken.append(record)
    assert records.size_in_bytes() == len(data)
    return taken


@pytest.mark.parametrize("compression", [0, 1, 3])
@pytest.mark.parametrize("bad", [{5}, {7}, {9}, {0, 6, 14}, set(range(15))])
def test_every_record_is_read_once_and_in_order(bad: set[int], compression: int) -> None:
    """Before, at and after the bad name, in its batch and in the batches around it."""
    data = b"".join(batch(first, bad, compression=compression) for first in (0, 5, 10))
    records = read(data)
    assert [record.offset for record in records] == list(range(15))
    for record in records:
        assert record.value == f"v{record.offset}".encode()
        name = f"na{UNREADABLE}me" if record.offset in bad else "fine"
        assert list(record.headers) == [(name, b"1"), ("last", None)]


def test_plain_batches_are_read_as_ever() -> None:
    """Nothing is different where nothing is wrong."""
    data = batch(0, set()) + batch(5, set())
    plain, expected = MemoryRecords(data), []
    while plain.has_next():
        expected += [(record.offset, record.value, list(record.headers)) for record in plain.next_batch()]
    assert expected == [(record.offset, record.value, list(record.headers)) for record in read(data)]


class Message:
    """A confluent message that cannot give its headers."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def headers(self) -> object:
        """Answer, or fail as confluent's C code does."""
        if self._answer is SystemError:
            raise SystemError
        return self._answer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(SystemError, [(UNREADABLE, b"")]), (None, []), ([("a", b"1")], [("a", b"1")])],
)
def test_a_confluent_message_has_headers_or_the_sign_that_it_has_not(
    answer: object, expected: object
) -> None:
    """Its reader must end in the same dead letter as aiokafka."""
    assert headers_of(Message(answer)) == expected
