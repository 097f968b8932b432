"""What Now and Operations say equals a recount: a simulated operation's events, counted again by plain Python.

The log is what the cases stage would write of them; no number here comes from a view, a metric or a row's fold.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.records import events
from schemas.records.derived import TicketLogged
from schemas.records.events import (
    AgentUpdated,
    Event,
    MessageAdded,
    SurveyAnswered,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.topics import Topic
from schemas.views.metrics import metric
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.merge.answers import Snapshot
from serving.pages import shown
from serving.pages.now.reading import read_now
from serving.pages.operations.reading import read_operations
from tests.simulated_logs import START, SimulatedLogs, served_until
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.waiting import wait_for


class Life:
    """One ticket as its events tell it."""

    def __init__(self, opened: TicketOpened, at: datetime, team: str | None) -> None:
        self.opened, self.opened_at, self.team = opened, at, team
        self.agent: str | None = opened.assignee
        self.hands: list[str] = []
        self.solved: list[datetime] = []
        self.reopened: list[datetime] = []
        self.replies: list[datetime] = []
        self.score: int | None = None
        self.open, self.merged = True, False
        self.waits_since: datetime | None = None if self.agent else at
        self.give(self.agent)

    def give(self, agent: str | None) -> None:
        """Note who has it now."""
        self.agent = agent
        if agent is not None and (not self.hands or self.hands[-1] != agent):
            self.hands.append(agent)

    def hear(self, event: Event, at: datetime) -> None:
        """Take an event in."""
        if isinstance(event, MessageAdded) and event.author == "agent" and event.public:
            self.replies.append(at)
        elif isinstance(event, TicketUpdated) and isinstance(event.assignee, str):
            self.give(event.assignee)
            self.waits_since = None
        elif isinstance(event, TicketResolved | TicketClosed):
            if isinstance(event, TicketResolved):
                self.solved.append(at)
            self.open = False
        elif isinstance(event, TicketReopened):
            self.reopened.append(at)
            self.open, self.waits_since = True, None if self.agent else at
        elif isinstance(event, TicketMerged):
            self.merged = True
        elif isinstance(event, SurveyAnswered):
            self.score = event.score

    @property
    def solved_at(self) -> datetime | None:
        """When what ended it was said first, since it was last opened again."""
        since = max(self.reopened, default=self.opened_at)
        return None if self.open else min((at for at in self.solved if at >= since), default=None)

    @property
    def at_first_contact(self) -> bool:
        """Whether one reply ended it, and it did not come back within a week."""
        if self.open or not self.solved or len(self.replies) != 1:
            return False
        return not self.reopened or min(self.reopened) - min(self.solved) > timedelta(days=7)


class Recount:
    """A simulated operation up to a moment: what serving is given, and what its events add up to."""

    def __init__(self, now: datetime, tickets: int = 260) -> None:
        self.now, self.log = now, MemoryLog()
        self.agents: dict[str, AgentUpdated] = {}
        self.lives: dict[str, Life] = {}
        self.escalated: list[datetime] = []
        for record in served_until(SimulatedLogs(tickets), self.log, now):
            if record.topic is Topic.AGENTS_EVENTS:
                agent = msgspec.json.decode(record.value, type=AgentUpdated)
                self.agents[agent.agent_id] = agent
            else:
                self._take(msgspec.json.decode(record.value, type=TicketLogged))

    def _take(self, logged: TicketLogged) -> None:
        kind = getattr(events, logged.event.type, None)
        if kind is None:
            return
        body, at = msgspec.json.decode(logged.event.body, type=kind), logged.event.time
        if isinstance(body, TicketOpened):
            team = body.team or (logged.triage.team if logged.triage else None)
            self.lives[body.ticket_id] = Life(body, at, team)
        elif isinstance(body, TicketTransferred):
            self.lives[body.ticket_id].team = body.team
        if logged.ticket_id in self.lives:
            self.lives[logged.ticket_id].hear(body, at)

    def own(self) -> list[Life]:
        """Every ticket that was not merged into another."""
        return [life for life in self.lives.values() if not life.merged]

    def opened(self, start: datetime, end: datetime) -> list[Life]:
        """Those that were opened in a period."""
        return [life for life in self.own() if start <= life.opened_at < end]

    def solved(self, start: datetime, end: datetime) -> list[Life]:
        """Those that ended in a period and are still ended."""
        return [life for life in self.own() if life.solved_at and start <= life.solved_at < end]


def measures(lives: list[Life]) -> dict[str, float | int | None]:
    """What Operations says of tickets, by plain arithmetic."""

    def mean(values: list[float]) -> float | None:
        return sum(values) / len(values) if values else None

    done = [life for life in lives if not life.open]
    return {
        "arrivals": len(lives),
        "first_reply": mean(
            [(life.replies[0] - life.opened_at).total_seconds() for life in lives if life.replies]
        ),
        "resolution_time": mean(
            [(life.solved_at - life.opened_at).total_seconds() for life in done if life.solved_at is not None]
        ),
        "first_contact": mean([float(life.at_first_contact) for life in done]),
        "reopened": mean([float(bool(life.reopened)) for life in lives]),
        "reassignments": mean([float(max(0, len(life.hands) - 1)) for life in lives]),
        "satisfaction": mean([float(life.score) for life in lives if life.score is not None]),
    }


@contextmanager
def served(recount: Recount, home: Path) -> Iterator[Serving]:
    """Serve the operation's log at its moment."""
    settings = ServingSettings(home=home, explain=False, tail_poll_ms=5)
    serving = Serving(settings, connect=lambda: recount.log, clock=lambda: recount.now)
    serving.start()
    try:
        records = sum(map(len, recount.log.records.values()))
        wait_for(lambda: serving.status.records >= records, "the log is read")
        yield serving
    finally:
        serving.stop()


