"""Partitions are explicit: our murmur2 is Kafka's."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records.partitioning import murmur2, partition_for

# From Kafka's own test of its hash, org.apache.kafka.common.utils.UtilsTest.testMurmur2, as signed 32-bit integers.
KAFKAS = [
    (b"21", -973932308),
    (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
]


@pytest.mark.parametrize(("key", "signed"), KAFKAS)
def test_the_hash_is_that_of_kafkas_java_client(key: bytes, signed: int) -> None:
    """Producers in any language must find the same partition."""
    assert murmur2(key) == signed & 0xFFFFFFFF


@given(st.text(), st.integers(1, 1000))
def test_a_key_has_one_partition(key: str, partitions: int) -> None:
    """The partition is within the count and always the same."""
    partition = partition_for(key, partitions)

    assert 0 <= partition < partitions
    assert partition_for(key, partitions) == partition


def test_keys_spread_over_all_partitions() -> None:
    """No partition gets twice its share of many tickets."""
    counts = Counter(partition_for(f"T-{number}", 4) for number in range(4000))

    assert set(counts) == {0, 1, 2, 3}
    assert max(counts.values()) < 2000
