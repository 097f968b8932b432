"""The outbox in the state topic: pieces small enough for Kafka, nothing left out."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.records.topics import DERIVED_BYTES, Topic
from streams.foundation.record import Emission
from streams.foundation.size_limit import LARGEST_OUTPUT_BYTES
from streams.steps.state_log import OutboxChunk, pack


def emission(size: int) -> Emission:
    return Emission(
        topic=Topic.TICKETS_LOG, partition=1, key=b"k", headers=[("ce_id", b"1")], value=b"v" * size
    )


@given(st.lists(st.one_of(st.integers(0, 300_000), st.just(LARGEST_OUTPUT_BYTES - 100)), max_size=20))
def test_packing_keeps_all_in_order_and_within_what_kafka_takes(sizes: list[int]) -> None:
    """Unpacking gives the outbox again; no piece exceeds what a derived topic accepts."""
    outbox = [emission(size) for size in sizes]
    chunks = pack(outbox, step=3)
    unpacked = [msgspec.msgpack.decode(chunk, type=OutboxChunk) for chunk in chunks]
    assert outbox == [found for chunk in unpacked for found in chunk.emissions]
    assert all(chunk.step == 3 for chunk in unpacked)
    assert all(len(chunk) < DERIVED_BYTES for chunk in chunks)
