"""What the policies make of a ticket's row after each fact: who waits since when, its clocks, and what is due first."""

from datetime import datetime

from msgspec.structs import replace

from casework.clocks import SOURCE
from casework.sla.following import Happening, follow
from casework.sla.metrics import METRICS, Metric
from casework.sla.policies import OUR_TIME, SlaPolicies, SlaPolicy
from schemas.effects import Effect
from schemas.fold import Fact
from schemas.records.derived.alerts import SlaAlert, SlaWarned
from schemas.records.derived.sla_events import SlaPolicyApplied
from schemas.records.events import MessageAdded, TicketImported, TicketOpened
from schemas.records.sla_clock import SlaClock, SlaMetric
from schemas.records.ticket_row import TicketRow, said_of
from schemas.vocabulary import FINISHED, Author, AutomaticDecision, Status


def settle_sla(policies: SlaPolicies, before: TicketRow, after: TicketRow, fact: Fact) -> TicketRow:
    """Return `after` with its clocks as this fact and today's policies leave them.

    Clocks start while a ticket is open, or with an opening that is heard of after its end. Of a ticket that is
    finished and stays so, only what was counted is corrected; the version stays that by which it was counted.
    """
    row = _conversation(before, after, fact)
    if isinstance(fact.body, SlaAlert):
        row = replace(row, sla=tuple(_told(clock, fact.body) for clock in row.sla))
    over = _is_over(before, row, fact)
    if (over and not row.sla) or _awaits_policies(before, fact):
        return row
    policy = policies.policy_for(row)
    anew = not over and _may_differ(policies, policy, before, row)
    clocks = _followed(policies, policy, before, row, fact, anew=anew)
    if not over:
        row = replace(row, sla_policy=None if policy is None else policy.name, sla_version=policies.version)
    due = [clock.due_at for clock in clocks if clock.due_at is not None and clock.ended_at is None]
    return replace(row, sla=clocks, due_at=min(due, default=None))


def _followed(
    policies: SlaPolicies,
    policy: SlaPolicy | None,
    before: TicketRow,
    row: TicketRow,
    fact: Fact,
    *,
    anew: bool,
) -> tuple[SlaClock, ...]:
    kept = {clock.metric: clock for clock in row.sla}
    over = _is_over(before, row, fact)
    what = Happening(
        at=fact.time,
        known_at=_known_at(fact),
        reply_at=_reply_at(fact),
        anew=anew,
        reopens=_reopens(before, fact),
        silently=_is_backlog(before, fact),
    )
    # Where nothing is promised yet, time stands still as it does in a policy that does not say itself when.
    pauses = OUR_TIME if policy is None else policy.pauses
    pauses = pauses if row.status is Status.PENDING_CUSTOMER else ()
    promises = policies.promises_of(policy, row)
    found: list[SlaClock] = []
    for metric in METRICS:
        clock = kept.get(metric.name)
        if clock is None and (over or not _may_start(metric, before, row, fact)):
            continue
        clock = follow(
            clock,
            metric,
            row,
            promises.get(metric.name),
            what,
            passes=metric.passes(row) and metric.name not in pauses,
        )
        if clock is not None:
            found.append(clock)
    return tuple(found)


def _is_over(before: TicketRow, row: TicketRow, fact: Fact) -> bool:
    """Tell whether a ticket that was finished stays so, and nobody has just heard that it was opened before."""
    return row.status in FINISHED and before.status in FINISHED and not _opened_late(before, row, fact)


def _reopens(before: TicketRow, fact: Fact) -> bool:
    """Tell whether a ticket was finished until now; an opening or import tells of the time before it as well."""
    return before.status in FINISHED and not isinstance(fact.body, TicketOpened)


def _is_backlog(before: TicketRow, fact: Fact) -> bool:
    """Tell whether a ticket is of before its clocks: it is imported, or was there before any policies."""
    if isinstance(fact.body, TicketOpened):
        return isinstance(fact.body, TicketImported) and before.resumed
    return before.sla_version is None


