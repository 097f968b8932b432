"""Tickets wait for agents who know their subject, where a team's rules say so and one of them is at work."""

from datetime import timedelta
from typing import Any

import pytest

from casework.routing.clocks import routing_clocks
from casework.routing.rules import RoutingRules
from casework.routing.team_rules import TeamRules
from casework.rules import CaseRules
from schemas.records.derived import AgentRostered, WorkChanged
from schemas.records.derived.decisions import TicketAssigned
from schemas.records.events import Event
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus, Channel, Priority
from streams.stages.cases.clocks import Clocks
from streams.stages.routing.partition import RoutingPartition
from tests.unit.schemas.ticket_facts import SCORED, minute, opened
from tests.unit.streams.logic_driver import START, Driver, record_of
from tests.unit.streams.ticket_records import CasesRun, enriched

RULES = RoutingRules(defaults=TeamRules(subject_minutes=60))


class Desk:
    """A team of Ana, who knows refunds, and Ben, who does not; each can have one ticket."""

    def __init__(self, rules: RoutingRules = RULES) -> None:
        self.driver = Driver(RoutingPartition(rules=rules), "routing")
        self.revision = 0
        self.agent("ana", skills={"refund": 0.8})
        self.agent("ben")

    def agent(self, agent_id: str, **fields: Any) -> list[str]:
        """Say what the roster knows of an agent, and return what follows."""
        self.revision += 1
        known: dict[str, Any] = {"status": AgentStatus.AVAILABLE, "capacity": 1} | fields
        body = AgentRostered(agent_id=agent_id, team="billing", roster_revision=self.revision, **known)
        return _said(self.driver.step([record_of(Topic.AGENTS_ROSTER, body)]))

    def work(self, ticket_id: str, work: Work = Work.WANTED, **fields: Any) -> list[str]:
        """Say what cases wants for a ticket about a refund, and return what follows."""
        self.revision += 1
        body = WorkChanged(
            ticket_id=ticket_id,
            life=0,
            routing_revision=self.revision,
            team="billing",
            work=work,
            intent="refund",
            waiting_since=START,
            **fields,
        )
        return _said(self.driver.step([record_of(Topic.TICKETS_WORK, body)]))


def _said(events: list[Event]) -> list[str]:
    return [
        event.agent_id if isinstance(event, TicketAssigned) else event.reasons[0]  # type: ignore[attr-defined]  # queued
        for event in events
    ]


def test_a_ticket_waits_for_who_knows_it_although_another_is_free() -> None:
    """Given to whoever was free, tickets were passed on: the wait is shorter than two agents' first looks."""
    desk = Desk()
    assert desk.work("t1") == ["ana"]
    assert desk.work("t2") == ["nobody_free_knows:refund"]
    assert desk.work("t1", Work.NONE) == ["ana"]


def test_once_it_has_waited_long_enough_anybody_may_have_it() -> None:
    """Cases says so by a clock; a queue of one subject must not stand while others idle."""
    desk = Desk()
    desk.work("t1")
    desk.work("t2")
    assert desk.work("t2", skills_relaxed=True) == ["ben"]


def test_where_nobody_at_work_knows_it_anybody_has_it_at_once() -> None:
    """Waiting would help nobody; who goes away may be the last one who knew."""
    desk = Desk()
    desk.work("t1")
    desk.work("t2")
    assert desk.agent("ana", skills={"refund": 0.8}, status=AgentStatus.AWAY) == ["ben"]


def test_who_passed_it_on_is_nobody_to_wait_for() -> None:
    """The one who knew the subject gave the ticket away: it would have waited for them for ever."""
    assert Desk().work("t1", passed_over=("ana",)) == ["ben"]


def test_who_had_it_last_need_not_know_its_subject() -> None:
    """A reopened ticket goes back to its agent, who knows the case."""
    assert Desk().work("t1", sticky_to="ben") == ["ben"]


def test_skills_that_a_rule_asks_for_stand_for_the_subject() -> None:
    """Such a ticket has its own conditions, and its own time."""
    desk = Desk()
    desk.agent("ben", skills={"large_refunds": 0.9})
    assert desk.work("t1", required_skills=("large_refunds",)) == ["ben"]


@pytest.mark.parametrize("status", [AgentStatus.AWAY, AgentStatus.OFFLINE])
def test_a_patient_ticket_waits_for_who_is_absent(status: AgentStatus) -> None:
    """What came at night went to anybody in the morning, and two of three of those passed it on."""
    patient = TeamRules(subject_minutes=60, wait_for_absent=(Priority.LOW,))
    desk = Desk(RoutingRules(defaults=patient))
    desk.agent("ana", status=status, skills={"refund": 0.8})
    assert desk.work("t1", priority=Priority.LOW) == ["nobody_free_knows:refund"]
    assert desk.work("t2", priority=Priority.HIGH) == ["ben"], (
        "it cannot wait so long, and is in nobody's way"
    )
    desk.work("t2", Work.NONE)
    assert desk.agent("ana", skills={"refund": 0.8}) == ["ana"]


def test_a_patient_ticket_waits_for_nobody_who_supervises_or_leaves() -> None:
    """They never take it."""
    patient = TeamRules(subject_minutes=60, wait_for_absent=(Priority.LOW,))
    desk = Desk(RoutingRules(defaults=patient))
    desk.agent("ana", status=AgentStatus.OFFLINE, skills={"refund": 0.8}, supervises=True)
    assert desk.work("t1", priority=Priority.LOW) == ["ben"]


@pytest.mark.parametrize(
    "fields",
    [{"languages": ("en",)}, {"capacity": 0}, {"channel_capacity": {Channel.CHAT: 0}}],
    ids=["language", "no capacity", "channel"],
)
def test_a_ticket_waits_for_nobody_who_could_never_take_it(fields: dict[str, Any]) -> None:
    """Ana knows refunds, but not the customer's language, or takes no chats: it waited for her for two days."""
    desk = Desk()
    desk.agent("ben", languages=("pt",))
    desk.agent("ana", **({"skills": {"refund": 0.8}} | fields))
    assert desk.work("t1", language="pt", channel=Channel.CHAT) == ["ben"]


@pytest.mark.parametrize("rules", [RoutingRules(), RoutingRules(defaults=TeamRules(subject_minutes=None))])
def test_without_the_rule_anybody_has_it(rules: RoutingRules) -> None:
    """Rules that say nothing of subjects change nothing."""
    desk = Desk(rules)
    assert (desk.work("t1"), desk.work("t2")) == (["ana"], ["ben"])


def test_the_clock_of_cases_ends_the_wait_once() -> None:
    """The team is told by a new revision; the ticket's row and log say that it waited in vain."""
    rules = CaseRules(clocks=routing_clocks(RULES), routing=RULES)
    run = CasesRun(Clocks(retire_after=timedelta(days=1), forget_after=timedelta(days=1), rules=rules))
    run.step([enriched(opened(), 1, triage=SCORED)])
    run.advance(minute(59))
    assert [entry.event.type for entry in run.log()] == ["TicketOpened"]
    run.advance(minute(180))
    assert [entry.event.type for entry in run.log()] == ["TicketOpened", "SkillsRelaxed"]
    assert [notice.skills_relaxed for notice in run.told()] == [False, True]