def asked(serving: Serving, question: Callable[[Snapshot], dict[str, Any]]) -> dict[str, Any]:
    """What a page finds."""
    return asyncio.run(serving.ask(question))


def said(found: dict[str, Any]) -> dict[str, str]:
    """A page's tiles by metric, as they are read."""
    return {tile.metric.name: tile.value for tile in found["tiles"]}


def as_read(name: str, value: Any, now: datetime) -> str:
    """A recounted value as a page writes it."""
    return shown.of_metric(metric(name), value, now)


def test_every_number_on_now_is_what_the_events_add_up_to(tmp_path: Path) -> None:
    """Ten hours into the simulated day some tickets wait, some are held and some are done."""
    now = START + timedelta(hours=10)
    recount = Recount(now)
    with served(recount, tmp_path) as serving:
        found = asked(serving, lambda snapshot: read_now(snapshot, now))

    waiting = [life for life in recount.own() if life.open and life.agent is None]
    held = [life for life in recount.own() if life.open and life.agent is not None]
    hour = (now - timedelta(hours=1), now)
    free = [agent for agent in recount.agents.values() if agent.status == "available"]
    assert waiting
    assert held
    expected = {
        "waiting": len(waiting),
        "oldest_waiting": min(life.waits_since for life in waiting if life.waits_since),
        "held": len(held),
        "arrivals": len(recount.opened(*hour)),
        "resolutions": len(recount.solved(*hour)),
        "agents": len(free),
    }
    assert said(found) == {name: as_read(name, value, now) for name, value in expected.items()}
    assert {row["team"]: (row["waiting"], row["held"]) for row in found["queues"]} == {
        team: (sum(life.team == team for life in waiting), sum(life.team == team for life in held))
        for team in {life.team for life in (*waiting, *held)}
    }
    assert {row["status"]: (row["agents"], row["capacity"]) for row in found["agents"]} == {
        status: (len(those), sum(agent.capacity for agent in those))
        for status in {agent.status for agent in recount.agents.values()}
        for those in [[agent for agent in recount.agents.values() if agent.status == status]]
    }
    for row in found["flow"]:
        minute = (row["moment"], row["moment"] + timedelta(minutes=1))
        assert row["arrivals"] == len(recount.opened(*minute))
        assert row["resolutions"] == len(recount.solved(*minute))


@pytest.mark.parametrize("by", ["team", "channel", "customer_tier", "assignee"])
def test_every_number_on_operations_is_what_the_events_add_up_to(by: str, tmp_path: Path) -> None:
    """A day and what came before it; promises are recounted where the demonstration checks its answers."""
    now = START + timedelta(hours=26)
    recount = Recount(now)
    with served(recount, tmp_path) as serving:
        found = asked(serving, lambda snapshot: read_operations(snapshot, {"days": "1", "by": by}, now))

    day = recount.opened(now - timedelta(days=1), now)
    before = recount.opened(now - timedelta(days=2), now - timedelta(days=1))
    assert before
    expected: dict[str, Any] = measures(day) | {
        "backlog": sum(life.open for life in recount.own()),
        "escalations": 0,
    }
    tiles = said(found)
    assert tiles.keys() == {*expected, "sla_met"}
    for name, value in expected.items():
        assert tiles[name] == as_read(name, value, now), name
    changes = {tile.metric.name: tile.change for tile in found["tiles"]}
    for name, value in measures(before).items():
        change = shown.change(metric(name), expected[name], value)
        assert changes[name] == (change[0] if change else None), name

    groups: dict[Any, list[Life]] = {}
    for life in day:
        groups.setdefault(group_of(life, by), []).append(life)
    assert {row["name"]: [text for _, text, _ in row["cells"]] for row in found["groups"]} == {
        name: [as_read(one.name, measures(lives)[one.name], now) for one in found["columns"]]
        for name, lives in groups.items()
    }
    for row in found["flow"]:
        piece = (row["moment"], row["until"])
        assert row["arrivals"] == len(recount.opened(*piece))
        assert row["resolutions"] == len(recount.solved(*piece))


def group_of(life: Life, by: str) -> str | None:
    """The group of a dimension that a ticket is in."""
    if by == "team":
        return life.team
    if by == "assignee":
        return life.hands[-1] if life.hands else None
    value = life.opened.channel if by == "channel" else life.opened.customer_tier
    return None if value is None else str(value)
