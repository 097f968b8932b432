"""Every kind of record that is not what it should be."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.records.envelope import Envelope, encode_headers
from schemas.records.topics import Topic

SOURCE: Final = "test/bad-input"
NOW: Final = datetime.now(UTC).replace(microsecond=0)
PARTITIONS: Final = 4
MEGABYTE: Final = '" ' * (512 * 1024)
TOO_LARGE: Final = "please " * 1_350_000
"""9.4 MB that compress to a few kilobytes: Kafka takes them, and no topic behind tickets.events does."""

Headers = list[tuple[str, bytes | None]]


class NotText(str):
    """A header name as a client of another language may send it: kafka-python writes these bytes."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:  # what it stands for is no text
        return b"na\xffme"


@dataclass(frozen=True)
class Sent:
    """A record as it is sent."""

    name: str
    value: bytes | None
    headers: Headers
    topic: Topic = Topic.TICKETS_EVENTS
    key: bytes | None = b"some key"


@dataclass(frozen=True)
class Broken(Sent):
    """A record that is to die: which stage gives it up, with which error and which words in the message."""

    stage: str = "triage"
    error: str = "NotAnEvent"
    words: str = "name of a header"


def headers_for(
    kind: str, event_id: str, other: Mapping[str, bytes | None] | None = None, *, at: datetime = NOW
) -> Headers:
    """Return an event's headers; `other` replaces some."""
    usual = dict(encode_headers(Envelope(id=event_id, type=kind, source=SOURCE, time=at)))
    return list({**usual, **(other or {})}.items())


def opened(ticket_id: str, **fields: Any) -> bytes:
    """Return the body of a TicketOpened."""
    usual = {"customer_id": "c", "channel": "email", "text": "I was charged twice, please refund me"}
    return json.dumps({"ticket_id": ticket_id, **usual, **fields}).encode()


def _events() -> Iterator[Broken]:
    """Yield what is wrong in tickets.events."""

    def bad(name: str, error: str, words: str, value: bytes | None, **other: bytes | None) -> Broken:
        kind = "TicketImported" if name == "huge_number" else "TicketOpened"
        return Broken(name, value, headers_for(kind, name, other), error=error, words=words)

    deep = opened("deep")[:-1] + b',"unknown":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    yield bad("not_json", "InvalidBody", "malformed", b"this is not JSON")
    yield bad("a_list", "InvalidBody", "Expected `object`", b"[1, 2]")
    yield bad("empty_value", "InvalidBody", "truncated", b"")
    yield bad("null_value", "InvalidBody", "has no value", None)
    yield bad("missing_field", "InvalidBody", "`customer_id`", b'{"ticket_id": "t", "channel": "email"}')
    yield bad("wrong_type", "InvalidBody", "$.channel", opened("t", channel=5))
    yield bad("huge_number", "InvalidBody", "$.reassignments", opened("t", reassignments=10**30))
    yield bad("not_utf8", "InvalidBody", "utf-8", opened("t", text="caf~").replace(b"~", b"\xe9"))
    yield bad("not_utf8_unknown", "InvalidBody", "UTF-8", opened("t", later="caf~").replace(b"~", b"\xe9"))
    yield bad("lone_surrogate", "InvalidBody", "surrogate", opened("t", text="\ud800"))
    yield bad("deep", "InvalidBody", "nested", deep)
    yield bad(
        "nested_70", "InvalidBody", "64 levels", opened("t")[:-1] + b',"x":' + b"[" * 70 + b"]" * 70 + b"}"
    )
    yield bad("empty_ticket_id", "InvalidBody", "$.ticket_id", opened(""))
    yield bad("long_ticket_id", "InvalidBody", "$.ticket_id", opened("t" * 257))
    yield bad("long_product", "InvalidBody", "$.product", opened("t", product="p" * 1_000_000))
    yield bad("unknown_type", "UnknownEventType", "TicketEaten", opened("t"), ce_type=b"TicketEaten")
    yield bad("long_id", "NotAnEvent", "ce_id is longer than 256", opened("t"), ce_id=b"i" * 257)
    yield bad("huge_source", "NotAnEvent", "ce_source is longer", opened("t"), ce_source=bytes(1_900_000))
    yield bad("header_not_utf8", "NotAnEvent", "ce_id is not UTF-8", opened("t"), ce_id=b"\xff\xfe")
    yield bad("header_null", "NotAnEvent", "ce_type is missing", opened("t"), ce_type=None)
    yield bad("no_time", "NotAnEvent", "ce_time is not", opened("t"), ce_time=b"yesterday")
    yield bad("no_zone", "NotAnEvent", "no offset from UTC", opened("t"), ce_time=b"2026-01-01T00:00:00")
    yield bad("year_one", "NotAnEvent", "out of range", opened("t"), ce_time=b"0001-01-01T00:00:00+14:00")
    yield bad("too_large", "EventTooLarge", "TICKETYARD_LARGEST_EVENT_BYTES", opened("t", text=TOO_LARGE))
    future = (NOW + timedelta(days=400)).isoformat().encode()
    yield bad("future", "EventFromTheFuture", "clock", opened("t"), ce_time=future)
    yield Broken("no_headers", opened("t"), [], words="ce_id is missing")
    unnamed = [*headers_for("TicketOpened", "unnamed"), (NotText("x"), b"1")]
    yield Broken("header_name_not_utf8", opened("t"), unnamed)


