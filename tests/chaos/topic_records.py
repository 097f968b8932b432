"""Reads the pipeline's topics for the verifier: a bare Kafka consumer and `json`, nothing of the pipeline itself."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

TOPICS: Final = (
    "tickets.events",
    "tickets.enriched",
    "tickets.log",
    "tickets.work",
    "tickets.decisions",
    "tickets.dead",
    "agents.events",
    "agents.roster",
    "agents.holdings",
    "customers.work",
    "customers.events",
)
NOTES: Final = "tickets.decisions of customers"
"""What the customers stage says in tickets.decisions, apart from routing's decisions."""

_BETWEEN_STAGES: Final = (b"WatermarkAdvanced", b"MergeFollowed")
Body = dict[str, Any]
Asked = tuple[str, int, int]
"""Ticket, life and routing revision: what routing is asked about, once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One record of a topic; `body` has the fields that the verifier looks at, `digest` stands for all of it."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    id: str
    type: str
    source: str
    time: str
    digest: str
    body: Body

    @property
    def where(self) -> str:
        """Return the record's place, for a person who wants to look at it."""
        return f"{self.topic}[{self.partition}]@{self.offset}"


Topics = defaultdict[str, list[Message]]
"""Records by topic (without prefix), each topic in the order of partitions and offsets."""


def asked_of(message: Message) -> Asked:
    """Return what a record of tickets.work or tickets.decisions is about."""
    body = message.body
    return body["ticket_id"], body["life"], body["routing_revision"]


class TopicReader:
    """Follows every topic from its beginning; `messages` has what was read so far, without watermarks.

    `latest_ms` is when the last of them arrived at the broker, by topic.
    """

    def __init__(self, bootstrap_servers: str, *, prefix: str = "") -> None:
        self.messages: list[Message] = []
        self.latest_ms: dict[str, int] = {}
        self._prefix = prefix
        self._consumer = KafkaConsumer(
            bootstrap_servers=bootstrap_servers,
            enable_auto_commit=False,
            group_id=None,
            reconnect_backoff_max_ms=1_000,
        )
        self._partitions = [
            TopicPartition(prefix + topic, partition)
            for topic in TOPICS
            for partition in sorted(self._consumer.partitions_for_topic(prefix + topic) or ())
        ]
        self._consumer.assign(self._partitions)
        self._consumer.seek_to_beginning(*self._partitions)

    def more(self) -> int:
        """Read to what is the end now; return how many messages were new."""
        before = len(self.messages)
        ends: Mapping[TopicPartition, int] = self._consumer.end_offsets(self._partitions)
        while any(self._consumer.position(at) < end for at, end in ends.items()):
            for records in self._consumer.poll(timeout_ms=500, max_records=5000).values():
                self.messages.extend(self._decoded(records))
        return len(self.messages) - before

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    def _decoded(self, records: list[Any]) -> Iterator[Message]:
        for record in records:
            headers, topic = dict(record.headers), record.topic.removeprefix(self._prefix)
            if headers.get("ce_type") not in _BETWEEN_STAGES:
                self.latest_ms[topic] = max(record.timestamp, self.latest_ms.get(topic, 0))
                of_customers = headers.get("ce_source") == b"ticketyard/customers"
                yield _message(record, NOTES if of_customers else topic, headers)


def _message(record: Any, topic: str, headers: Mapping[str, bytes]) -> Message:
    value = record.value or b""
    return Message(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        id=_text(headers, "ce_id"),
        type=_text(headers, "ce_type"),
        source=_text(headers, "ce_source"),
        time=_text(headers, "ce_time"),
        digest=digest_of(value),
        body=_body(topic, headers, value),
    )


def _body(topic: str, headers: Mapping[str, bytes], value: bytes) -> Body:
    """Return what is looked at; an input that is no JSON object has nothing to look at, and must be a dead letter."""
    try:
        found = json.loads(headers["dead"] if topic == "tickets.dead" else value)
    except (ValueError, KeyError):
        return {}
    return _KEPT.get(topic, _whole)(found) if isinstance(found, dict) else {}


def digest_of(value: bytes) -> str:
    """Return what stands for a value: equal for equal bytes."""
    return blake2b(value, digest_size=12).hexdigest()


def _text(headers: Mapping[str, bytes], name: str) -> str:
    return headers.get(name, b"").decode(errors="replace")


def _whole(body: Body) -> Body:
    return body


def _of_input(body: Body) -> Body:
    return {"ticket_id": body.get("ticket_id")}


def _of_enriched(body: Body) -> Body:
    """The event's own body is passed on untouched, so its digest must not change with a second scoring."""
    event, origin = body["event"], body["origin"]
    return {
        "ticket_id": body["ticket_id"],
        "event": {"id": event["id"], "source": event["source"]},
        "origin": (origin["partition"], origin["offset"]),
        "event_digest": digest_of(json.dumps(event, sort_keys=True).encode()),
    }


def _of_log(body: Body) -> Body:
    event, after, before = body["event"], body["after"], body.get("before")
    return {
        "ticket_id": body["ticket_id"],
        "life": body["life"],
        "revision": body["revision"],
        "event": {"id": event["id"], "source": event["source"], "type": event["type"]},
        "after": _row(after),
        "before": None if before is None else _row(before),
    }


def _row(row: Body) -> Body:
    """A field that is at its default is not in the JSON."""
    return {
        "routing_revision": row["routing_revision"],
        "work": row.get("work", "none"),
        "customer_id": row.get("customer_id"),
        "open_tickets_of_customer": row.get("open_tickets_of_customer", 0),
    }


_KEPT: Final[dict[str, Callable[[Body], Body]]] = {
    "tickets.events": _of_input,
    "tickets.enriched": _of_enriched,
    "tickets.log": _of_log,
}
