"""What triage takes in: checked events, the customer's words, and what is refused and why."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.effects import Effect
from schemas.records.derived import Origin
from schemas.records.envelope import Envelope, EventError, encode_headers
from schemas.records.topics import Topic
from streams.foundation.record import Record
from streams.foundation.size_limit import HEAD_BYTES, EventTooLarge
from streams.stages.triage.intake import arrive, triaged
from streams.steps.step import dead_letter
from understanding.signals.automatic_mail import AutomaticMail

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
OPENED = {"ticket_id": "t1", "customer_id": "c1", "channel": "email"}
OVERRIDDEN = {"ticket_id": "t1", "decision": "sla_target", "now": "4 hours", "by": "a1", "reason": "promised"}


def record(
    body: object, *, kind: str = "TicketOpened", time: datetime = NOW, raw: bytes | None = None
) -> Record:
    return Record(
        topic=Topic.TICKETS_EVENTS,
        origin=Origin(topic_id="x", partition=0, offset=7, timestamp_ms=0),
        headers=encode_headers(Envelope(id="e1", type=kind, source="test", time=time)),
        value=msgspec.json.encode(body) if raw is None else raw,
    )


@pytest.mark.parametrize(
    ("broken", "error", "words"),
    [
        (record({}, raw=b"not json"), "InvalidBody", "e1"),
        (record(OPENED, kind="TicketEaten"), "UnknownEventType", "TicketEaten"),
        (record({"ticket_id": "t1"}), "InvalidBody", "customer_id"),
        (record({**OPENED, "channel": 5}), "InvalidBody", "channel"),
        (record({**OPENED, "ticket_id": ""}), "InvalidBody", "ticket_id"),
        (record({}, raw=b'{"ticket_id":"t1","customer_id":"\xff","channel":"email"}'), "InvalidBody", "e1"),
        (record({}, raw=msgspec.json.encode(OPENED)[:-1] + b',"unknown":"\xff"}'), "InvalidBody", "UTF-8"),
        (record(OVERRIDDEN, kind="DecisionOverridden"), "InvalidBody", "e1: '4 hours' is no promise"),
        (record(OPENED, time=NOW + timedelta(hours=1)), "EventFromTheFuture", "clock"),
        (Record(topic=Topic.TICKETS_EVENTS, origin=record({}).origin, value=b"{}"), "NotAnEvent", "ce_id"),
    ],
)
def test_what_cannot_be_handled_is_refused_with_its_reason(broken: Record, error: str, words: str) -> None:
    """Each kind of bad input has an error of its own that names the culprit."""
    with pytest.raises(EventError, match=words) as caught:
        arrive(broken, latest=NOW, automatic_mail=AutomaticMail.load())
    assert type(caught.value).__name__ == error


def test_a_record_is_measured_before_it_is_decoded() -> None:
    """9 MB that compressed to 39 kB passed Kafka; triage could neither pass them on nor bury them, for ever."""
    large = record({}, raw=b"x" * 3_000)
    with pytest.raises(EventTooLarge, match=r"3,\d+ bytes, 2,048 are the most"):
        arrive(large, latest=NOW, automatic_mail=AutomaticMail.load(), largest=2_048)
    letter = dead_letter("triage", large, EventTooLarge("large"), {Topic.TICKETS_DEAD: 1}, NOW)
    assert letter.value == large.value  # shorter than a letter's head, so whole
    about = msgspec.json.decode(dict(letter.headers)["dead"] or b"")
    assert (about["value_bytes"], len(about["value_sha256"])) == (3_000, 64)


def test_a_letter_of_what_is_too_large_fits_into_its_topic() -> None:
    """Of its value stays the head; a key or headers that are the large part stay out."""
    large = Record(
        topic=Topic.TICKETS_EVENTS,
        origin=record({}).origin,
        key=b"k" * 9_000_000,
        headers=[("ce_id", b"h" * 9_000_000)],
        value=b"v" * 9_000_000,
    )
    letter = dead_letter("triage", large, EventTooLarge("large"), {Topic.TICKETS_DEAD: 1}, NOW)
    size = len(letter.key) + len(letter.value) + sum(len(value or b"") for _, value in letter.headers)
    assert size < 2 * HEAD_BYTES


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("TicketOpened", {**OPENED, "subject": "Help", "text": "It broke"}, "Help\nIt broke"),
        ("TicketOpened", OPENED, ""),
        (
            "MessageAdded",
            {"ticket_id": "t1", "author": "customer", "author_id": "c", "text": "hm"},
            "hm",
        ),
        (
            "MessageAdded",
            {"ticket_id": "t1", "author": "agent", "author_id": "a", "text": "hm"},
            None,
        ),
        ("TicketClosed", {"ticket_id": "t1"}, None),
    ],
)
def test_only_customers_words_are_scored(kind: str, fields: dict[str, str], expected: str | None) -> None:
    """Subject and text of a ticket, and public messages of its customer; nothing else."""
    arrived = arrive(record(fields, kind=kind), latest=NOW, automatic_mail=AutomaticMail.load())
    assert expected == (arrived.said and arrived.said.text)


def test_the_body_travels_on_untouched() -> None:
    """Fields that today's schema does not know are kept for tomorrow's, byte by byte."""
    raw = b'{"ticket_id":"t1",  "customer_id":"c1","channel":"email","from_tomorrow":[1, 2]}'
    passed_on = triaged(arrive(record({}, raw=raw), latest=NOW, automatic_mail=AutomaticMail.load()), None)
    assert raw == bytes(passed_on.event.body)
    assert passed_on.origin.offset == 7


def test_what_a_machines_message_does_not_do_travels_with_it() -> None:
    """By its mail's headers or its words; whoever folds it later asks no table, and needs no model's answer."""
    by_headers = {
        "ticket_id": "t1",
        "author": "customer",
        "author_id": "c",
        "text": "Bin bald wieder da.",
        "mail_headers": {"Auto-Submitted": "auto-replied"},
    }
    by_words = {**by_headers, "mail_headers": {}, "text": "Automatic reply: out of office until Monday"}
    by_a_person = {**by_words, "text": "Is anybody there?"}
    for fields, withheld in ((by_headers, tuple(Effect)), (by_words, tuple(Effect)), (by_a_person, ())):
        raw = msgspec.json.encode(fields)
        arrived = arrive(
            record({}, raw=raw, kind="MessageAdded"), latest=NOW, automatic_mail=AutomaticMail.load()
        )
        assert triaged(arrived, None).withheld == withheld
