"""What a rule can ask for: one table of conditions, each a function of a ticket's row and the value in the file.

A condition of time names the moment from which it holds while nothing happens; a condition of state holds or does not.
All of them are pure.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from casework.durations import said
from schemas.records.sla_clock import SlaClock
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Priority, Status

SENTIMENTS: Final = 3
"""So many of the customer's last messages say how they feel; with fewer nothing is said."""

Moment = Callable[[TicketRow, Any], datetime | None]
Holds = Callable[[TicketRow, Any], bool]
Words = Callable[[TicketRow, Any], str]


class OfTime(NamedTuple):
    """A condition that holds from a moment on; None while it cannot."""

    moment: Moment
    words: Words


class OfState(NamedTuple):
    """A condition that holds or not; one that only narrows a rule down is no `cause`."""

    holds: Holds
    words: Words
    cause: bool = True


def _limit(limits: dict[Priority, timedelta], row: TicketRow) -> timedelta | None:
    return limits.get(row.priority)


def _after(start: datetime | None, limits: dict[Priority, timedelta], row: TicketRow) -> datetime | None:
    limit = _limit(limits, row)
    return None if start is None or limit is None else start + limit


def _age(row: TicketRow, limits: dict[Priority, timedelta]) -> datetime | None:
    """From its opening, or from its last reopening: what was solved in between was not waiting."""
    opened = row.opened_at if row.reopened_at is None else max(row.opened_at, row.reopened_at)
    return _after(opened, limits, row)


def _unassigned(row: TicketRow, limits: dict[Priority, timedelta]) -> datetime | None:
    return None if row.assignee is not None else _after(row.waiting_since, limits, row)


def _no_progress(row: TicketRow, limits: dict[Priority, timedelta]) -> datetime | None:
    """A ticket that waits for its customer makes no progress by us, and need not."""
    if row.status is Status.PENDING_CUSTOMER:
        return None
    return _after(row.last_progress_at or row.opened_at, limits, row)


def _still_at(row: TicketRow, value: Any) -> datetime | None:
    at = row.escalated_at
    return None if at is None or row.escalation_level != value.level else at + value.after


def _asked(row: TicketRow, value: Any) -> datetime | None:
    del value
    return row.escalation_asked_at


def _over(what: str) -> Words:
    def words(row: TicketRow, limits: dict[Priority, timedelta]) -> str:
        limit = _limit(limits, row)
        return f"{what} over {said(limit) if limit else 'its limit'} ({row.priority})"

    return words


def _mean(row: TicketRow) -> float:
    return sum(row.recent_sentiments) / len(row.recent_sentiments)


def _told_of(clock: SlaClock, told: frozenset[str]) -> bool:
    """Tell whether a promise that is still to be kept has been warned of, or is broken as it is given now."""
    broken = clock.is_late and "breached" in told
    return clock.ended_at is None and (broken or (clock.warned and "warned" in told))


def _of(name: str, *, cause: bool = False) -> OfState:
    """Return the condition that a value of the row is one of those in the file."""
    return OfState(
        lambda row, values: getattr(row, name) in values,
        lambda row, values: f"{name} {getattr(row, name)}",  # noqa: ARG005 - the row says which of the values
        cause=cause,
    )


OF_TIME: Final[dict[str, OfTime]] = {
    "age": OfTime(_age, _over("open")),
    "unassigned": OfTime(_unassigned, _over("without an agent")),
    "no_progress": OfTime(_no_progress, _over("no progress")),
    "still_at": OfTime(_still_at, lambda _row, value: f"at level {value.level} for {said(value.after)}"),
    "asked": OfTime(_asked, lambda row, _value: f"asked for by {row.escalation_asked_by}"),
}
"""Conditions of time, by their names in the file."""

OF_STATE: Final[dict[str, OfState]] = {
    "interactions_at_least": OfState(
        lambda row, least: row.interactions >= least,
        lambda row, _least: f"{row.interactions} interactions",
    ),
    "sentiment_below": OfState(
        lambda row, bound: len(row.recent_sentiments) == SENTIMENTS and _mean(row) < bound,
        lambda row, _bound: f"mean sentiment {_mean(row):.2f} of the last {SENTIMENTS} messages",
    ),
    "repeat_issue": OfState(
        lambda row, _value: row.repeat_of is not None,
        lambda row, _value: f"the same issue as {row.repeat_of}",
    ),
    "wants_human": OfState(
        lambda row, _value: row.wants_human,
        lambda _row, _value: "the customer asks for a human",
    ),
    "concerns": OfState(
        lambda row, lists: not lists.isdisjoint(row.escalation_concerns),
        lambda row, lists: f"words of concern: {', '.join(sorted(lists & set(row.escalation_concerns)))}",
    ),
    "sla": OfState(
        lambda row, told: any(_told_of(clock, told) for clock in row.sla),
        lambda row, told: f"SLA of {', '.join(clock.metric for clock in row.sla if _told_of(clock, told))}",
    ),
    "tiers": _of("customer_tier", cause=True),
    "priorities": _of("priority"),
    "categories": _of("category"),
    "channels": _of("channel"),
    "languages": _of("language"),
    "teams": _of("team"),
}
"""Conditions of state, by their names in the file."""
