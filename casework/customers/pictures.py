"""What the customers stage is to know of a ticket, and when it must be told."""

from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from casework.customers.texts import subject_words
from schemas.effects import Effect
from schemas.fold import Fact
from schemas.records.derived.customer_events import CustomerWorkChanged
from schemas.records.ticket_row import TicketRow
from schemas.signals import EntityKind
from schemas.vocabulary import FINISHED

_TELLING: Final = frozenset(
    (EntityKind.ORDER, EntityKind.INVOICE, EntityKind.TICKET, EntityKind.REFERENCE, EntityKind.ERROR_CODE)
)
"""Kinds of entities that tell one matter from another; an account or an address is the same in all of them."""

_ENTITIES: Final = 8
_ENTITY_LENGTH: Final = 64


def settle_entities(row: TicketRow, fact: Fact) -> TicketRow:
    """Return the row with what its customer's messages name, the first few."""
    signals = None if fact.triage is None else fact.triage.signals
    if signals is None or Effect.INTENT in fact.withheld or len(row.named_entities) == _ENTITIES:
        return row
    found = [
        f"{each.kind}:{each.value[:_ENTITY_LENGTH]}" for each in signals.entities if each.kind in _TELLING
    ]
    named = tuple(dict.fromkeys((*row.named_entities, *found)))[:_ENTITIES]
    return row if named == row.named_entities else replace(row, named_entities=named)


def customer_change(before: TicketRow | None, after: TicketRow) -> CustomerWorkChanged | None:
    """Return what to tell of a ticket once `after` has replaced `before`; None where nothing of it changed.

    Nothing of what the customers stage itself says of a ticket is in it, so no answer leads to another question.
    """
    customer_id = after.customer_id
    if customer_id is None or (before is not None and _told(before) == _told(after)):
        return None
    return _picture(after, customer_id)


def _told(row: TicketRow) -> tuple[Any, ...]:
    """Return what a picture is made of; it is made only where this has changed."""
    finished_at = _finished_at(row) if row.status in FINISHED else None
    tier = None if row.tier_noted else row.customer_tier
    about = (row.channel, row.intent, row.product, row.subject, row.named_entities, tier)
    return (row.customer_id, row.life, row.opened_at, finished_at, row.merged_into, *about)


def _picture(row: TicketRow, customer_id: str) -> CustomerWorkChanged:
    finished = row.status in FINISHED
    return CustomerWorkChanged(
        ticket_id=row.ticket_id,
        customer_id=customer_id,
        life=row.life,
        revision=row.revision,
        opened_at=row.opened_at,
        open=not finished,
        finished_at=_finished_at(row) if finished else None,
        merged_into=row.merged_into,
        channel=row.channel,
        intent=row.intent,
        product=row.product,
        subject_words=subject_words(row.subject),
        named_entities=row.named_entities,
        customer_tier=None if row.tier_noted else row.customer_tier,
    )


def _finished_at(row: TicketRow) -> datetime:
    return row.resolved_at or row.closed_at or row.last_event_at