def _garbage() -> Iterator[Broken]:
    """Yield what a stranger wrote to the topics between the stages, and to the roster's."""
    readers = {
        Topic.TICKETS_ENRICHED: "cases",
        Topic.TICKETS_DECISIONS: "cases",
        Topic.TICKETS_WORK: "routing",
        Topic.AGENTS_ROSTER: "routing",
        Topic.AGENTS_EVENTS: "roster",
        Topic.AGENTS_HOLDINGS: "roster",
        Topic.CUSTOMERS_WORK: "customers",
        Topic.CUSTOMERS_EVENTS: "customers",
    }
    unnamed: Headers = [(NotText("x"), b"1")]
    for topic, stage in readers.items():
        told = headers_for("TicketOpened", f"stranger-{topic}")
        yield Broken(
            f"{topic}_stranger", b"{}", told, topic, stage=stage, error="UnknownEventType", words="carries"
        )
        yield Broken(f"{topic}_bytes", b"\x00\xff" * 50, [], topic, key=b"\xff", stage=stage, words="ce_id")
        yield Broken(f"{topic}_unnamed", b"{}", unnamed, topic, stage=stage)


def _wrong_between_stages() -> Iterator[Broken]:
    """Yield events of the right type that say what no stage can use."""
    beyond = b'{"source_partition": 99, "watermark": "2000-01-01T00:00:00Z"}'
    told = headers_for("WatermarkAdvanced", "watermark-99")
    yield Broken(
        "watermark_of_99",
        beyond,
        told,
        Topic.TICKETS_ENRICHED,
        stage="cases",
        error="EventError",
        words="99 of 4",
    )
    fat = json.dumps({"agent_id": "a", "team": TOO_LARGE}).encode()
    told = headers_for("AgentUpdated", "fat")
    yield Broken(
        "agent_too_large",
        fat,
        told,
        Topic.AGENTS_EVENTS,
        stage="roster",
        error="EventTooLarge",
        words="bytes",
    )
    huge = b'{"agent_id": "a", "performance": 0.5, "run_id": "r", "tickets": 1' + b"0" * 40 + b"}"
    told = headers_for("AgentPerformanceMeasured", "huge")
    yield Broken(
        "agent_huge", huge, told, Topic.AGENTS_EVENTS, stage="roster", error="InvalidBody", words="$.tickets"
    )


def _customers() -> Iterator[Broken]:
    """Yield what is wrong about customers."""
    topic = Topic.CUSTOMERS_EVENTS
    for name, customer, error, words in (
        ("long_customer", "c" * 257, "InvalidBody", "$.customer_id"),
        ("fat_customer", TOO_LARGE, "EventTooLarge", "bytes"),
    ):
        body = json.dumps({"customer_id": customer, "tier": "gold"}).encode()
        told = headers_for("CustomerUpdated", name)
        yield Broken(name, body, told, topic, stage="customers", error=error, words=words)


BROKEN: Final = {
    broken.name: broken for broken in (*_events(), *_garbage(), *_wrong_between_stages(), *_customers())
}
GOOD: Final = [f"{name}/{side}" for name in BROKEN for side in ("before", "after")]
"""Tickets that are opened beside each broken record, on the partition of that record's number."""
