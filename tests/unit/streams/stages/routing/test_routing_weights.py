"""How the weights of a score are checked and used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.records.derived import AgentRostered, WorkChanged
from schemas.records.ticket_row import Work
from schemas.vocabulary import AgentStatus
from streams.stages.routing.choice import choose
from streams.stages.routing.entries import TeamAgent
from streams.stages.routing.member import Load, Member
from streams.stages.routing.weights import RoutingWeights
from tests.unit.streams.logic_driver import START


def member(agent_id: str, *, capacity: int = 10, own: bool = False, **known: float) -> Member:
    """Return an agent with ten places, or as many as named; `own`: refunds are their subject."""
    rostered = AgentRostered(
        agent_id=agent_id,
        team="billing",
        roster_revision=1,
        status=AgentStatus.AVAILABLE,
        capacity=capacity,
        specialisations=("refund",) if own else (),
        performance=known.get("performance", 0.5),
        skills={"refund": known.get("skill", 0.0)},
    )
    return Member(TeamAgent(rostered=rostered), Load(), 0.5)


def test_weights_that_do_not_add_up_to_one_are_refused() -> None:
    """The message says what they add up to and what to do."""
    with pytest.raises(ValidationError, match=r"add up to 1\.1; set them"):
        RoutingWeights(skill=0.3)


def test_the_weights_decide_between_virtues() -> None:
    """Whoever weighs skill more than performance gets the skilled one, and the other way round."""
    skilled, proven = member("skilled", skill=0.9), member("proven", performance=0.9)
    work = WorkChanged(
        ticket_id="t1",
        life=0,
        routing_revision=1,
        team="billing",
        work=Work.WANTED,
        intent="refund",
        waiting_since=START,
    )
    by_skill = RoutingWeights(skill=0.4, performance=0.0)
    by_performance = RoutingWeights(skill=0.0, performance=0.4)
    assert choose([skilled, proven], work, by_skill).member is skilled
    assert choose([skilled, proven], work, by_performance).member is proven


def test_a_score_is_the_weighted_sum_of_its_parts() -> None:
    """The parts that a decision carries explain its score."""
    work = WorkChanged(
        ticket_id="t1", life=0, routing_revision=1, team="billing", work=Work.WANTED, waiting_since=START
    )
    weights = RoutingWeights()
    choice = choose([member("ana", performance=0.8)], work, weights)
    assert choice.score == pytest.approx(
        sum(getattr(weights, name) * part for name, part in choice.parts.items())
    )


@given(
    agents=st.lists(
        st.tuples(st.integers(1, 5), st.integers(0, 4), st.sampled_from([0.0, 0.3, 0.7]), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_the_best_is_the_same_as_by_ranking_every_agent_by_the_formula(
    agents: list[tuple[int, int, float, bool]],
) -> None:
    """What is remembered of an agent changes no choice, the first or a later time."""
    work = WorkChanged(
        ticket_id="t1",
        life=0,
        routing_revision=1,
        team="billing",
        work=Work.WANTED,
        intent="refund",
        waiting_since=START,
    )
    weights = RoutingWeights()
    members = []
    for number, (capacity, held, skill, own) in enumerate(agents):
        one = member(f"a{number}", skill=skill, capacity=capacity, own=own)
        one.load.total = min(held, capacity)
        members.append(one)

    def rank(one: Member) -> tuple[float, int, str]:
        parts = (
            float("refund" in one.rostered.specialisations),
            one.rostered.skills.get("refund", 0.0),
            (one.rostered.capacity - one.total) / one.rostered.capacity,
            one.rostered.performance,
        )
        shares = (weights.specialisation, weights.skill, weights.free_capacity, weights.performance)
        score = sum(share * part for share, part in zip(shares, parts, strict=True))
        return -round(score, 9), one.total, one.rostered.agent_id

    for _ in range(2):
        assert choose(members, work, weights).member is min(members, key=rank)
