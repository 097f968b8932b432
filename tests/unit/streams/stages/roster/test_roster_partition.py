"""What the roster stage does with each kind of message."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.records.derived import AgentHeldElsewhere, AgentPerformanceMeasured, AgentReleased, AgentRostered
from schemas.records.envelope import InvalidBody
from schemas.records.events import AgentUpdated, Event
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus
from streams.stages.roster.partition import RosterPartition
from tests.unit.streams.logic_driver import START, Driver, id_of, record_of


class Agents:
    """One partition of agents, spoken to in its own terms; each message is a minute newer than the last."""

    def __init__(self) -> None:
        self.driver = Driver(RosterPartition(), "roster")
        self.offset = 0

    def _step(self, topic: Topic, body: Event, at: float | None = None, **known: Any) -> list[str]:
        self.offset += 1
        time = START + timedelta(minutes=self.offset if at is None else at)
        sent = self.driver.step([record_of(topic, body, offset=self.offset, time=time, **known)])
        return [_said(event) for event in sent]

    def update(self, team: str = "A", *, capacity: int = 3, agent: str = "ana", **known: Any) -> list[str]:
        """Say what another system knows of an agent."""
        body = AgentUpdated(agent_id=agent, home_team=team, status=AgentStatus.AVAILABLE, capacity=capacity)
        return self._step(Topic.AGENTS_EVENTS, body, **known)

    def measure(self, performance: float, run: str, **known: Any) -> list[str]:
        """Say what batch measured."""
        body = AgentPerformanceMeasured(agent_id="ana", performance=performance, run_id=run)
        return self._step(Topic.AGENTS_EVENTS, body, **known)

    def release(self, team: str, revision: int) -> list[str]:
        """Let a team let go."""
        body = AgentReleased(agent_id="ana", team=team, roster_revision=revision)
        return self._step(Topic.AGENTS_HOLDINGS, body)

    def hold(self, team: str, ticket: str, revision: int, *, held: bool = True) -> list[str]:
        """Let a team say that the agent holds one of its tickets."""
        body = AgentHeldElsewhere(
            agent_id="ana", team=team, ticket_id=ticket, life=0, routing_revision=revision, held=held
        )
        return self._step(Topic.AGENTS_HOLDINGS, body)


def _said(event: Event) -> str:
    assert isinstance(event, AgentRostered)
    words = [f"{event.roster_revision}: {event.team}", f"capacity {event.capacity}"]
    words += ["leaving"] if event.leaving else []
    words += [f"elsewhere {event.held_elsewhere}"] if event.held_elsewhere else []
    words += [f"performance {event.performance} of {event.performance_version}"] * (event.performance != 0.5)
    return ", ".join(words)


@pytest.fixture
def agents() -> Agents:
    return Agents()


def test_a_new_agent_is_rostered_in_their_home_team(agents: Agents) -> None:
    """The snapshot goes to the partition of the team, under an id made of agent and revision."""
    assert agents.update("A") == ["1: A, capacity 3"]
    (emission,) = agents.driver.sent
    assert (emission.topic, emission.key) == (Topic.AGENTS_ROSTER, b"A")
    other = Agents()
    other.update("A")
    assert id_of(other.driver.sent[0]) == id_of(emission)


def test_only_what_is_news_to_the_team_is_sent(agents: Agents) -> None:
    """A second picture of the same agent raises no revision."""
    agents.update("A")
    assert agents.update("A") == []
    assert agents.update("A", capacity=4) == ["2: A, capacity 4"]


def test_a_team_gets_an_agent_only_after_the_old_one_let_go(agents: Agents) -> None:
    """Leaving first; what is said meanwhile is remembered and only the newest counts."""
    agents.update("A")
    assert agents.update("B") == ["2: A, capacity 3, leaving"]
    assert agents.update("B", capacity=5) == []
    assert agents.update("C", capacity=6) == []
    assert agents.release("A", 2) == ["3: C, capacity 6"]
    assert agents.release("A", 2) == []


def test_an_agent_who_comes_back_before_the_old_team_let_go_stays(agents: Agents) -> None:
    """The leaving is taken back by a newer revision, so an answer to it that is on the way is stale."""
    agents.update("A")
    agents.update("B")
    assert agents.update("A") == ["3: A, capacity 3"]
    assert agents.release("A", 2) == []
    assert agents.update("B") == ["4: A, capacity 3, leaving"]
    assert agents.release("A", 2) == []
    assert agents.release("A", 4) == ["5: B, capacity 3"]


def test_a_release_that_nobody_asked_for_is_ignored(agents: Agents) -> None:
    """Only the answer to a leaving moves an agent."""
    agents.update("A")
    assert agents.release("A", 1) == []
    assert agents.update("A", capacity=4) == ["2: A, capacity 4"]


def test_the_newest_picture_wins_whatever_the_order(agents: Agents) -> None:
    """By event time, of equals the later in the log."""
    agents.update("A", capacity=3, at=10)
    assert agents.update("A", capacity=9, at=9) == []
    assert agents.update("A", capacity=5, at=10) == ["2: A, capacity 5"]


def test_a_repeated_id_is_ignored_even_with_another_content(agents: Agents) -> None:
    """Of equal ids the first in the log is the true one."""
    agents.update("A", event_id="e1")
    assert agents.update("A", capacity=9, event_id="e1") == []
    assert agents.driver.counts["duplicates"] == 1


def test_two_sources_may_use_the_same_ids(agents: Agents) -> None:
    """Each system counts its own events: the second one's was taken for the first one's, and the agent kept waiting."""
    agents.update("A", event_id="1", source="hr")
    assert agents.update("A", capacity=9, event_id="1", source="crm") == ["2: A, capacity 9"]


def test_a_picture_from_the_future_does_not_win_for_ever(agents: Agents) -> None:
    """It counts as said when the broker took it."""
    agents.update("A", capacity=3, at=10_000, arrived=START)
    assert agents.update("A", capacity=4) == ["2: A, capacity 4"]


def test_performance_is_folded_in_and_the_newest_run_wins(agents: Agents) -> None:
    """What is measured of an unknown agent waits until they are known."""
    assert agents.measure(0.9, "run-2", at=20) == []
    assert agents.measure(0.1, "run-1", at=10) == []
    assert agents.update("A") == ["1: A, capacity 3, performance 0.9 of run-2"]
    assert agents.measure(0.7, "run-3", at=30) == ["2: A, capacity 3, performance 0.7 of run-3"]


def test_tickets_of_other_teams_are_counted_each_once(agents: Agents) -> None:
    """By team and ticket the highest revision wins, whatever order they come in."""
    agents.update("A")
    assert agents.hold("B", "t1", 4) == ["2: A, capacity 3, elsewhere 1"]
    assert agents.hold("B", "t1", 4) == []
    assert agents.hold("C", "t2", 1) == ["3: A, capacity 3, elsewhere 2"]
    assert agents.hold("B", "t1", 5, held=False) == ["4: A, capacity 3, elsewhere 1"]
    assert agents.hold("B", "t1", 3) == []


def test_a_ticket_that_moves_between_two_other_teams_is_held_once(agents: Agents) -> None:
    """The old team's end and the new team's beginning name the same revision and come in any order."""
    agents.update("A")
    agents.hold("B", "t1", 1)
    assert agents.hold("C", "t1", 2) == ["3: A, capacity 3, elsewhere 2"]
    assert agents.hold("B", "t1", 2, held=False) == ["4: A, capacity 3, elsewhere 1"]


def test_tickets_of_a_team_are_not_elsewhere_for_that_team(agents: Agents) -> None:
    """A team counts its own tickets itself, so an agent who joins it brings only the others."""
    agents.hold("B", "t1", 1)
    agents.hold("C", "t2", 1)
    assert agents.update("B") == ["1: B, capacity 3, elsewhere 1"]


def test_the_end_of_a_holding_is_remembered_for_a_while(agents: Agents) -> None:
    """A late word of its beginning is stale; after a day nothing is left in the state."""
    agents.hold("B", "t1", 2, held=False)
    assert agents.hold("B", "t1", 1) == []
    agents.driver.wait(timedelta(hours=25))
    agents.update("A")
    assert list(agents.driver.state) == ["agent:ana"]


def test_a_record_that_cannot_be_read_changes_nothing(agents: Agents) -> None:
    """It is refused before anything has happened, so that it can go to dead letters."""
    with pytest.raises(InvalidBody, match="capacity"):
        agents.update("A", capacity=-1)
    assert (agents.driver.state, agents.driver.sent) == ({}, [])


def test_a_successor_goes_on_where_the_state_ends(agents: Agents) -> None:
    """Restored from the state, the stage answers as if it had never stopped."""
    agents.hold("C", "t1", 1)
    agents.update("A", event_id="e1")
    agents.update("B")
    agents.driver.restart(RosterPartition())
    assert agents.update("A", event_id="e1") == []
    assert agents.release("A", 2) == ["3: B, capacity 3, elsewhere 1"]
