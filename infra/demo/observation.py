"""What the topics say of a run, read by a plain consumer that shares nothing with the stages."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition

from schemas.records.topics import DERIVED_BYTES, Topic
from schemas.settings import CommonSettings

_POLL_MS = 500


class Latencies(msgspec.Struct, frozen=True):
    """Milliseconds from an event's own time to the broker's time of the ticket's first decision, sorted."""

    values: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """Return the smallest value that at least `share` of all are not above (nearest rank)."""
        if not self.values:
            return float("nan")
        rank = max(1, -(-len(self.values) * share // 1))
        return self.values[int(rank) - 1]

    def within(self, limit_ms: float) -> float:
        """Return the share of values up to `limit_ms`."""
        return sum(value <= limit_ms for value in self.values) / max(1, len(self.values))


def records_of(settings: CommonSettings, topic: Topic) -> Iterator[Any]:
    """Yield every record of a topic up to its present end."""
    name = settings.topic_prefix + topic
    consumer = KafkaConsumer(
        **settings.kafka_python_options(),
        enable_auto_commit=False,
        max_partition_fetch_bytes=DERIVED_BYTES,
        check_crcs=False,
    )
    try:
        partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for records in consumer.poll(timeout_ms=_POLL_MS).values():
                yield from records
    finally:
        consumer.close()


def written(settings: CommonSettings, topic: Topic) -> int:
    """Return how many records have been written to a topic."""
    name = settings.topic_prefix + topic
    consumer = KafkaConsumer(**settings.kafka_python_options(), enable_auto_commit=False)
    try:
        partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
        return sum(consumer.end_offsets(partitions).values())
    finally:
        consumer.close()


def first_decisions(settings: CommonSettings) -> dict[str, int]:
    """Return, per ticket, the broker's time (ms) of routing's first decision; other stages' notes are none."""
    first: dict[str, int] = {}
    for record in records_of(settings, Topic.TICKETS_DECISIONS):
        if dict(record.headers).get("ce_source") != b"ticketyard/routing":
            continue
        ticket_id = record.key.decode()
        first[ticket_id] = min(record.timestamp, first.get(ticket_id, record.timestamp))
    return first


def triaged_tickets(settings: CommonSettings) -> set[str]:
    """Return the tickets of which some event was passed on with a triage result."""
    found = set()
    for record in records_of(settings, Topic.TICKETS_ENRICHED):
        if dict(record.headers).get("ce_type") == b"TicketTriaged":
            body = msgspec.json.decode(record.value)
            if body.get("triage") is not None:
                found.add(body["ticket_id"])
    return found


def dead_letter_ids(settings: CommonSettings) -> set[bytes]:
    """Return the ids of the dead letters."""
    headers = (dict(record.headers) for record in records_of(settings, Topic.TICKETS_DEAD))
    return {found["ce_id"] for found in headers if found.get("ce_type") == b"RecordDied"}


def latencies(sent_ms: dict[str, float], decided_ms: dict[str, int]) -> Latencies:
    """Return how long each ticket of `sent_ms` (scheduled time of its opening) waited for its first decision."""
    waits: Sequence[float] = [
        decided_ms[ticket] - at for ticket, at in sent_ms.items() if ticket in decided_ms
    ]
    return Latencies(tuple(sorted(waits)))
