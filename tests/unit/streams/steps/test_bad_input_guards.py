"""Guards against records that would end a worker far from where they are read."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.records.derived import Origin, RecordDied
from schemas.records.envelope import Envelope, EventError, Headers, InvalidBody, encode_headers
from schemas.records.topics import DERIVED_BYTES, INPUT_BYTES, Topic
from streams.foundation.checked_event import MAX_DEPTH
from streams.foundation.record import Record
from streams.stages.triage.intake import arrive
from streams.steps.partition_time import event_time_of
from streams.steps.step import dead_letter
from understanding.signals.automatic_mail import AutomaticMail

ARRIVED = datetime(2026, 3, 2, 8, tzinfo=UTC)
BODY = b'{"ticket_id":"t","customer_id":"c","channel":"email","later":'


def record(value: bytes | None, *, time: datetime = ARRIVED, headers: Headers | None = None) -> Record:
    usual = encode_headers(Envelope(id="e", type="TicketOpened", source="s", time=time))
    origin = Origin(topic_id="id", partition=1, offset=2, timestamp_ms=int(ARRIVED.timestamp() * 1000))
    return Record(
        topic=Topic.TICKETS_EVENTS,
        origin=origin,
        headers=usual if headers is None else headers,
        value=value,
        key=b"k",
    )


def nested(depth: int, inside: bytes = b"") -> Record:
    """Return an event with an unknown field in which `depth` lists are in each other; the object is one more."""
    return record(BODY + b"[" * depth + inside + b"]" * depth + b"}")


def test_an_event_may_be_nested_up_to_a_bound() -> None:
    """Also in fields that the schema does not know: they travel on, wrapped in further levels."""
    assert arrive(nested(MAX_DEPTH - 1), latest=ARRIVED, automatic_mail=AutomaticMail.load()).ticket_id == "t"
    with pytest.raises(InvalidBody, match=f"more than {MAX_DEPTH} levels"):
        arrive(nested(MAX_DEPTH), latest=ARRIVED, automatic_mail=AutomaticMail.load())


@pytest.mark.parametrize(
    "inside", [b'"' + b"[{" * 500 + b'"', rb'"\"' + b"[" * 500 + b'"', b",".join([b'{"a":[]}'] * 500)]
)
def test_brackets_in_text_and_side_by_side_are_no_depth(inside: bytes) -> None:
    """A customer may write as many as they like."""
    assert arrive(nested(1, inside), latest=ARRIVED, automatic_mail=AutomaticMail.load()).ticket_id == "t"


def test_a_letter_is_never_larger_than_its_topic_takes() -> None:
    """The largest record that Kafka took, and an error that quotes all of it."""
    largest = record(bytes(INPUT_BYTES), headers=[("x", bytes(INPUT_BYTES))])
    letter = dead_letter(
        "triage", largest, EventError("\x00" * INPUT_BYTES), {Topic.TICKETS_DEAD: 4}, now=ARRIVED
    )
    sizes = [len(letter.value), *(len(name) + len(value) for name, value in letter.headers)]
    assert sum(sizes) < DERIVED_BYTES
    assert letter.value == largest.value


def test_a_letter_keeps_a_null_header() -> None:
    """Kafka's headers may be null, and whoever reads the letter must be able to."""
    dead = record(b"{}", headers=[("odd", None)])  # type: ignore[list-item]  # as aiokafka gives it
    letter = dead_letter("triage", dead, EventError("no"), {Topic.TICKETS_DEAD: 4}, now=ARRIVED)
    about = msgspec.json.decode(dict(letter.headers)["dead"], type=RecordDied)
    assert about.headers == (("odd", None),)


@pytest.mark.parametrize("value", [None, b"", b"{}"])
def test_a_letter_tells_null_from_empty(value: bytes | None) -> None:
    """Its own value cannot: tickets.dead is read by whoever wants bytes."""
    letter = dead_letter("triage", record(value), EventError("no"), {Topic.TICKETS_DEAD: 4}, now=ARRIVED)
    about = msgspec.json.decode(dict(letter.headers)["dead"], type=RecordDied)
    assert (letter.value, about.value_is_null) == (value or b"", value is None)


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (record(b"{}", time=ARRIVED - timedelta(days=400)), ARRIVED - timedelta(days=400)),
        (record(b"{}", time=ARRIVED + timedelta(days=400)), ARRIVED),
        (record(b"{}", headers=[]), datetime.fromtimestamp(0, UTC)),
        (record(b"{}", headers=[("ce_time", b"yesterday")]), datetime.fromtimestamp(0, UTC)),
    ],
)
def test_no_record_carries_the_event_clock_away(read: Record, expected: datetime) -> None:
    """Where time is the events', one from the future would make every timer due, and one without is no time."""
    assert event_time_of(read) == expected
