"""Who has which ticket: people act by what the rows of cases say, and what they say goes to cases."""

from datetime import datetime

from schemas.records.events import TicketEvent
from schemas.records.ticket_row import TicketRow, Work
from simulation.desk.agenda import Agenda, Kind
from simulation.desk.life import Life
from simulation.desk.stages import Stages
from simulation.desk.worker import Worker
from simulation.world.crew import Person
from simulation.world.draws import Draws
from simulation.world.world import World
from streams.stages.cases.clocks import Clocks
from streams.stages.routing.partition import RoutingPartition


class Floor:
    """What customers and agents share: the tickets, the people, the stages between them and what is planned.

    `coming` counts tickets that are to be opened, or opened again; `open` those that have not ended.
    """

    def __init__(
        self,
        world: World,
        draws: Draws,
        people: dict[str, Person],
        *,
        clocks: Clocks,
        routing: RoutingPartition,
        start: datetime,
    ) -> None:
        """Begin with nobody on shift and no ticket; `start` is second 0."""
        self.world = world
        self.draws = draws
        self.start = start
        self.agenda = Agenda()
        self.lives: dict[str, Life] = {}
        self.workers = {agent_id: Worker(person, world.work) for agent_id, person in people.items()}
        self.stages = Stages(clocks, routing, start, self._heard)
        self.coming = 0
        self.open = 0

    def say(self, now: float, body: TicketEvent) -> None:
        """Let the stages know what somebody did to a ticket."""
        self.stages.ticket_event(now, body)

    def end(self, now: float, life: Life, *, gave_up: bool = False) -> None:
        """Count a ticket as ended, until it is reopened."""
        self.open -= 1
        life.ended_at(now, gave_up=gave_up)

    def resume(self, now: float, life: Life) -> None:
        """Let its agent work on a ticket, unless it waits for the customer."""
        if life.holder is not None and life.asked_s is None:
            worker = self.workers[life.holder]
            worker.at(now)
            worker.jobs[life.ticket_id] = life
            self.plan_work(worker)

    def plan_work(self, worker: Worker) -> None:
        """Plan the moment at which an agent comes to the point of one of their tickets; what was planned is void."""
        due = worker.next()
        if due is not None:
            self.agenda.plan(due, Kind.WORK, worker.person.agent_id, worker.version)

    def _heard(self, row: TicketRow, time: datetime) -> None:
        """Follow the row: whoever has the ticket by it works on it."""
        now = self.stages.seconds(time)
        life = self.lives[row.ticket_id]
        life.priority, life.row = row.priority, row
        holder = row.assignee if row.work is Work.HELD else None
        if holder == life.holder:
            return
        if life.holder is not None:
            before = self.workers[life.holder]
            before.at(now)
            before.drop(life)
            life.dropped(now)
            self.plan_work(before)
        if holder is not None:
            self._take(now, life, self.workers[holder])

    def _take(self, now: float, life: Life, worker: Worker) -> None:
        person = worker.person
        skill = person.skill(self.world, life.case.intent)
        slowest, quickest = self.world.agents.speed
        speed = (slowest + (quickest - slowest) * skill) * person.pace
        life.taken(person.agent_id, speed, self.world.work.first_reply_share * life.total, now)
        worker.holding[life.ticket_id] = life
        self.resume(now, life)
