"""How much routing does for one record, counted and not timed."""

from collections import Counter

import pytest

from schemas.vocabulary import AgentStatus
from streams.stages.routing.member import Member
from streams.stages.routing.waiting_line import LOOK_AHEAD, Lane
from tests.unit.streams.stages.routing.test_routing_rules import Desk

AGENTS = 20


def test_tickets_with_wishes_ask_for_no_look_at_every_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 640 of them in a team of 200, one word of the roster stopped routing for 5.8 seconds."""
    asked = Counter[str]()
    has_skills, knows = Member.has_skills, Member.knows

    def counted_skills(self: Member, lane: Lane) -> bool:
        asked["has_skills"] += 1
        return has_skills(self, lane)

    def counted_knows(self: Member, lane: Lane) -> bool:
        asked["knows"] += 1
        return knows(self, lane)

    desk = Desk(subject_minutes=240)
    for number in range(AGENTS):
        desk.agent(f"free{number}")
        desk.agent(f"expert{number}", held_elsewhere=1, specialisations=("refund",))
    for number in range(LOOK_AHEAD):
        desk.work(f"t{number}", intent="refund", excluded_agents=("zoe",))
    monkeypatch.setattr(Member, "has_skills", counted_skills)
    monkeypatch.setattr(Member, "knows", counted_knows)
    assert desk.agent("free0", status=AgentStatus.AVAILABLE) == []
    assert asked["knows"] <= AGENTS
    assert asked["has_skills"] <= 3 * AGENTS, "of those who are free, and of all, once a lane"
