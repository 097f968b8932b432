"""A record as a stage reads it from Kafka, before anything is decoded."""

from operator import methodcaller
from typing import Any

import msgspec

from schemas.records.derived import Origin
from schemas.records.envelope import Headers
from schemas.records.header_names import UNREADABLE
from schemas.records.topics import Topic

_call_headers = methodcaller("headers")
"""Confluent's C code may return although it has raised; the interpreter may miss that, a call from C never does."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One Kafka record; `topic` is the role of the topic, its full name may have a prefix.

    `arrived_s` is when it reached this worker, by the monotonic clock.
    """

    topic: Topic
    origin: Origin
    value: bytes | None
    key: bytes | None = None
    headers: Headers = []
    arrived_s: float = 0.0


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Offsets of an input, `start` to `end` (exclusive), without a record: transactions' markers, what was aborted."""

    topic: Topic
    start: int
    end: int
    arrived_s: float = 0.0


Delivered = Record | Gap
"""What a consumer hands on of an input, in the order of offsets."""


class Emission(msgspec.Struct, frozen=True, kw_only=True):
    """One record that a step sends: to an explicit partition, with headers that carry a deterministic id."""

    topic: Topic
    partition: int
    key: bytes
    headers: Headers
    value: bytes


class TopicRole(msgspec.Struct, frozen=True, kw_only=True):
    """What a full topic name stands for: its role in the pipeline, and its id and number of partitions at present."""

    topic: Topic
    topic_id: str
    partitions: int = 0


def headers_of(message: Any) -> Headers:
    """Return the headers of a confluent-kafka message; it can give none at all where one's name is not UTF-8.

    Ask once for each message: confluent's answer to a second question would be a broken list.
    """
    try:
        return list(_call_headers(message) or ())
    except SystemError:  # "returned a result with an exception set"
        return [(UNREADABLE, b"")]
