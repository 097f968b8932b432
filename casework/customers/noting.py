"""What each ticket of a customer is to know of the others: a pure function of their newest pictures.

A ticket looks back at those that were opened before it. So a change tells the later ones, and the earlier ones only
where a count or the tier changed, which costs no comparison.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from casework.customers.likeness import proposal
from casework.customers.rules import CustomerRules
from schemas.records.derived.alerts import RepeatContactDetected
from schemas.records.derived.customer_events import CustomerNoted, CustomerWorkChanged
from schemas.vocabulary import Tier

Rank = tuple[datetime, str]


class Known(NamedTuple):
    """A customer: their tier where another system told it, and their tickets in the order of their opening."""

    tier: Tier | None
    tickets: Sequence[CustomerWorkChanged]


def rank(ticket: CustomerWorkChanged) -> Rank:
    """Return the place of a ticket among those of its customer; it never changes."""
    return ticket.opened_at, ticket.ticket_id


def notes(
    known: Known, rules: CustomerRules, told: Mapping[str, CustomerNoted], since: Rank | None
) -> Iterator[CustomerNoted]:
    """Yield what each ticket is to know now. Nothing that was opened before `since` has changed (None: no ticket has).

    `told` is what tickets were told before, by their ids.
    """
    open_tickets = min(sum(ticket.open for ticket in known.tickets), rules.count_open_up_to)
    tier = known.tier or tier_by_tickets(known.tickets)
    for place, ticket in enumerate(known.tickets):
        before = told.get(ticket.ticket_id)
        changed = since is not None and rank(ticket) >= since
        if before is None or changed or (before.life, before.rules) != (ticket.life, rules.name):
            before = _looking_back(ticket, known.tickets[:place], rules)
        counted = open_tickets if ticket.open else 0
        lacking = tier if ticket.customer_tier is None else None  # a tier that its own events name stands
        if (before.open_tickets, before.customer_tier) != (counted, lacking):
            before = replace(before, open_tickets=counted, customer_tier=lacking)
        yield before


def tier_by_tickets(tickets: Sequence[CustomerWorkChanged]) -> Tier | None:
    """Return the tier that the newest ticket with one states."""
    return next((ticket.customer_tier for ticket in reversed(tickets) if ticket.customer_tier), None)


def repeat_contact(
    ticket: CustomerWorkChanged, earlier: Sequence[CustomerWorkChanged], rules: CustomerRules
) -> RepeatContactDetected | None:
    """Return that a ticket repeats earlier ones, None where it does not: the newest of them is `repeat_of`."""
    repeated = [other for other in earlier if _repeats(ticket, other, rules)]
    if not repeated:
        return None
    last = repeated[-1]
    return RepeatContactDetected(
        ticket_id=ticket.ticket_id,
        life=ticket.life,
        rules=rules.name,
        repeat_of=last.ticket_id,
        contacts=len(repeated),
        after_resolution=last.finished_at is not None and last.finished_at <= ticket.opened_at,
        other_channel=last.channel != ticket.channel,
    )


def _repeats(ticket: CustomerWorkChanged, other: CustomerWorkChanged, rules: CustomerRules) -> bool:
    """Tell whether a ticket comes back to what an earlier one was about; one merged with it is the same contact."""
    if ticket.intent is None or ticket.intent != other.intent or ticket.intent in rules.repeat.never:
        return False
    if ticket.merged_into == other.ticket_id or other.merged_into == ticket.ticket_id:
        return False
    return ticket.opened_at - other.opened_at <= timedelta(days=rules.repeat.within_days)


def _looking_back(
    ticket: CustomerWorkChanged, earlier: Sequence[CustomerWorkChanged], rules: CustomerRules
) -> CustomerNoted:
    repeat = repeat_contact(ticket, earlier, rules)
    found = [made for other in earlier if (made := proposal(ticket, other, rules)) is not None]
    best = sorted(found, key=lambda made: (-made.score, made.into_ticket_id))[: rules.merge.most]
    return CustomerNoted(
        ticket_id=ticket.ticket_id,
        customer_id=ticket.customer_id,
        life=ticket.life,
        rules=rules.name,
        repeat_of=None if repeat is None else repeat.repeat_of,
        merge_proposals=tuple(best),
    )
