"""The served topics as a log that can be read from any offset: kafka-python without a consumer group."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import OffsetOutOfRangeError, UnknownTopicOrPartitionError

from schemas.records.topics import Topic
from serving.tail.lenient_records import read_leniently
from serving.tail.progress import Bounds, LiveTopic, Place
from serving.tail.rows import TailRecord

_GATHERED_BYTES: Final = 64 * 1024
_MIB: Final = 1024 * 1024
_PATIENCE_MS: Final = 5000
"""How long one question to Kafka may take: meanwhile no new batch run is seen, and the process does not stop."""


class OutOfBounds(Exception):  # noqa: N818 - control flow: the reader looks at the bounds again
    """An offset that was to be read is not in Kafka any more."""


class Log(Protocol):
    """What the tail needs of Kafka; a test gives it one in memory."""

    def describe(self) -> Mapping[str, LiveTopic]:
        """Return the served topics that exist, by full name."""

    def bounds(self, places: Iterable[Place]) -> dict[Place, Bounds]:
        """Return what Kafka has of each partition."""

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the offset after the last record of each partition."""

    def seek(self, nexts: Mapping[Place, int]) -> None:
        """Read these partitions, and only these, from these offsets on."""

    def poll(self, timeout_ms: int, limit: int) -> list[TailRecord]:
        """Return the next records, at most `limit`; none if none come in time. Raises OutOfBounds."""

    def positions(self) -> dict[Place, int]:
        """Return the next offset of each partition that is read. Raises OutOfBounds where one was lost."""

    def close(self) -> None:
        """Let go of the connections."""


class KafkaLog:
    """The served topics in Kafka. Not for more than one thread."""

    def __init__(
        self, client_options: Mapping[str, Any], topics: Mapping[str, Topic], *, wait_ms: int
    ) -> None:
        """Connect; `topics` names the served topics by full name. Raises kafka.errors.KafkaError."""
        read_leniently()
        self._topics = dict(topics)
        self._admin = KafkaAdminClient(
            **client_options, bootstrap_timeout_ms=_PATIENCE_MS, request_timeout_ms=_PATIENCE_MS
        )
        try:
            self._consumer = self._open_consumer(client_options, wait_ms)
        except BaseException:
            self._admin.close()
            raise

    @staticmethod
    def _open_consumer(client_options: Mapping[str, Any], wait_ms: int) -> KafkaConsumer:
        return KafkaConsumer(
            **client_options,
            bootstrap_timeout_ms=_PATIENCE_MS,
            group_id=None,
            enable_auto_commit=False,
            # Never silently from elsewhere: an offset that is gone is a gap to report.
            auto_offset_reset="none",
            isolation_level="read_committed",
            # Three quarters of the reader's time in pure Python; the broker has checked the sum on arrival.
            check_crcs=False,
            # A question about the log's end waits behind a fetch on the same connection.
            fetch_max_wait_ms=wait_ms,
            # The broker gathers for as long: ten appends a second cost a tenth of a hundred, and are as exact.
            fetch_min_bytes=_GATHERED_BYTES,
            max_partition_fetch_bytes=_MIB,
            fetch_max_bytes=32 * _MIB,
        )

    def describe(self) -> dict[str, LiveTopic]:
        """Return the served topics that exist, by full name."""
        found = self._admin.describe_topics(list(self._topics))
        return {
            topic["name"]: LiveTopic(
                topic_id=str(topic["topic_id"]),
                partitions=tuple(sorted(part["partition_index"] for part in topic["partitions"])),
            )
            for topic in found
            if topic["error_code"] == 0
        }

    def bounds(self, places: Iterable[Place]) -> dict[Place, Bounds]:
        """Return what Kafka has of each partition."""
        wanted = list(places)
        first = self._offsets(self._consumer.beginning_offsets, wanted)
        last = self._offsets(self._consumer.end_offsets, wanted)
        return {place: Bounds(first[place], last[place]) for place in wanted}

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the offset after the last record of each partition."""
        return self._offsets(self._consumer.end_offsets, places)

    @staticmethod
    def _offsets(
        ask: Callable[..., Mapping[TopicPartition, int]], places: Iterable[Place]
    ) -> dict[Place, int]:
        try:
            found = ask([TopicPartition(*place) for place in places], timeout_ms=_PATIENCE_MS)
        except KeyError as error:
            # How the client answers, at times, for a topic that is being deleted.
            raise UnknownTopicOrPartitionError(str(error)) from error
        return {(part.topic, part.partition): offset for part, offset in found.items()}

    def seek(self, nexts: Mapping[Place, int]) -> None:
        """Read these partitions, and only these, from these offsets on."""
        self._consumer.assign([TopicPartition(*place) for place in nexts])
        for place, offset in nexts.items():
            self._consumer.seek(TopicPartition(*place), offset)

    def poll(self, timeout_ms: int, limit: int) -> list[TailRecord]:
        """Return the next records, at most `limit`; none if none come in time. Raises OutOfBounds."""
        try:
            found = self._consumer.poll(timeout_ms=timeout_ms, max_records=limit)
        except OffsetOutOfRangeError as error:
            raise OutOfBounds(str(error)) from error
        return [
            TailRecord(
                topic=self._topics[message.topic],
                partition=message.partition,
                offset=message.offset,
                timestamp_ms=message.timestamp,
                headers=message.headers,
                value=message.value,
            )
            for messages in found.values()
            for message in messages
        ]

    def positions(self) -> dict[Place, int]:
        """Return the next offset of each partition that is read. Raises OutOfBounds where one was lost."""
        found = {}
        for part in self._consumer.assignment():
            position = self._consumer.position(part, timeout_ms=_PATIENCE_MS)
            if position is None:
                # The client gives up its position where the topic goes away under it.
                raise OutOfBounds(f"{part.topic} partition {part.partition} has no position")
            found[part.topic, part.partition] = position
        return found

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close(autocommit=False)
        self._admin.close()
