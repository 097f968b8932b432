"""The event types as Python values."""

import msgspec
import pytest

from schemas.fold import FOLDED_EVENTS
from schemas.records.derived import DERIVED_EVENTS, TicketLogged, TicketTriaged
from schemas.records.derived.alerts import Alert, SlaAlert
from schemas.records.derived.decisions import AgentChosen, Decision
from schemas.records.derived.deliveries import WebhookSent
from schemas.records.events import (
    EXTERNAL_EVENTS,
    TICKET_EVENTS,
    Event,
    MessageAdded,
    TicketEvent,
    TicketImported,
    TicketOpened,
)
from schemas.records.json_schemas import EVENTS
from schemas.vocabulary import PRIORITY_RANK, TIER_RANK, Author, Priority, Tier


def test_every_event_class_is_registered() -> None:
    """A type that no table names could not be decoded anywhere."""
    bases = {Event, TicketEvent, Decision, AgentChosen, Alert, SlaAlert, WebhookSent}
    found: set[type[Event]] = set()
    waiting: list[type[Event]] = [Event]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting += kind.__subclasses__()

    contract = {kind for kind in found - bases if kind.__module__.startswith("schemas.records.")}
    assert contract == set(EVENTS.values())


def test_types_are_named_as_their_classes() -> None:
    """ce_type is the class's name, and no name means two things."""
    assert all(name == kind.__name__ for name, kind in EVENTS.items())
    assert not EXTERNAL_EVENTS.keys() & DERIVED_EVENTS.keys()


def test_every_ticket_event_can_be_folded() -> None:
    """What may be published about a ticket changes or at least reaches its row."""
    assert set(TICKET_EVENTS) <= set(FOLDED_EVENTS)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.__name__)
def test_events_are_values(kind: type[Event]) -> None:
    """Frozen, keyword-only and documented: they can be shared between stages without copies."""
    assert kind.__struct_config__.frozen
    assert kind.__struct_config__.omit_defaults
    assert not kind.__struct_config__.forbid_unknown_fields
    assert kind.__doc__
    assert {field.name for field in msgspec.structs.fields(kind)} == set(kind.__struct_encode_fields__)


def test_an_import_is_an_opening() -> None:
    """Whoever handles an opening handles an import."""
    assert issubclass(TicketImported, TicketOpened)


def test_the_untouched_body_travels_byte_for_byte() -> None:
    """What a producer sent, unknown fields and spaces included, is in the log."""
    body = b'{ "ticket_id" : "T-1", "new_in_2031": [1,  2] }'
    text = (
        b'{"ticket_id":"T-1","event":{"id":"e","type":"TicketClosed","source":"s",'
        b'"time":"2026-03-02T09:00:00Z","body":' + body + b'},"origin":{"topic_id":"x","partition":0,'
        b'"offset":1,"timestamp_ms":2}}'
    )
    triaged = msgspec.json.decode(text, type=TicketTriaged)

    assert bytes(triaged.event.body) == body
    assert body in msgspec.json.encode(triaged)


def test_a_message_is_public_unless_it_says_otherwise() -> None:
    """Leaving out `public` must never hide a customer's word."""
    assert MessageAdded(ticket_id="T-1", author=Author.CUSTOMER, author_id="C-1").public


def test_word_lists_are_in_order() -> None:
    """A queue goes by rank, so the order of the lists is part of the contract."""
    assert sorted(Priority, key=PRIORITY_RANK.__getitem__) == ["low", "medium", "high", "urgent", "critical"]
    assert sorted(Tier, key=TIER_RANK.__getitem__) == ["bronze", "silver", "gold", "platinum", "enterprise"]


def test_a_logged_ticket_has_both_rows() -> None:
    """Aggregates add the row after and subtract the row before."""
    assert {"after", "before", "event", "triage"} <= set(TicketLogged.__struct_fields__)
