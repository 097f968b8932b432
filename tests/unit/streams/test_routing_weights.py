"""How the weights of a score are checked and used."""

import pytest
from pydantic import ValidationError

from schemas.derived import AgentRostered, WorkChanged
from schemas.ticket_row import Work
from schemas.vocabulary import AgentStatus
from streams.routing.choice import choose
from streams.routing.entries import TeamAgent
from streams.routing.team import Load, Member
from streams.routing.weights import RoutingWeights
from tests.unit.streams.logic_driver import START


def member(agent_id: str, **known: float) -> Member:
    """Return an agent with ten places."""
    rostered = AgentRostered(
        agent_id=agent_id,
        team="billing",
        roster_revision=1,
        status=AgentStatus.AVAILABLE,
        capacity=10,
        performance=known.get("performance", 0.5),
        skills={"refund": known.get("skill", 0.0)},
    )
    return Member(TeamAgent(rostered=rostered), Load())


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
