"""How many messages a second the routing stage's logic takes, decoding and encoding included, Kafka not.

Run from the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/routing_logic.py`, with `--packaged` under the
packaged rules. Half of the messages end
a ticket, which gives its agent to the foremost in the queue; half bring one that has to wait. It prints CPU time,
not wall time, so that a busy machine does not change the figure.
"""

import gc
import sys
import time
from datetime import timedelta
from random import Random

from casework.routing.rules import RoutingRules
from schemas.records.derived import AgentRostered, WorkChanged
from schemas.records.derived.decisions import TicketAssigned
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus, Category, Channel, Priority
from streams.foundation.record import Record
from streams.stages.routing.partition import RoutingPartition
from streams.steps.step import Step
from tests.unit.streams.logic_driver import PARTITIONS, START, body_of, record_of

CAPACITY = 10
ROUNDS = 60
STEP_RECORDS = 256
SKILLS = {"refund": 0.5}
Held = list[tuple[str, str]]


class Bench:
    """Some teams with full hands and a queue; `held` is what can end: team and ticket."""

    def __init__(self, *, teams: int, agents: int, waiting: int, rules: RoutingRules | None = None) -> None:
        self.random = Random(1)
        self.rules = rules
        self.logic = RoutingPartition(rules=rules)
        self.teams = [f"team-{number}" for number in range(teams)]
        self.held: Held = []
        self.state: dict[str, bytes | None] = {}
        self.numbers = iter(range(sys.maxsize))
        self.run([self.agent(team, number) for team in self.teams for number in range(agents)])
        tickets = waiting + teams * agents * CAPACITY
        for _ in range(0, tickets, STEP_RECORDS):
            self.run([self.opened() for _ in range(STEP_RECORDS)])

    def agent(self, team: str, number: int) -> Record:
        """Return an agent who speaks any language, English, or English and Portuguese."""
        languages: tuple[str, ...] = ((), ("en",), ("en", "pt"))[number % 3]
        body = AgentRostered(
            agent_id=f"{team}-{number}",
            team=team,
            roster_revision=1,
            status=AgentStatus.AVAILABLE,
            capacity=CAPACITY,
            languages=languages,
            specialisations=("refund",) if number % 2 else (),
            skills=SKILLS,
        )
        return record_of(Topic.AGENTS_ROSTER, body)

    def work(self, team: str, ticket_id: str, work: Work, revision: int) -> Record:
        """Return a message about a ticket of any channel, language and priority."""
        body = WorkChanged(
            ticket_id=ticket_id,
            life=0,
            routing_revision=revision,
            team=team,
            work=work,
            channel=self.random.choice(list(Channel)),
            language=self.random.choice(("en", "pt", "de", None)),
            priority=self.random.choice(list(Priority)),
            intent="refund",
            category=Category.REFUND_REQUEST,
            waiting_since=START - timedelta(seconds=self.random.random() * 10_000),
            model_version="m1",
        )
        return record_of(Topic.TICKETS_WORK, body)

    def opened(self) -> Record:
        """Return a new ticket."""
        return self.work(self.random.choice(self.teams), f"ticket-{next(self.numbers):08d}", Work.WANTED, 1)

    def ended(self) -> Record:
        """Return the end of a ticket that somebody has."""
        at = self.random.randrange(len(self.held))
        self.held[at], self.held[-1] = self.held[-1], self.held[at]
        return self.work(*self.held.pop(), Work.NONE, 2)

    def run(self, records: list[Record]) -> float:
        """Take one step; return its CPU seconds."""
        step = Step(
            stage="routing", partition=0, number=0, partitions=PARTITIONS, next_offsets={"in": 0}, now=START
        )
        started = time.process_time()
        for record in records:
            self.logic.handle(record, step)
        seconds = time.process_time() - started
        self.state.update(step.changes)
        bodies = map(body_of, step.outbox)
        self.held += [(body.team, body.ticket_id) for body in bodies if isinstance(body, TicketAssigned)]
        return seconds

    def restored(self) -> float:
        """Let a successor take over all that is kept; return its CPU seconds."""
        successor = RoutingPartition(rules=self.rules)
        started = time.process_time()
        for key, value in self.state.items():
            if value is not None:
                successor.restore(key, value)
        return time.process_time() - started


def main() -> None:
    """Measure and print a line for each size."""
    rules = RoutingRules.load() if "--packaged" in sys.argv[1:] else None
    for teams, agents, waiting in ((1, 50, 10_000), (50, 10, 10_000), (1, 200, 20_000), (1, 50, 100_000)):
        bench = Bench(teams=teams, agents=agents, waiting=waiting, rules=rules)
        seconds, half = 0.0, STEP_RECORDS // 2
        for _ in range(ROUNDS):
            seconds += bench.run([make() for _ in range(half) for make in (bench.ended, bench.opened)])
        started = time.process_time()
        gc.collect()
        sys.stdout.write(
            f"{teams} x {agents} agents, {sum(bench.logic.waiting().values()):,} waiting: "
            f"{ROUNDS * STEP_RECORDS / seconds:,.0f} messages a second of one core; "
            f"a full pass of the garbage collector {time.process_time() - started:.3f} s; "
            f"restored in {bench.restored():.2f} s\n"
        )


if __name__ == "__main__":
    main()
