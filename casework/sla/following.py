"""How one clock goes on when something happens to its ticket: it starts, pauses, ends, and is given its target."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from msgspec.structs import replace

from casework.calendar.business_time import RoundTheClock
from casework.sla.metrics import Metric
from casework.sla.policies import Promise
from schemas.records.sla_clock import SlaClock
from schemas.records.ticket_row import TicketRow

_MICROSECOND: Final = timedelta(microseconds=1)
_ROUND_THE_CLOCK: Final = RoundTheClock()


class Happening(NamedTuple):
    """What happened to a ticket, as far as its clocks depend on it.

    `at` is when, `known_at` when it changes what is promised, which may be later; `reply_at` is of a public reply.
    `anew` says whether what is promised may have changed, `reopens` that the ticket was finished until now: of a clock
    that is new on it, nothing has passed; `silently` that nobody is to be told now of what is past.
    """

    at: datetime
    known_at: datetime
    reply_at: datetime | None
    anew: bool
    reopens: bool
    silently: bool


def follow(
    before: SlaClock | None,
    metric: Metric,
    row: TicketRow,
    promise: Promise | None,
    what: Happening,
    *,
    passes: bool,
) -> SlaClock | None:
    """Return a metric's clock after something happened that made the row what it is; `before` is the clock until then.

    `promise` is None where nothing is promised; its time is counted all the same, so that pauses are known once
    something is. `passes` says whether its time passes now. A clock that has ended is judged no more by a target of
    later; only a reply or an end of earlier, heard of late, corrects it.
    """
    # Rules that settle after these may have raised the priority since the clock was set.
    anew = what.anew or (before is not None and before.target_s != _seconds(promise))
    began = metric.begins(row)
    clock = _begun(before, metric, began, promise, what, passes=passes)
    if clock is None:
        return None
    end = metric.ends(row, what.reply_at, clock)
    if end is not None:
        clock = _ended(clock, max(end, clock.started_at), promise)
    elif began is not None:
        clock = _open(clock, what.at, promise, passes=passes)
    if clock is before and not anew:
        return clock
    if before is None or before.started_at != clock.started_at or clock.ended_at is None:
        clock = _aimed(clock, promise, what.known_at)
        return _past_known(clock, what.known_at) if what.silently else clock
    return _aimed(clock, promise, what.known_at) if anew and before.ended_at is None else clock


def _begun(
    clock: SlaClock | None,
    metric: Metric,
    began: datetime | None,
    promise: Promise | None,
    what: Happening,
    *,
    passes: bool,
) -> SlaClock | None:
    """Return the clock of what began then: as it was, a new one, or one that began earlier than was known."""
    if began is None:
        return clock
    if clock is None:
        clock = _started(metric, began, None, passes=passes)
        return replace(clock, since=max(what.at, began)) if what.reopens else clock
    if began > clock.started_at:
        end = max(what.reply_at or began, clock.started_at)
        return _started(
            metric, began, clock if clock.ended_at else _ended(clock, end, promise), passes=passes
        )
    return _started_earlier(clock, began, promise) if began < clock.started_at else clock


def _started(metric: Metric, began: datetime, done: SlaClock | None, *, passes: bool) -> SlaClock:
    met, missed = (0, 0) if done is None else (done.times_met, done.times_missed)
    return SlaClock(metric=metric.name, started_at=began, since=began, runs=passes, met=met, missed=missed)


def _started_earlier(clock: SlaClock, began: datetime, promise: Promise | None) -> SlaClock:
    """Let a clock begin at a moment of which was heard late."""
    if clock.since == clock.started_at and clock.ended_at is None:
        return replace(clock, started_at=began, since=began)
    more = _measured(began, clock.started_at, promise)
    return replace(clock, started_at=began, spent_us=clock.spent_us + more)


def _ended(clock: SlaClock, end: datetime, promise: Promise | None) -> SlaClock:
    if clock.ended_at is None:
        return replace(_counted(clock, end, promise), ended_at=max(end, clock.since), warn_at=None)
    if end >= clock.ended_at:
        return clock
    less = _measured(end, clock.ended_at, promise) if clock.runs else 0
    return replace(clock, ended_at=end, since=end, spent_us=max(0, clock.spent_us - less))


def _open(clock: SlaClock, at: datetime, promise: Promise | None, *, passes: bool) -> SlaClock:
    """Let a clock go on or stand still; one that had ended goes on from now."""
    if clock.ended_at is not None:
        return replace(clock, ended_at=None, since=max(at, clock.since), runs=passes)
    if clock.runs == passes:
        return clock
    return replace(_counted(clock, at, promise), since=max(at, clock.since), runs=passes)


def _counted(clock: SlaClock, until: datetime, promise: Promise | None) -> SlaClock:
    """Count the time up to a moment; a moment of before adds nothing, and takes nothing away."""
    if not clock.runs or until <= clock.since:
        return clock
    return replace(clock, spent_us=clock.spent_us + _measured(clock.since, until, promise), since=until)


def _measured(start: datetime, end: datetime, promise: Promise | None) -> int:
    time = _ROUND_THE_CLOCK if promise is None else promise.time
    return time.elapsed(start, end) // _MICROSECOND


def _seconds(promise: Promise | None) -> int | None:
    return None if promise is None else promise.target // timedelta(seconds=1)


def _aimed(clock: SlaClock, promise: Promise | None, known_at: datetime) -> SlaClock:
    """Set the target, and when it and its warning will be or were due; no alert of it fires before `known_at`."""
    if promise is None:
        return replace(clock, target_s=None, business=False, due_at=None, warn_at=None, set_at=None)
    target_s, spent = _seconds(promise), timedelta(microseconds=clock.spent_us)
    clock = replace(clock, business=promise.business)
    moves = clock.runs or promise.target <= spent
    due_at = promise.time.after(clock.since, promise.target - spent) if moves else None
    warn_at = promise.time.after(clock.since, promise.target * promise.warn_at - spent)
    if due_at is None or warn_at is None:
        return replace(clock, target_s=target_s, due_at=None, warn_at=None)
    if clock.breached_at is not None and promise.target <= spent:
        due_at = min(due_at, clock.breached_at)  # a pause does not give back what was used up before it
    set_at = clock.set_at
    if (target_s, due_at) != (clock.target_s, clock.due_at):
        set_at = known_at if known_at > warn_at else None
    warned = _is_warned(clock, warn_at, due_at)
    told = warned or clock.ended_at is not None
    return replace(
        clock,
        target_s=target_s,
        due_at=due_at,
        warn_at=None if told else warn_at,
        set_at=set_at,
        warned=warned,
    )


def _past_known(clock: SlaClock, known_at: datetime) -> SlaClock:
    """Take what is past as told, so that nobody is warned of it today."""
    due_at = clock.due_at
    if due_at is None or clock.ended_at is not None:
        return clock
    if clock.warn_at is not None and clock.warn_at <= known_at:
        clock = replace(clock, warned=True, warned_for=due_at, warn_at=None)
    return replace(clock, breached_at=due_at, set_at=None) if due_at <= known_at else clock


def _is_warned(clock: SlaClock, warn_at: datetime, due_at: datetime) -> bool:
    """Tell whether somebody was warned of this due time, or of a pause before it that left no share to warn of."""
    if clock.warned_for is None or clock.ended_at is not None:
        return clock.warned
    return due_at <= clock.warned_for or (clock.warned and warn_at <= clock.since)
