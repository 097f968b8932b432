"""What a record of a served topic is in the base views."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from schemas.records.derived import (
    AgentPerformanceMeasured,
    DeadLetterReplayed,
    ModelPublished,
    Origin,
    RecordDied,
    SourceEvent,
    TicketLogged,
)
from schemas.records.derived.alerts import TicketEscalated
from schemas.records.derived.deliveries import WebhookDelivered, WebhookFailed
from schemas.records.envelope import (
    Envelope,
    EventError,
    InvalidBody,
    NotAnEvent,
    UnknownEventType,
    encode_body,
    encode_headers,
)
from schemas.records.events import (
    AgentUpdated,
    DecisionOverridden,
    Event,
    LabelCorrected,
    MessageAdded,
    SurveyAnswered,
    TicketDeescalated,
    TicketEvent,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import Said, TicketRow
from schemas.records.topics import Topic
from schemas.sentiment import Sentiment
from schemas.signals import Entity, EntityKind, Signals
from schemas.triage import Triage
from schemas.views.tables import VIEWS
from schemas.views.view_rows import ROW_OF, base_rows
from schemas.vocabulary import AgentStatus, Author, AutomaticDecision, Channel, Priority, Status
from tests.unit.schemas.ticket_facts import SCORED

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
ORIGIN = Origin(topic_id="id", partition=2, offset=17, timestamp_ms=1_772_438_400_123)
ROW = TicketRow(
    ticket_id="T1", life=3, revision=2, routing_revision=1, status=Status.ASSIGNED, opened_at=AT, last_event_at=AT,
    team="billing", team_said_by=Said.MODEL, model_version="m-7", assignee="A1", triage_reasons=("truncated",),
)  # fmt: skip


def headers(event_type: str) -> list[tuple[str, bytes]]:
    return encode_headers(Envelope(id="e1", type=event_type, source="test", time=AT))


def named(view: str, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((column.name for column in VIEWS[view].columns), row, strict=True))


def logged(
    event: TicketEvent, event_type: str | None = None, triage: Triage | None = None
) -> dict[str, dict[str, Any]]:
    source = SourceEvent(
        id="e1", type=event_type or type(event).__name__, source="test", time=AT, body=Raw(encode_body(event))
    )
    record = TicketLogged(
        ticket_id="T1", life=3, revision=2, event=source, after=ROW, before=ROW, triage=triage
    )
    rows = {
        view: ROW_OF[view](headers("TicketLogged"), encode_body(record), ORIGIN)
        for view in ("ticket_events", "tickets")
    }
    return {view: named(view, row) for view, row in rows.items() if row is not None}


def test_logged_ticket_gives_its_row_and_its_event() -> None:
    """A record of tickets.log is the ticket's newest row, whole, and one event with the main fields after it."""
    rows = logged(LabelCorrected(ticket_id="T1", intent="refund"))
    ticket, event = rows["tickets"], rows["ticket_events"]
    assert (ticket["ticket_id"], ticket["status"], ticket["team"]) == ("T1", "assigned", "billing")
    assert ticket["triage_reasons"] == ["truncated"]
    assert type(ticket["status"]) is str
    assert (event["life"], event["revision"], event["event_type"]) == (3, 2, "LabelCorrected")
    assert (event["status"], event["assignee"], event["text"]) == ("assigned", "A1", None)
    for row in rows.values():
        assert (row["log_partition"], row["log_offset"]) == (2, 17)
        assert row["logged_at"] == datetime(2026, 3, 2, 8, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (TicketOpened(ticket_id="T1", customer_id="C", channel=Channel.EMAIL, text="help"), "help"),
        (SurveyAnswered(ticket_id="T1", score=5, comment="fine"), "fine"),
        (TicketResolved(ticket_id="T1", resolution="done"), "done"),
        (TicketReopened(ticket_id="T1", reason="again"), "again"),
        (TicketTransferred(ticket_id="T1", team="x", reason="not ours"), "not ours"),
        (MessageAdded(ticket_id="T1", author=Author.AGENT, author_id="A", text="hello"), "hello"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else None,
)
def test_text_is_what_was_written(event: TicketEvent, text: str) -> None:
    """Whatever an event calls what was written with it, the view calls it text."""
    assert text == logged(event)["ticket_events"]["text"]


def test_message_names_its_author() -> None:
    """A message says who wrote it, and whether the customer can read it."""
    note = MessageAdded(ticket_id="T1", author=Author.AGENT, author_id="A9", text="psst", public=False)
    row = logged(note)["ticket_events"]
    assert (row["author"], row["author_id"], row["public"]) == ("agent", "A9", False)


@pytest.mark.parametrize(
    "event",
    [
        TicketTransferred(ticket_id="T1", team="x", transferred_by="ann"),
        TicketResolved(ticket_id="T1", resolved_by="ann"),
        LabelCorrected(ticket_id="T1", intent="x", corrected_by="ann"),
        DecisionOverridden(ticket_id="T1", decision=AutomaticDecision.TEAM, by="ann", reason="r", now="x"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_who_did_something_is_named(event: TicketEvent) -> None:
    """The page of a ticket says who; it is no author, as nothing was written to the customer."""
    row = logged(event)["ticket_events"]
    assert (row["author"], row["author_id"]) == (None, "ann")


def test_message_has_its_mood_and_what_it_names() -> None:
    """What triage read of a message is in the view, each thing once, as a person would say it."""
    signals = Signals(
        entities=(
            Entity(EntityKind.ORDER, 0, 4, "A-17"),
            Entity(EntityKind.ORDER, 9, 13, "A-17"),
            Entity(EntityKind.AMOUNT, 5, 8, "20", "EUR"),
        )
    )
    triage = replace(SCORED, signals=signals, sentiment=Sentiment(-0.5))
    message = MessageAdded(ticket_id="T1", author=Author.CUSTOMER, author_id="C", text="Where is A-17?")
    row = logged(message, triage=triage)["ticket_events"]
    assert (row["sentiment"], row["entities"]) == (-0.5, ["order: A-17", "amount: 20 EUR"])


def test_override_tells_what_the_machine_had_said() -> None:
    """The row before says what held and who had said it; who and why are the event's."""
    event = TicketUpdated(
        ticket_id="T1", priority=Priority.LOW, team="billing", updated_by="ann", reason="no"
    )
    row = logged(event)["ticket_events"]
    told = msgspec.json.decode(row["overrides"])
    assert told == [
        {
            "decision": "team",
            "said_by": "model",
            "was": "billing",
            "now": "billing",
            "by": "ann",
            "model_version": "m-7",
            "team": "billing",
        }
    ]
    assert row["text"] == "no"


def test_decision_of_routing_has_no_text() -> None:
    """An event that is not from outside is in the view without text."""
    row = logged(TicketReopened(ticket_id="T1"), event_type="TicketAssigned")["ticket_events"]
    assert row["event_type"] == "TicketAssigned"
    assert row["text"] is None


def test_what_escalates_a_ticket_names_its_rule() -> None:
    """So does what a rule takes back; a person's word names none."""
    fired = TicketEscalated(
        ticket_id="T1", rule="old", cause="age", level=2, owner="boss", rules_version="1-a"
    )
    row = logged(fired)["ticket_events"]
    assert (row["rule"], row["cause"], row["level"], row["owner"]) == ("old", "age", 2, "boss")
    row = logged(TicketDeescalated(ticket_id="T1", rule="old"))["ticket_events"]
    assert (row["rule"], row["level"]) == ("old", None)
    row = logged(TicketDeescalated(ticket_id="T1", deescalated_by="M-1", reason="done"))["ticket_events"]
    assert (row["rule"], row["text"]) == (None, "done")


def test_agent_events() -> None:
    """An agent's picture and their measured performance are rows of one view, each with its own columns."""
    updated = AgentUpdated(
        agent_id="A1", home_team="billing", status=AgentStatus.AWAY, capacity=4, skills={"b": 0.5, "a": 1.0}
    )
    ((view, row),) = base_rows(Topic.AGENTS_EVENTS, headers("AgentUpdated"), encode_body(updated), ORIGIN)
    picture = named(view, row)
    assert (picture["home_team"], picture["status"], picture["capacity"]) == ("billing", "away", 4)
    assert picture["skills"] == '{"a":1.0,"b":0.5}'
    assert picture["performance"] is None
    measured = AgentPerformanceMeasured(agent_id="A1", performance=0.7, run_id="r", tickets=12)
    ((view, row),) = base_rows(
        Topic.AGENTS_EVENTS, headers("AgentPerformanceMeasured"), encode_body(measured), ORIGIN
    )
    measure = named(view, row)
    assert (measure["performance"], measure["run_id"], measure["tickets"]) == (0.7, "r", 12)
    assert measure["home_team"] is None


def test_alert() -> None:
    """An alert of any type, also one that this version does not know, is a row with what all have, and all it says."""
    value = b'{"ticket_id":"T1","team":"billing","priority":"high","metric":"first_reply"}'
    ((view, row),) = base_rows(Topic.TICKETS_ALERTS, headers("SlaBreached"), value, ORIGIN)
    alert = named(view, row)
    assert (alert["alert_type"], alert["raised_at"], alert["ticket_id"]) == ("SlaBreached", AT, "T1")
    assert (alert["team"], alert["priority"], alert["assignee"]) == ("billing", "high", None)
    assert alert["details"] == value.decode()
    ((_, row),) = base_rows(Topic.TICKETS_ALERTS, headers("QueueOverloaded"), b'{"team":"billing"}', ORIGIN)
    assert (named(view, row)["ticket_id"], named(view, row)["team"]) == (None, "billing")


def test_webhook_outcome() -> None:
    """What became of telling an address is a row; only what was given up has a reason."""
    about: dict[str, Any] = {
        "delivery_id": "d",
        "alert_id": "a",
        "alert_type": "SlaBreached",
        "address": "pagers",
    }
    gone = WebhookFailed(**about, attempts=4, status=500, reason="HTTP 500")
    ((view, row),) = base_rows(Topic.ALERTS_DELIVERIES, headers("WebhookFailed"), encode_body(gone), ORIGIN)
    failed = named(view, row)
    assert (failed["outcome"], failed["attempts"], failed["reason"]) == ("failed", 4, "HTTP 500")
    took = WebhookDelivered(**about, attempts=1, status=204)
    ((view, row),) = base_rows(
        Topic.ALERTS_DELIVERIES, headers("WebhookDelivered"), encode_body(took), ORIGIN
    )
    assert (named(view, row)["outcome"], named(view, row)["reason"]) == ("delivered", None)


@pytest.mark.parametrize(
    ("carried", "source"),
    [
        ((("ce_id", b"1"), ("ce_source", b"crm")), "crm"),
        ((("ce_source", b"\xff"),), "\N{REPLACEMENT CHARACTER}"),
        ((("ce_source", None),), None),
        ((), None),
    ],
)
def test_dead_letter_says_who_published_the_record(
    carried: tuple[tuple[str, bytes | None], ...], source: str | None
) -> None:
    """The source of a record whose headers were readable is known, so its dead letters can be counted."""
    died = RecordDied(
        stage="triage", error="InvalidBody", message="m", topic="tickets.events", topic_id="id", partition=1,
        offset=5, timestamp_ms=1, headers=carried,
    )  # fmt: skip
    ((view, row),) = base_rows(Topic.TICKETS_DEAD, [("dead", encode_body(died))], b"", ORIGIN)
    assert named(view, row)["event_source"] == source


def test_dead_letter() -> None:
    """A dead letter is known by its header; its value, the raw bytes, may be anything."""
    died = RecordDied(
        stage="triage", error="InvalidBody", message="not JSON", topic="tickets.events", topic_id="t", partition=1,
        offset=5, timestamp_ms=1_772_438_400_000,
    )  # fmt: skip
    ((view, row),) = base_rows(Topic.TICKETS_DEAD, [("dead", encode_body(died))], b"\xff{", ORIGIN)
    letter = named(view, row)
    assert (letter["stage"], letter["source_partition"], letter["source_offset"]) == ("triage", 1, 5)
    assert letter["arrived_at"] == AT


def test_a_note_that_a_letter_was_sent_back_is_a_row_of_its_own() -> None:
    """A note added no row, so nobody could ask who had sent what back, and why."""
    note = DeadLetterReplayed(
        letter_id="d1", stage="triage", topic="tickets.events", topic_id="t", partition=1, offset=5,
        replayed_to_offset=9, repaired=True, by="Ann", reason="mended",
    )  # fmt: skip
    ((view, row),) = base_rows(Topic.TICKETS_DEAD, headers("DeadLetterReplayed"), encode_body(note), ORIGIN)
    found = named(view, row)
    assert view == "letter_replays"
    assert (found["letter_id"], found["replayed_by"], found["reason"]) == ("d1", "Ann", "mended")
    assert (found["source_offset"], found["replayed_to_offset"], found["repaired"]) == (5, 9, True)
    for of in ("dead_letters", "letter_replays"):
        with pytest.raises(InvalidBody):
            ROW_OF[of](headers("DeadLetterReplayed"), b"{}", ORIGIN)
    assert ROW_OF["dead_letters"](headers("DeadLetterReplayed"), encode_body(note), ORIGIN) is None


def test_model() -> None:
    """A published model is a row by its version."""
    model = ModelPublished(version="v2", uri="v2", sha256="s", accuracy=0.9, taxonomy_version="1")
    ((view, row),) = base_rows(Topic.MODELS_PUBLISHED, headers("ModelPublished"), encode_body(model), ORIGIN)
    assert (named(view, row)["version"], named(view, row)["published_at"]) == ("v2", AT)


@pytest.mark.parametrize(
    ("topic", "record_headers", "value", "error"),
    [
        (Topic.AGENTS_EVENTS, [], b"{}", NotAnEvent),
        (Topic.AGENTS_EVENTS, headers("CustomerUpdated"), b"{}", UnknownEventType),
        (Topic.AGENTS_EVENTS, headers("AgentUpdated"), b"{}", InvalidBody),
        (Topic.TICKETS_ALERTS, headers("SlaBreached"), b"\xff", InvalidBody),
        (Topic.TICKETS_ALERTS, headers("SlaBreached"), b'{"priority":"very"}', InvalidBody),
        (Topic.ALERTS_DELIVERIES, headers("SlaBreached"), b"{}", UnknownEventType),
        (Topic.TICKETS_DEAD, [], b"", NotAnEvent),
        (Topic.TICKETS_DEAD, [("dead", b"\xff")], b"", NotAnEvent),
        (Topic.MODELS_PUBLISHED, headers("ModelPublished"), None, InvalidBody),
    ],
)
def test_bad_record_is_an_event_error(
    topic: Topic, record_headers: list[tuple[str, bytes]], value: bytes | None, error: type[EventError]
) -> None:
    """A record that is no event of its topic raises an EventError, so that callers can count and skip it."""
    with pytest.raises(error):
        base_rows(topic, record_headers, value, ORIGIN)


@pytest.mark.parametrize("value", [b"{", None])
def test_a_bad_record_of_the_log_is_an_event_error(value: bytes | None) -> None:
    """For both of its views."""
    for view in ("tickets", "ticket_events"):
        with pytest.raises(InvalidBody):
            ROW_OF[view](headers("TicketLogged"), value, ORIGIN)


def test_topic_that_is_not_served_has_no_rows() -> None:
    """Asking for rows of a topic that no view is made of is a mistake of the caller."""
    with pytest.raises(ValueError, match=r"no view is made of topic tickets\.work"):
        base_rows(Topic.TICKETS_WORK, [], b"", ORIGIN)
