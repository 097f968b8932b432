"""The statuses as a state machine: which may follow which, by whose hands. An illegal move is told, never refused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import UNSET

from casework.clocks import SOURCE
from schemas.fold import Fact
from schemas.fold.order import is_older
from schemas.fold.status import is_assumed
from schemas.records.derived.alerts import Alert
from schemas.records.derived.decisions import Decision
from schemas.records.events import (
    MessageAdded,
    TicketClosed,
    TicketDeescalated,
    TicketImported,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import FINISHED, Author, Status


class Actor(StrEnum):
    """Whose hands move a ticket."""

    CUSTOMER = "customer"
    PEOPLE = "people"  # agents, and the help desk that speaks for them
    ROUTING = "routing"
    CLOCK = "clock"  # the desk's own rules


_Moves = Mapping[Status, frozenset[Status]]

_BEGUN: Final = frozenset({Status.ASSIGNED, Status.IN_PROGRESS, Status.PENDING_CUSTOMER, Status.ESCALATED})
_REOPENED: Final = frozenset({Status.NEW, Status.ASSIGNED, Status.IN_PROGRESS, Status.ESCALATED})
_FROM_BEGUN: Final = _BEGUN | FINISHED

LEGAL: Final[Mapping[Actor, _Moves]] = {
    Actor.PEOPLE: {
        Status.NEW: _BEGUN | FINISHED,
        Status.ASSIGNED: _FROM_BEGUN | {Status.NEW},  # taken from the agent before work began
        # As in Zendesk, what was begun is never new again; source: support.zendesk.com, article 4408894213018.
        Status.IN_PROGRESS: _FROM_BEGUN,
        Status.PENDING_CUSTOMER: _FROM_BEGUN,
        Status.ESCALATED: _FROM_BEGUN,
        Status.RESOLVED: _REOPENED | {Status.CLOSED},
        Status.CLOSED: _REOPENED,
    },
    Actor.CUSTOMER: {
        Status.PENDING_CUSTOMER: frozenset({Status.IN_PROGRESS}),
        Status.RESOLVED: _REOPENED,
        Status.CLOSED: _REOPENED,
    },
    Actor.ROUTING: {Status.NEW: frozenset({Status.ASSIGNED})},
    Actor.CLOCK: {
        **dict.fromkeys(Status, frozenset({Status.ESCALATED})),
        Status.ESCALATED: _BEGUN | {Status.NEW},
        Status.RESOLVED: frozenset({Status.CLOSED}),
        Status.CLOSED: _REOPENED,  # a merge that is refused
    },
}
"""By whose hands a ticket may go from one status to which others; to stay as it is needs no leave."""


def illegal_move(before: TicketRow, after: TicketRow, fact: Fact) -> str | None:
    """Return what was illegal in what `fact` says of the status, as `from>to by whom`; None where nothing was.

    An event of before the last word on the status is not judged: nobody knows what it followed. Nor is one that ends
    the ticket's not being known.
    """
    wanted, actor = _wanted(after, fact), _actor(fact)
    if _finished_before_opening(before, fact, wanted):
        return f"{wanted}>opened by {actor}"
    if is_assumed(before) or is_older(fact.time, before.status_at):
        return None
    if isinstance(fact.body, TicketReopened) and before.status not in FINISHED:
        # Some sources say it behind the customer's message, which has reopened the ticket already.
        return None if before.reopenings else f"{before.status}>reopened by {actor}"
    if wanted is before.status or wanted in LEGAL[actor].get(before.status, ()):
        return None
    return f"{before.status}>{wanted} by {actor}"


def _wanted(after: TicketRow, fact: Fact) -> Status:
    """Return the status that an event asks for: what it states, else what became of the ticket by it."""
    match fact.body:
        case TicketResolved():
            return Status.RESOLVED
        case TicketClosed() | TicketMerged():
            return Status.CLOSED
        case TicketUpdated(status=status) if status is not UNSET:
            return Status(status)
        case _:
            return after.status


def _actor(fact: Fact) -> Actor:
    match fact.body:
        case MessageAdded(author=Author.CUSTOMER):
            return Actor.CUSTOMER
        case Decision():
            return Actor.ROUTING
        case Alert() | TicketDeescalated():  # whoever ended it: the desk's rules say where that leads back to
            return Actor.CLOCK
        case _:
            return Actor.CLOCK if fact.source == SOURCE else Actor.PEOPLE


def _finished_before_opening(before: TicketRow, fact: Fact, wanted: Status) -> bool:
    """Tell whether a ticket was finished before it was opened, in whatever order the two arrive."""
    if not isinstance(fact.body, TicketOpened):
        stated = isinstance(fact.body, TicketResolved | TicketClosed | TicketUpdated) and wanted in FINISHED
        return stated and not before.resumed and fact.time < before.opened_at
    opened_at = fact.body.opened_at if isinstance(fact.body, TicketImported) else None
    resolved_at = before.first_resolved_at
    return before.resumed and resolved_at is not None and resolved_at < (opened_at or fact.time)
