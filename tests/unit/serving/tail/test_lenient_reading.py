"""kafka-python reads past a header name that is not UTF-8, so that one record does not stop the tail."""

import pytest
from kafka.record import MemoryRecords, MemoryRecordsBuilder

from schemas.records.header_names import UNREADABLE
from serving.tail.lenient_records import read_leniently


class NotText(str):
    """A name as a client of another language may write it."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"na\xffme"


@pytest.mark.parametrize("compression", [0, 1])
def test_a_bad_name_costs_nobody_anything(compression: int) -> None:
    """Records before and after it are read, and it itself, with the sign in its name."""
    read_leniently()
    builder = MemoryRecordsBuilder(magic=2, compression_type=compression, batch_size=1 << 20)
    for number, name in enumerate(("fine", NotText("x"), "fine")):
        builder.append(timestamp=number, key=None, value=b"v%d" % number, headers=[(name, b"1")])
    builder.close()
    records = MemoryRecords(builder.buffer())
    found = [(record.value, record.headers) for record in records.next_batch()]
    assert found == [
        (b"v0", [("fine", b"1")]),
        (b"v1", [(f"na{UNREADABLE}me", b"1")]),
        (b"v2", [("fine", b"1")]),
    ]
