"""What a run comes to: waiting, promises kept, hand-overs, load and satisfaction, over all its tickets."""

from collections.abc import Iterable, Sequence
from math import ceil
from statistics import mean

import msgspec

from schemas.records.sla_clock import SlaMetric
from schemas.vocabulary import Priority
from simulation.desk.desk import Desk, Shifts
from simulation.desk.life import Life
from simulation.world.demand import HOUR
from simulation.world.draws import Draws
from simulation.world.world import World


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Waits are minutes, shares 0 to 1, the rest per ticket.

    `wait` is all time that a ticket stood without an agent, `reply` the time until the first answer, `solution` the
    time until it was solved for good. The SLA is met where its policy's total resolution was, `reply_met` where its
    first reply was. `fairness` is Jain's index over the agents' busy share of their shifts: 1 is equal.
    `utilisation` and `fairness` are of the days in which tickets arrive, `cost` is of all work on them, also later.
    """

    tickets: int
    solved: int
    given_up: int
    open: int
    wait_mean: float
    wait_p95: float
    reply_mean: float
    reply_p95: float
    solution_mean: float
    sla_met: float
    sla_met_by_priority: dict[Priority, float]
    reply_met: float
    reassignments: float
    first_contact: float
    satisfaction: float
    utilisation: float
    fairness: float
    cost: float


def figures_of(world: World, draws: Draws, desk: Desk, end_s: float) -> Figures:
    """Return the figures of a run; what is open yet has waited until `end_s`."""
    lives = list(desk.lives.values())
    solved = [life for life in lives if life.resolved_s is not None]
    waits = [_waited(life, end_s) for life in lives]
    replies = [
        ((life.first_reply_s or end_s) - life.case.opening.at_s) / 60 for life in lives if not life.gave_up
    ]
    busy = sum(shift.busy_s for shift in desk.shifts.values())
    return Figures(
        tickets=len(lives),
        solved=len(solved),
        given_up=sum(life.gave_up for life in lives),
        open=sum(not life.ended for life in lives),
        wait_mean=mean(waits),
        wait_p95=_quantile(waits, 0.95),
        reply_mean=mean(replies),
        reply_p95=_quantile(replies, 0.95),
        solution_mean=mean(_solution_s(life) / 60 for life in solved),
        sla_met=mean(life.kept(SlaMetric.TOTAL_RESOLUTION) for life in lives),
        sla_met_by_priority={
            priority: mean(met)
            for priority in Priority
            if (met := [life.kept(SlaMetric.TOTAL_RESOLUTION) for life in lives if life.priority is priority])
        },
        reply_met=mean(life.kept(SlaMetric.FIRST_REPLY) for life in lives),
        reassignments=mean(life.reassignments for life in lives),
        first_contact=mean(life.hands == 1 and not life.reopenings and not life.gave_up for life in lives),
        satisfaction=mean(_satisfaction(world, draws, life) for life in lives),
        utilisation=busy / sum(shift.shift_s for shift in desk.shifts.values()),
        fairness=_jain(desk.shifts.values()),
        cost=desk.busy_s / HOUR * world.agents.hourly_cost / len(lives),
    )


def _waited(life: Life, end_s: float) -> float:
    still = 0.0 if life.waiting_since_s is None else end_s - life.waiting_since_s
    return (life.waited_s + still) / 60


def _solution_s(life: Life) -> float:
    assert life.resolved_s is not None
    return life.resolved_s - life.case.opening.at_s - life.paused_s


def _satisfaction(world: World, draws: Draws, life: Life) -> float:
    """Return what the customer would answer, 1 to 5: who gave up is as dissatisfied as can be."""
    if life.gave_up:
        return 1.0
    parts = world.customers.satisfaction
    score = (
        parts.best
        - parts.late_reply * (not life.kept(SlaMetric.FIRST_REPLY))
        - parts.late_solution * (not life.kept(SlaMetric.TOTAL_RESOLUTION))
        - parts.handover * min(3, life.reassignments)
        - parts.reopening * min(2, life.reopenings)
        - parts.unskilled * (1 - life.last_skill)
        + draws.of(life.ticket_id, "mood").gauss(0.0, parts.spread)
    )
    return float(min(5, max(1, round(score))))


def _jain(shifts: Iterable[Shifts]) -> float:
    shares = [shift.busy_s / shift.shift_s for shift in shifts if shift.shift_s]
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[ceil(share * len(values)) - 1]