def _awaits_policies(before: TicketRow, fact: Fact) -> bool:
    """Tell whether another clock of an old ticket comes before its policies: its time is of long ago."""
    fired = fact.source == SOURCE and not isinstance(fact.body, SlaPolicyApplied)
    return fired and before.sla_version is None and not before.resumed


def _may_start(metric: Metric, before: TicketRow, row: TicketRow, fact: Fact) -> bool:
    """Tell whether a clock that is not there yet may start: a first reply is promised when a ticket comes, not later.

    It comes when it is opened, or returns unanswered, or is there when policies first count. Who imports a ticket that
    is worked on does not say whether it was answered.
    """
    if metric.name is not SlaMetric.FIRST_REPLY:
        return True
    if isinstance(fact.body, TicketImported):
        return row.status is Status.NEW
    if _reopens(before, fact):
        return row.first_replied_at is None
    return isinstance(fact.body, TicketOpened) or before.sla_version is None


def _may_differ(policies: SlaPolicies, policy: SlaPolicy | None, before: TicketRow, row: TicketRow) -> bool:
    """Tell whether what is promised may be another than that by which the row's clocks were set."""
    name = None if policy is None else policy.name
    # A person may say as many business hours as calendar hours were promised: the seconds alone would not tell.
    said, said_before = (said_of(each, AutomaticDecision.SLA_TARGET) for each in (row, before))
    new = policies.version, name, row.priority, said
    return new != (row.sla_version, row.sla_policy, before.priority, said_before)


def _opened_late(before: TicketRow, row: TicketRow, fact: Fact) -> bool:
    """Tell whether this opens a ticket of whose end was heard before; an import says nothing of what came between."""
    own = isinstance(fact.body, TicketOpened) and not isinstance(fact.body, TicketImported)
    return own and before.resumed and not row.resumed


def _told(clock: SlaClock, alert: SlaAlert) -> SlaClock:
    """Note that somebody was told of a clock, so that they are told once."""
    if (clock.metric, clock.started_at) != (alert.metric, alert.started_at):
        return clock
    if isinstance(alert, SlaWarned):
        return replace(clock, warned=True, warned_for=alert.due_at, warn_at=None)
    return replace(clock, breached_at=alert.due_at)


def _known_at(fact: Fact) -> datetime:
    """Return from when on what a fact promises is promised: a file that changed says nothing of before it was read."""
    body = fact.body
    applied_at = body.applied_at if isinstance(body, SlaPolicyApplied) else None
    return fact.time if applied_at is None else max(fact.time, applied_at)


def _reply_at(fact: Fact) -> datetime | None:
    body = fact.body
    replied = isinstance(body, MessageAdded) and body.author is Author.AGENT and body.public
    return fact.time if replied else None


def _conversation(before: TicketRow, row: TicketRow, fact: Fact) -> TicketRow:
    """Note the last reply, and since when the customer waits for one; the resolution of a ticket ends that."""
    reply_at = _reply_at(fact)
    if reply_at is not None:
        row = _answered(row, reply_at)
    elif isinstance(fact.body, MessageAdded) and fact.body.author is Author.CUSTOMER:
        row = _asked(before, row, fact)
    if row.status in FINISHED and row.unanswered_since is not None:
        row = replace(row, unanswered_since=None)
    return row


def _answered(row: TicketRow, time: datetime) -> TicketRow:
    last = time if row.agent_wrote_at is None else max(row.agent_wrote_at, time)
    waiting = row.unanswered_since
    if waiting is not None and time >= waiting:
        wrote = row.customer_wrote_at
        waiting = wrote if wrote is not None and wrote > time else None
    return replace(row, agent_wrote_at=last, unanswered_since=waiting)


def _asked(before: TicketRow, row: TicketRow, fact: Fact) -> TicketRow:
    if Effect.CUSTOMER_MESSAGE in fact.withheld:
        return row
    time = fact.time
    if row.agent_wrote_at is not None and time <= row.agent_wrote_at:
        reopened = before.status in FINISHED and row.status not in FINISHED
        if not reopened or row.status_at is None:
            return row  # what was written before an agent's reply is answered by it
        time = row.status_at  # whoever finished the ticket had not read it
    waiting = row.unanswered_since
    return replace(row, unanswered_since=time if waiting is None else min(waiting, time))
