"""Which partition a key belongs to: Kafka's murmur2, the one function that every writer uses."""

from functools import lru_cache
from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Return the 32-bit murmur2 hash of `key` as Kafka's Java client computes it (kafka.common.utils.Utils.murmur2)."""
    length = len(key)
    h = (_SEED ^ length) & _MASK
    whole = length - length % 4
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little")
        k = (k * _M) & _MASK
        k ^= k >> 24
        k = (k * _M) & _MASK
        h = ((h * _M) & _MASK) ^ k
    rest = key[whole:]
    if rest:
        h ^= int.from_bytes(rest, "little")
        h = (h * _M) & _MASK
    h ^= h >> 13
    h = (h * _M) & _MASK
    return h ^ (h >> 15)


@lru_cache(maxsize=65_536)
def partition_for(key: str, partitions: int) -> int:
    """Return the partition of `key` among `partitions`, as Kafka's default partitioner would."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions
