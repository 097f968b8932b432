"""Long seeded histories of busy teams, where situations pile up that short examples seldom reach."""

from datetime import timedelta
from random import Random

import pytest

from schemas.records.derived import AgentRostered, WorkChanged
from schemas.records.events import Event
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus, Category, Channel, Priority
from streams.stages.routing.partition import RoutingPartition
from tests.unit.streams.logic_driver import START, Driver, record_of
from tests.unit.streams.stages.routing.routing_model import RoutingModel

AGENTS = ("ana", "ben", "cy", "dee")
CHANNELS = (Channel.CHAT, Channel.PHONE, None)


SKILLS: tuple[dict[str, float], ...] = ({}, {"refund": 0.7}, {Category.BILLING_DISPUTE: 0.4})


def some_agent(random: Random, number: int) -> AgentRostered:
    """Return news of an agent, seldom that they leave."""
    return AgentRostered(
        agent_id=random.choice(AGENTS),
        team="billing",
        roster_revision=number,
        status=random.choice((*[AgentStatus.AVAILABLE] * 4, AgentStatus.AWAY, AgentStatus.OFFLINE)),
        capacity=random.randint(1, 4),
        leaving=random.random() < 0.15,
        channel_capacity={Channel.PHONE: 1} if random.random() < 0.4 else {},
        languages=random.choice(((), ("en",), ("pt",), ("en", "pt"))),
        specialisations=random.choice(((), ("refund",), (Category.BILLING_DISPUTE,))),
        skills=random.choice(SKILLS),
        performance=random.choice((0.5, 0.5, 0.8)),
        held_elsewhere=random.choice((0, 0, 1)),
    )


def some_work(random: Random, number: int) -> WorkChanged:
    """Return news of a ticket; about as many end as begin."""
    return WorkChanged(
        ticket_id=f"t{random.randrange(20)}",
        life=0,
        routing_revision=number,
        team="billing",
        work=random.choice((*[Work.WANTED] * 5, *[Work.NONE] * 4, Work.HELD)),
        agent_id=random.choice((*AGENTS, "zoe")),
        priority=random.choice(list(Priority)),
        channel=random.choice(CHANNELS),
        language=random.choice(("en", "pt", None)),
        intent=random.choice(("refund", "invoice")),
        category=Category.BILLING_DISPUTE,
        waiting_since=START - timedelta(minutes=random.randrange(5)),
        passed_over=Random(number).choice(((), (), *((agent,) for agent in AGENTS))),
        refused=Random(-number).random() < 0.3,
    )


def history(seed: int, length: int = 300) -> list[Event]:
    """Return the messages of one history."""
    random = Random(seed)
    return [(some_agent if random.random() < 0.2 else some_work)(random, n) for n in range(1, length + 1)]


@pytest.mark.parametrize("seed", range(12))
def test_every_promise_holds_throughout_a_long_history(seed: int) -> None:
    """The slow second opinion agrees after each message, with deaths and repetitions strewn in."""
    driver, model, random = Driver(RoutingPartition(), "routing"), RoutingModel(), Random(seed)
    told: list[Event] = []
    for message in history(seed):
        topic = Topic.AGENTS_ROSTER if isinstance(message, AgentRostered) else Topic.TICKETS_WORK
        model.follow(message, driver.step([record_of(topic, message)]))
        told.append(message)
        if random.random() < 0.05:
            driver.restart(RoutingPartition())
        if random.random() < 0.1:
            again = random.choice(told)
            topic = Topic.AGENTS_ROSTER if isinstance(again, AgentRostered) else Topic.TICKETS_WORK
            assert driver.step([record_of(topic, again)]) == []
    assert {"assigned", "queued", "released", "over_capacity_by_people"} <= driver.counts.keys()
