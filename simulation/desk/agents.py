"""What agents do: they come and go, look at tickets, pass on what they cannot do, ask, and solve."""

from math import exp, log

from schemas.records.events import (
    LabelCorrected,
    MessageAdded,
    TicketEvent,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.vocabulary import PRIORITY_RANK, AgentStatus, Author, Status
from simulation.desk.agenda import Kind
from simulation.desk.floor import Floor
from simulation.desk.life import Life
from simulation.desk.worker import Worker
from simulation.world.crew import Person
from simulation.world.demand import DAY, HOUR, reply_delay_s


class Agents:
    """All agents of a desk; each method is one of them acting."""

    def __init__(self, floor: Floor) -> None:
        """Let them act on a floor."""
        self._floor = floor

    def change_status(self, now: float, worker: Worker, status: AgentStatus) -> None:
        """Somebody comes, goes, or takes no more new tickets."""
        worker.at(now)
        worker.on_shift = status is not AgentStatus.OFFLINE
        self._floor.stages.agent_event(
            now, worker.person.agent_id, worker.person.updated(self._floor.world, status)
        )
        if not worker.on_shift:
            self._hand_over_at_the_end(now, worker)
        self._floor.plan_work(worker)

    def come_to_the_point(self, now: float, worker: Worker) -> None:
        """Somebody has done the part at hand of one of their tickets."""
        worker.at(now)
        life = worker.foremost()
        if life.looking:
            self._looked(now, life, worker.person)
        elif life.rounds:
            self._ask(now, life, worker)
        else:
            self._resolve(now, life, worker.person)
        self._floor.plan_work(worker)

    def _hand_over_at_the_end(self, now: float, worker: Worker) -> None:
        """What cannot wait for the agent's next shift goes to whoever is there."""
        person, least = worker.person, PRIORITY_RANK[self._floor.world.agents.handed_over_from]
        tomorrow = self._floor.start.weekday() + int(now // DAY) + 1
        for life in list(worker.holding.values()):
            if PRIORITY_RANK[life.priority] >= least or not person.works_on(tomorrow):
                self._let_go(now, life, person)

    def _looked(self, now: float, life: Life, person: Person) -> None:
        """After a first look the agent answers, and passes on what they cannot do."""
        reply = MessageAdded(ticket_id=life.ticket_id, author=Author.AGENT, author_id=person.agent_id)
        self._floor.say(now, reply)
        life.replied(now)
        draw = self._floor.draws.of(life.ticket_id, "handover", life.hands)
        if draw.random() < self._passes_on(life, person):
            self._pass_on(now, life, person)
        else:
            life.go_on()

    def _passes_on(self, life: Life, person: Person) -> float:
        """Return how probable it is that somebody who has looked at a ticket passes it on."""
        rules = self._floor.world.handover
        if person.team != life.case.team:
            return rules.wrong_team
        skill = person.skill(self._floor.world, life.case.intent)
        return max(rules.least, rules.unskilled * (1 - skill))

    def _pass_on(self, now: float, life: Life, person: Person) -> None:
        """Part of the work was for nothing; what the ticket is about is known now."""
        case = life.case
        life.left += (1 - self._floor.world.handover.work_kept) * life.looked
        if life.label_is_wrong:
            life.label_is_wrong = False
            correction = LabelCorrected(
                ticket_id=life.ticket_id,
                intent=case.intent,
                category=case.category,
                corrected_by=person.agent_id,
            )
            self._floor.say(now, correction)
        self._let_go(now, life, person, team=case.team)

    def _let_go(self, now: float, life: Life, person: Person, team: str | None = None) -> None:
        """An agent gives a ticket away, to another `team` where that differs from their own."""
        if team is not None and team != person.team:
            body: TicketEvent = TicketTransferred(
                ticket_id=life.ticket_id, team=team, transferred_by=person.agent_id
            )
        else:
            body = TicketUpdated(ticket_id=life.ticket_id, assignee=None, updated_by=person.agent_id)
        self._floor.say(now, body)

    def _ask(self, now: float, life: Life, worker: Worker) -> None:
        """The agent needs an answer of the customer to go on."""
        floor = self._floor
        del worker.jobs[life.ticket_id]
        life.ask(now)
        body = TicketUpdated(
            ticket_id=life.ticket_id, status=Status.PENDING_CUSTOMER, updated_by=worker.person.agent_id
        )
        floor.say(now, body)
        draw = floor.draws.of(life.ticket_id, "answer", life.reopenings, life.rounds)
        delay = reply_delay_s(floor.world, life.case.opening.channel, draw)
        floor.agenda.plan(now + delay, Kind.REPLY, life.ticket_id)

    def _resolve(self, now: float, life: Life, person: Person) -> None:
        floor, reopens = self._floor, self._floor.world.customers.reopens
        life.last_skill = person.skill(floor.world, life.case.intent)
        floor.end(now, life)
        floor.say(now, TicketResolved(ticket_id=life.ticket_id, resolved_by=person.agent_id))
        draw = floor.draws.of(life.ticket_id, "reopening", life.reopenings)
        if draw.random() < reopens.least + reopens.unskilled * (1 - life.last_skill):
            floor.coming += 1
            delay = exp(draw.gauss(log(reopens.after_hours * HOUR), 1.0))
            floor.agenda.plan(now + delay, Kind.REOPEN, life.ticket_id)
