"""What stages tell each other of customers: one ticket as the customers stage sees it, and what it answers."""

from typing import Final

import msgspec

from schemas.records.events import Count, Id, Label, Moment, Number, Share, TicketEvent
from schemas.vocabulary import Channel, Tier


class CustomerWorkChanged(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """customers.work: one ticket of a customer, whole; a higher (`life`, `revision`) replaces all before it.

    `subject_words` and `named_entities` (`kind:value`) tell whether two tickets are about one thing. `customer_tier` is
    what the ticket's own events say, never what the customers stage said of it.
    """

    customer_id: Id
    life: Number
    revision: Number
    opened_at: Moment
    open: bool
    finished_at: Moment | None = None
    merged_into: Id | None = None
    channel: Channel | None = None
    intent: str | None = None
    product: str | None = None
    subject_words: tuple[str, ...] = ()
    named_entities: tuple[str, ...] = ()
    customer_tier: Tier | None = None


class MergeProposal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An earlier open ticket that seems to be about the same thing, how much so, and why."""

    into_ticket_id: Id
    score: Share
    reasons: tuple[str, ...]


class CustomerNoted(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.decisions: what a ticket is to know of its customer, whole; the last one counts.

    `open_tickets` counts up to a limit of the table that `rules` names. `customer_tier` is for a ticket whose
    own events name none. `repeat_of` is the last earlier ticket of the same intent.
    """

    customer_id: Id
    life: Number
    rules: Label
    open_tickets: Count = 0
    customer_tier: Tier | None = None
    repeat_of: Id | None = None
    merge_proposals: tuple[MergeProposal, ...] = ()


OF_CUSTOMERS: Final[dict[str, type[TicketEvent]]] = {
    event.__name__: event for event in (CustomerWorkChanged, CustomerNoted)
}
"""What cases and customers tell each other, by its type."""
