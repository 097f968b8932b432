"""The contract of the events: every version ever published decodes today, and what does not fit is named."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec import NODEFAULT

from schemas.records.envelope import Envelope, EventDecoder, InvalidBody, encode_body
from schemas.records.events import Event
from schemas.records.json_schemas import EVENTS
from tests.contract.event_samples import NAMES, VERSIONS, sample

DECODER = EventDecoder(EVENTS)
TIMES = [
    ("TicketImported", "opened_at"),
    ("WatermarkAdvanced", "watermark"),
    ("WorkChanged", "waiting_since"),
    ("TicketAssigned", "decided_at"),
    ("TicketQueued", "decided_at"),
]
OUT_OF_BOUNDS = [
    ("TicketOpened", "ticket_id", ""),
    ("TicketOpened", "ticket_id", "x" * 257),
    ("TicketOpened", "customer_id", ""),
    ("TicketOpened", "channel", "fax"),
    ("TicketOpened", "priority", "very"),
    ("TicketOpened", "team", ""),
    ("TicketImported", "status", "open"),
    ("TicketUpdated", "assignee", ""),
    ("TicketUpdated", "status", None),
    ("DecisionOverridden", "decision", "mood"),
    ("DecisionOverridden", "by", ""),
    ("DecisionOverridden", "reason", ""),
    ("SurveyAnswered", "score", 0),
    ("SurveyAnswered", "score", 6),
    ("SurveyAnswered", "score", 4.5),
    ("AgentUpdated", "capacity", -1),
    ("AgentUpdated", "home_team", ""),
    ("AgentUpdated", "home_team", None),
    ("AgentUpdated", "skills", {"refund_status": 1.5}),
    ("AgentUpdated", "channel_capacity", {"fax": 1}),
]


def decode(name: str, body: Any) -> Event:
    """Decode a body as a stage would."""
    envelope = Envelope(id="e-1", type=name, source="test", time=datetime(2026, 3, 2, tzinfo=UTC))
    return DECODER.decode(envelope, body if isinstance(body, bytes) else json.dumps(body).encode())


def required_fields(name: str) -> set[str]:
    """Return the fields without which an event is none."""
    fields = msgspec.structs.fields(EVENTS[name])
    return {f.encode_name for f in fields if f.default is NODEFAULT and f.default_factory is NODEFAULT}


def test_every_event_has_a_sample() -> None:
    """An event without a sample could change unseen."""
    assert set(EVENTS) == set(NAMES)


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_every_version_decodes(name: str, version: str) -> None:
    """What was ever published can be read."""
    assert isinstance(decode(name, sample(name, version)), EVENTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_newest_sample_sets_every_field(name: str) -> None:
    """A new field needs a new sample version, v2.json, so that its type is kept from then on."""
    assert set(EVENTS[name].__struct_encode_fields__) == set(sample(name))


@pytest.mark.parametrize("name", NAMES)
def test_an_event_is_written_as_it_was_read(name: str) -> None:
    """Encoding what was decoded loses nothing."""
    event = decode(name, sample(name))

    assert decode(name, encode_body(event)) == event
    assert json.loads(encode_body(event)).keys() == sample(name).keys()


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_field_is_ignored(name: str) -> None:
    """A newer producer may say more than this version understands."""
    assert decode(name, {**sample(name), "invented_later": {"deep": [1]}}) == decode(name, sample(name))


@pytest.mark.parametrize("name", NAMES)
def test_optional_fields_may_be_missing(name: str) -> None:
    """An older producer may say less."""
    required = required_fields(name)
    body = {field: value for field, value in sample(name).items() if field in required}

    assert isinstance(decode(name, body), EVENTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_required_field_is_named(name: str) -> None:
    """The message says which type, which event, which field."""
    for field in required_fields(name):
        body = {key: value for key, value in sample(name).items() if key != field}
        with pytest.raises(InvalidBody, match=rf"{name} e-1: .*`{field}`"):
            decode(name, body)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_type_is_named(name: str) -> None:
    """A field never changes its type, and never guesses."""
    for field, value in sample(name).items():
        wrong = "three" if isinstance(value, int | float) and not isinstance(value, bool) else 3.5
        with pytest.raises(InvalidBody, match=rf"{name} e-1: .*\$\.{field}"):
            decode(name, {**sample(name), field: wrong})


@pytest.mark.parametrize(("name", "field", "value"), OUT_OF_BOUNDS)
def test_a_value_outside_its_bounds_is_named(name: str, field: str, value: object) -> None:
    """Closed word lists, lengths and ranges are part of the contract."""
    with pytest.raises(InvalidBody, match=rf"\$\.{field}"):
        decode(name, {**sample(name), field: value})


@pytest.mark.parametrize(
    ("decision", "now"),
    [
        ("priority", "very"),
        ("priority", None),
        ("category", "x"),
        ("intent", None),
        ("team", ""),
        ("team", "x" * 129),
        ("assignee", ""),
    ],
)
def test_an_override_says_what_its_decision_can_be(decision: str, now: str | None) -> None:
    """What no field of a ticket could hold is refused at the door, and never reaches the fold."""
    body = {**sample("DecisionOverridden"), "decision": decision, "now": now}
    with pytest.raises(InvalidBody, match="`now`"):
        decode("DecisionOverridden", body)


@pytest.mark.parametrize(("name", "field"), TIMES)
def test_a_time_without_an_offset_is_refused(name: str, field: str) -> None:
    """A local time could be any of two dozen moments."""
    with pytest.raises(InvalidBody, match=rf"timezone.*\$\.{field}"):
        decode(name, {**sample(name), field: "2026-03-02T09:00:00"})


@pytest.mark.parametrize("value", [b"", b"{", b"not json", b"[]", b"null", b'{"ticket_id": "T-1"', None])
def test_what_is_not_a_json_object_is_refused(value: bytes | None) -> None:
    """Garbage is a dead letter with a reason, never a crash."""
    envelope = Envelope(id="e-1", type="TicketClosed", source="test", time=datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(InvalidBody, match="TicketClosed e-1"):
        DECODER.decode(envelope, value)


def test_text_that_is_not_utf8_is_refused() -> None:
    """Bytes that are no text are not guessed at."""
    with pytest.raises(InvalidBody):
        decode("TicketResolved", b'{"ticket_id":"T-1","resolution":"caf\xe9"}')


def test_a_megabyte_of_text_is_an_event() -> None:
    """Length is for the topic to limit."""
    body = {**sample("TicketOpened"), "text": '"' * 1024 * 1024}

    assert decode("TicketOpened", body).text == body["text"]  # type: ignore[attr-defined]  # it is a TicketOpened


def test_a_field_that_is_not_set_is_told_from_one_that_is_cleared() -> None:
    """In an update, absent leaves and null clears."""
    absent = decode("TicketUpdated", {"ticket_id": "T-1"})
    cleared = decode("TicketUpdated", {"ticket_id": "T-1", "assignee": None})

    assert json.loads(encode_body(absent)) == {"ticket_id": "T-1"}
    assert json.loads(encode_body(cleared)) == {"ticket_id": "T-1", "assignee": None}
