"""The desk in event time: tickets arrive, routing gives them out, agents work, customers answer or give up."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import count
from math import exp, log
from typing import Final, NamedTuple

from casework.routing.clocks import routing_clocks
from casework.routing.rules import RoutingRules
from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import SlaPolicies
from schemas.records.derived import AgentPerformanceMeasured
from schemas.records.events import (
    LabelCorrected,
    MessageAdded,
    TicketClosed,
    TicketEvent,
    TicketOpened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import TicketRow, Work
from schemas.vocabulary import PRIORITY_RANK, AgentStatus, Author, Status
from simulation.desk.life import Life
from simulation.desk.stages import Stages
from simulation.desk.worker import Worker
from simulation.world.crew import Person, changes
from simulation.world.demand import DAY, HOUR, Case, reply_delay_s
from simulation.world.draws import Draws
from simulation.world.world import World
from streams.stages.cases.clocks import Clocks
from streams.stages.routing.partition import RoutingPartition
from streams.stages.routing.policy import RoutingPolicy

_LASTING: Final = timedelta(days=3650)
"""Finished tickets stay in the state: the simulator ends long before."""


class _Kind(IntEnum):
    """What happens next; of equal moments in this order."""

    STATUS = 0
    COUNT_HOURS = 1
    OPEN = 2
    REPLY = 3
    GIVE_UP = 4
    REOPEN = 5
    WORK = 6


class _Next(NamedTuple):
    at_s: float
    kind: _Kind
    number: int
    subject: str
    detail: int = 0


class Shifts(NamedTuple):
    """What one agent did in the hours that count: seconds on shift, and seconds with work at hand."""

    shift_s: float
    busy_s: float


class Desk:
    """One run. `lives` and `shifts` are what came of it, and `busy_s`: seconds with work at hand until the end."""

    def __init__(
        self,
        world: World,
        draws: Draws,
        people: dict[str, Person],
        *,
        policy: RoutingPolicy,
        routing: RoutingRules,
        sla: SlaPolicies,
        start: datetime,
        counted_days: int,
    ) -> None:
        """Make a desk that begins at `start`, a midnight; agents' hours count for `counted_days`."""
        self.lives: dict[str, Life] = {}
        self.shifts: dict[str, Shifts] = {}
        self.busy_s = 0.0
        self._world = world
        self._draws = draws
        self._start = start
        self._counted_days = counted_days
        self._workers = {agent_id: Worker(person, world.work) for agent_id, person in people.items()}
        rules = CaseRules(
            clocks=(SlaDueClock(policies=sla), *routing_clocks(routing)), sla=sla, routing=routing
        )
        clocks = Clocks(retire_after=_LASTING, forget_after=_LASTING, rules=rules)
        self._stages = Stages(clocks, RoutingPartition(policy=policy, rules=routing), start, self._heard)
        self._agenda: list[_Next] = []
        self._numbers = count()
        self._coming = 0
        self._open = 0
        self._statuses: dict[str, list[AgentStatus]] = {}

    @property
    def steps(self) -> int:
        """Return how many records and timers the stages have handled."""
        return self._stages.steps

    def run(self, cases: Iterable[Case]) -> None:
        """Let all of it happen, until every ticket has ended or the last day is over."""
        days = self._counted_days + self._world.last_days
        self._employ(days)
        arriving = iter(cases)
        self._expect(arriving)
        while self._agenda and (self._coming or self._open or not self.shifts):
            if self._stages.fire_next(self._agenda[0].at_s):
                continue
            happening = heapq.heappop(self._agenda)
            if happening.at_s > days * DAY:
                break
            if happening.kind is _Kind.OPEN:
                self._expect(arriving)
            self._happen(happening)
        for worker in self._workers.values():
            worker.at(days * DAY)
        self.busy_s = sum(worker.busy_s for worker in self._workers.values())

    def _employ(self, days: int) -> None:
        for agent_id, worker in self._workers.items():
            person = worker.person
            self._stages.agent_event(0.0, agent_id, person.updated(self._world, AgentStatus.OFFLINE))
            measured = AgentPerformanceMeasured(
                agent_id=agent_id, performance=min(1.0, person.pace / 2), run_id="before"
            )
            self._stages.agent_event(0.0, agent_id, measured)
            for change in changes(self._world, person, self._start.weekday(), days):
                self._plan(change.at_s, _Kind.STATUS, agent_id, list(AgentStatus).index(change.status))
        self._plan(self._counted_days * DAY, _Kind.COUNT_HOURS, "")

    def _expect(self, arriving: Iterator[Case]) -> None:
        case = next(arriving, None)
        if case is not None:
            life = Life(case)
            self.lives[life.ticket_id] = life
            self._coming += 1
            self._plan(case.opening.at_s, _Kind.OPEN, life.ticket_id)

    def _happen(self, happening: _Next) -> None:
        now, subject = happening.at_s, happening.subject
        match happening.kind:
            case _Kind.STATUS:
                self._status(now, self._workers[subject], list(AgentStatus)[happening.detail])
            case _Kind.COUNT_HOURS:
                self._count_hours(now)
            case _Kind.OPEN:
                self._opened(now, self.lives[subject])
            case _Kind.REPLY:
                self._answered(now, self.lives[subject])
            case _Kind.GIVE_UP:
                self._given_up(now, self.lives[subject])
            case _Kind.REOPEN:
                self._reopened(now, self.lives[subject])
            case _Kind.WORK:
                if self._workers[subject].version == happening.detail:
                    self._worked(now, self._workers[subject])

    # What customers do.

    def _opened(self, now: float, life: Life) -> None:
        opening, patience = life.case.opening, life.case.patience_s
        self._coming, self._open = self._coming - 1, self._open + 1
        body = TicketOpened(
            ticket_id=opening.ticket_id,
            customer_id=opening.customer_id,
            channel=opening.channel,
            customer_tier=opening.tier,
            priority=opening.priority,
            category=opening.category,
            intent=opening.intent,
            team=opening.team,
            language=opening.language,
        )
        self._say(now, body)
        if patience is not None:
            self._plan(now + patience, _Kind.GIVE_UP, life.ticket_id)

    def _given_up(self, now: float, life: Life) -> None:
        if life.first_assigned_s is None and not life.ended:
            self._end(now, life, gave_up=True)
            self._say(now, TicketClosed(ticket_id=life.ticket_id, closed_by="customer"))

    def _answered(self, now: float, life: Life) -> None:
        life.answered(now)
        self._customer_writes(now, life)
        if life.holder is not None:
            if not life.looking:
                life.go_on()
            self._resume(now, life)

    def _reopened(self, now: float, life: Life) -> None:
        self._coming, self._open = self._coming - 1, self._open + 1
        life.reopened(now, life.total * self._world.customers.reopens.work)
        self._customer_writes(now, life)

    def _customer_writes(self, now: float, life: Life) -> None:
        self._say(
            now,
            MessageAdded(
                ticket_id=life.ticket_id, author=Author.CUSTOMER, author_id=life.case.opening.customer_id
            ),
        )

    # What agents do.

    def _status(self, now: float, worker: Worker, status: AgentStatus) -> None:
        worker.at(now)
        worker.on_shift = status is not AgentStatus.OFFLINE
        self._stages.agent_event(now, worker.person.agent_id, worker.person.updated(self._world, status))
        if not worker.on_shift:
            self._hand_over_at_the_end(now, worker)
        self._plan_work(worker)

    def _hand_over_at_the_end(self, now: float, worker: Worker) -> None:
        """What cannot wait for the agent's next shift goes to whoever is there."""
        person, least = worker.person, PRIORITY_RANK[self._world.agents.handed_over_from]
        tomorrow = self._start.weekday() + int(now // DAY) + 1
        for life in list(worker.holding.values()):
            if PRIORITY_RANK[life.priority] >= least or not person.works_on(tomorrow):
                self._let_go(now, life, person.agent_id)

    def _worked(self, now: float, worker: Worker) -> None:
        """Somebody has come to the point of one of their tickets."""
        worker.at(now)
        life = worker.foremost()
        if life.looking:
            self._looked(now, life, worker.person)
        elif life.rounds:
            del worker.jobs[life.ticket_id]
            life.ask(now)
            body = TicketUpdated(
                ticket_id=life.ticket_id, status=Status.PENDING_CUSTOMER, updated_by=worker.person.agent_id
            )
            self._say(now, body)
            delay = reply_delay_s(
                self._world,
                life.case.opening.channel,
                self._draws.of(life.ticket_id, "answer", life.reopenings, life.rounds),
            )
            self._plan(now + delay, _Kind.REPLY, life.ticket_id)
        else:
            self._resolve(now, life, worker.person)
        self._plan_work(worker)

    def _looked(self, now: float, life: Life, person: Person) -> None:
        """After a first look the agent answers, and passes on what they cannot do."""
        rules, case = self._world.handover, life.case
        reply = MessageAdded(ticket_id=life.ticket_id, author=Author.AGENT, author_id=person.agent_id)
        self._say(now, reply)
        life.replied(now)
        skill = person.skill(self._world, case.intent)
        probable = (
            rules.wrong_team if person.team != case.team else max(rules.least, rules.unskilled * (1 - skill))
        )
        if self._draws.of(life.ticket_id, "handover", life.hands).random() < probable:
            life.left += (1 - rules.work_kept) * life.looked
            if life.label_is_wrong:
                life.label_is_wrong = False
                correction = LabelCorrected(
                    ticket_id=life.ticket_id,
                    intent=case.intent,
                    category=case.category,
                    corrected_by=person.agent_id,
                )
                self._say(now, correction)
            self._let_go(now, life, person.agent_id, team=case.team)
        else:
            life.go_on()

    def _let_go(self, now: float, life: Life, agent_id: str, team: str | None = None) -> None:
        """An agent passes a ticket on, to another `team` where that differs from their own."""
        if team is not None and team != self._workers[agent_id].person.team:
            body: TicketEvent = TicketTransferred(
                ticket_id=life.ticket_id, team=team, transferred_by=agent_id
            )
        else:
            body = TicketUpdated(ticket_id=life.ticket_id, assignee=None, updated_by=agent_id)
        self._say(now, body)

    def _resolve(self, now: float, life: Life, person: Person) -> None:
        reopens = self._world.customers.reopens
        life.last_skill = person.skill(self._world, life.case.intent)
        self._end(now, life)
        self._say(now, TicketResolved(ticket_id=life.ticket_id, resolved_by=person.agent_id))
        draw = self._draws.of(life.ticket_id, "reopening", life.reopenings)
        if draw.random() < reopens.least + reopens.unskilled * (1 - life.last_skill):
            self._coming += 1
            delay = exp(draw.gauss(log(reopens.after_hours * HOUR), 1.0))
            self._plan(now + delay, _Kind.REOPEN, life.ticket_id)

    def _end(self, now: float, life: Life, *, gave_up: bool = False) -> None:
        self._open -= 1
        life.ended_at(now, gave_up=gave_up)

    # What the stages say.

    def _heard(self, row: TicketRow, time: datetime) -> None:
        """Follow the row: whoever has the ticket by it works on it."""
        now = self._stages.seconds(time)
        life = self.lives[row.ticket_id]
        life.priority, life.row = row.priority, row
        holder = row.assignee if row.work is Work.HELD else None
        if holder == life.holder:
            return
        if life.holder is not None:
            before = self._workers[life.holder]
            before.at(now)
            before.drop(life)
            life.dropped(now)
            self._plan_work(before)
        if holder is not None:
            worker = self._workers[holder]
            skill = worker.person.skill(self._world, life.case.intent)
            slowest, quickest = self._world.agents.speed
            speed = (slowest + (quickest - slowest) * skill) * worker.person.pace
            life.taken(holder, speed, self._world.work.first_reply_share * life.total, now)
            worker.holding[life.ticket_id] = life
            self._resume(now, life)

    def _resume(self, now: float, life: Life) -> None:
        """Let its agent work on a ticket, unless it waits for the customer."""
        if life.holder is not None and life.asked_s is None:
            worker = self._workers[life.holder]
            worker.at(now)
            worker.jobs[life.ticket_id] = life
            self._plan_work(worker)

    def _count_hours(self, now: float) -> None:
        for agent_id, worker in self._workers.items():
            worker.at(now)
            self.shifts[agent_id] = Shifts(worker.shift_s, worker.busy_s)

    def _say(self, now: float, body: TicketEvent) -> None:
        self._stages.ticket_event(now, body)

    def _plan_work(self, worker: Worker) -> None:
        due = worker.next()
        if due is not None:
            self._plan(due, _Kind.WORK, worker.person.agent_id, worker.version)

    def _plan(self, at_s: float, kind: _Kind, subject: str, detail: int = 0) -> None:
        heapq.heappush(self._agenda, _Next(round(at_s, 6), kind, next(self._numbers), subject, detail))
