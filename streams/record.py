"""A record as a stage reads it from Kafka, before anything is decoded."""

import msgspec

from schemas.derived import Origin
from schemas.envelope import Headers
from schemas.topics import Topic


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One Kafka record; `topic` is the role of the topic, its full name may have a prefix."""

    topic: Topic
    origin: Origin
    value: bytes | None
    key: bytes | None = None
    headers: Headers = []


class Emission(msgspec.Struct, frozen=True, kw_only=True):
    """One record that a step sends: to an explicit partition, with headers that carry a deterministic id."""

    topic: Topic
    partition: int
    key: bytes
    headers: Headers
    value: bytes


class TopicRole(msgspec.Struct, frozen=True, kw_only=True):
    """What a full topic name stands for: its role in the pipeline and the id it has at present."""

    topic: Topic
    topic_id: str
