"""tickets.alerts: what somebody must be told of at once. Those about a ticket are folded into it as well."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from schemas.predictions import Basis, CsatRisk
from schemas.records.events import Count, Event, Id, Label, Moment, Number, Team, TicketEvent
from schemas.records.sla_clock import SlaMetric
from schemas.vocabulary import Priority

Level = Annotated[int, Meta(ge=1, le=9)]
"""How high a ticket has been escalated: 1 is the lowest."""

OwnerKind = Literal["team", "person"]


class Alert(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An event of a ticket that the cases stage also publishes to tickets.alerts when it has folded it.

    `team` to `customer_id` say where the ticket stands; the stage fills them in, so that nobody who is told needs to
    look the ticket up. What is folded and logged lacks them: the row beside it has them.
    """

    team: Team | None = None
    priority: Priority | None = None
    assignee: Id | None = None
    customer_id: Id | None = None


class SlaAlert(Alert, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of a promise: which one, by which policy, and since when.

    `late_s` is how long after its moment this was found out: tenths of a second, or as long as the pipeline was down.
    Its moment is the event's time: the due time or the warning's, or when the target was set, where that is later.
    """

    metric: SlaMetric
    policy: Label
    started_at: Moment
    due_at: Moment
    target_s: Annotated[int, Meta(ge=1)]
    late_s: Annotated[float, Meta(ge=0)] = 0.0


class SlaWarned(SlaAlert, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.alerts: the policy's share of a target is used up, and the promise is not kept yet."""


class SlaBreached(SlaAlert, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.alerts: a promise was due and is not kept; a reply that is heard of late may correct the row."""


class RepeatContactDetected(Alert, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.alerts: a customer came back to what their ticket `repeat_of` was about; `contacts` were before this one.

    `after_resolution` tells whether that one was resolved before, `other_channel` whether they came another way.
    `rules` is the table that says so.
    """

    life: Number
    rules: Label
    repeat_of: Id
    contacts: Count
    after_resolution: bool = False
    other_channel: bool = False


class SatisfactionAtRisk(Alert, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.alerts: the score that a customer is expected to give has fallen below 3.0; said once a crossing.

    `basis` says whether a trained model or the formula of the first day expects it, `factors` why, and `recommended`
    what to do.
    """

    expected: float
    risk: CsatRisk
    basis: Basis
    since: Moment
    factors: tuple[str, ...] = ()
    recommended: tuple[str, ...] = ()


class QueueOverloaded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.alerts, by routing: more tickets wait for a team, or for longer, than its routing rules allow.

    Said once, until the queue is well below both limits again. `expected_wait_s` is that of the last in the queue.
    """

    team: Team
    waiting: Count
    expected_wait_s: float | None = None
    waiting_limit: Count | None = None
    wait_limit_s: float | None = None


class TicketEscalated(Alert, frozen=True, kw_only=True, omit_defaults=True):
    """A rule has lifted a ticket to a level; `cause` is the condition, `reason` says it in figures.

    `raises_to` (its priority), `moves_to` (a team) and `sets_status` are what it does to the ticket besides telling the
    owner. `asked` says that a person asked for it. `rules_version` names the file of the rule; `late_s` is how long
    after its moment the rule was applied, in seconds.
    """

    rule: Label
    cause: Label
    reason: str = ""
    level: Level
    owner: Id | None = None
    owner_is: OwnerKind | None = None
    asked: bool = False
    raises_to: Priority | None = None
    moves_to: Team | None = None
    sets_status: bool = False
    rules_version: Label
    late_s: float = 0.0


ALERTS: Final[dict[str, type[Event]]] = {
    event.__name__: event
    for event in (
        SlaWarned,
        SlaBreached,
        TicketEscalated,
        RepeatContactDetected,
        SatisfactionAtRisk,
        QueueOverloaded,
    )
}
"""Every event that tickets.alerts may carry, by its type: those of a ticket are an Alert."""
