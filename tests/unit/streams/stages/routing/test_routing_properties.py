"""What holds for routing whatever messages come, however they are cut, repeated, and survived."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.routing.rules import RoutingRules
from casework.routing.team_rules import Overload, TeamRules
from schemas.records.derived import AgentRostered, WorkChanged
from schemas.records.derived.decisions import Decision
from schemas.records.events import Event
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.vocabulary import AgentStatus, Category, Channel, Priority
from streams.foundation.record import Record
from streams.stages.routing.partition import RoutingPartition
from tests.unit.streams.logic_driver import START, Driver, record_of
from tests.unit.streams.stages.routing.routing_model import RoutingModel

few = settings(max_examples=20, deadline=None)
OFFERED = (Channel.CHAT,)
PATIENT = (Priority.LOW,)

LANGUAGES = st.sampled_from(["en", "pt"])
CHANNELS = st.sampled_from([Channel.CHAT, Channel.PHONE])
TEAMS = st.sampled_from(["billing", "technical"])
LABELS = st.sampled_from(["refund", "invoice", Category.BILLING_DISPUTE.value])
AGENT = st.fixed_dictionaries(
    {
        "team": TEAMS,
        "agent_id": st.sampled_from(["ana", "ben", "cy"]),
        "status": st.sampled_from([AgentStatus.AVAILABLE] * 3 + [AgentStatus.AWAY, AgentStatus.OFFLINE]),
        "capacity": st.integers(0, 3),
        "leaving": st.sampled_from([False] * 4 + [True]),
        "channel_capacity": st.dictionaries(CHANNELS, st.integers(0, 2), max_size=1),
        "languages": st.lists(LANGUAGES, max_size=2, unique=True).map(tuple),
        "specialisations": st.lists(LABELS, max_size=1).map(tuple),
        "skills": st.dictionaries(LABELS, st.sampled_from([0.2, 0.7]), max_size=2),
        "performance": st.sampled_from([0.3, 0.5]),
        "held_elsewhere": st.integers(0, 1),
        "supervises": st.sampled_from([False] * 4 + [True]),
        "senior": st.booleans(),
    }
)
WORK = st.fixed_dictionaries(
    {
        "team": TEAMS,
        "ticket_id": st.sampled_from([f"t{n}" for n in range(7)]),
        "work": st.sampled_from([Work.WANTED] * 4 + [Work.HELD, Work.OFFERED, Work.NONE, Work.NONE]),
        "agent_id": st.sampled_from(["ana", "ben", "zoe", None]),
        "priority": st.sampled_from([Priority.LOW, Priority.HIGH, Priority.CRITICAL]),
        "channel": st.one_of(st.none(), CHANNELS),
        "language": st.one_of(st.none(), LANGUAGES),
        "intent": st.sampled_from(["refund", "invoice", None]),
        "category": st.sampled_from([Category.BILLING_DISPUTE, None]),
        "passed_over": st.sampled_from([(), (), ("ana",), ("ben",), ("ana", "ben", "cy")]),
        "refused": st.booleans(),
        "excluded_agents": st.sampled_from([(), (), (), ("ana",), ("ben", "cy")]),
        "sticky_to": st.sampled_from([None, None, None, "ana", "ben"]),
        "skills_relaxed": st.sampled_from([False, False, True]),
        "required_skills": st.sampled_from([(), (), ("refund",), ("refund", "legal")]),
        "due_at": st.sampled_from([None, START, START + timedelta(hours=1)]),
        "waiting_since": st.integers(0, 3).map(lambda minutes: START - timedelta(minutes=minutes)),
        "frees_capacity": st.booleans(),
        "new_life": st.sampled_from([False] * 5 + [True]),
    }
)
MESSAGES = st.lists(st.one_of(AGENT, WORK, WORK), min_size=1, max_size=40)


def messages_of(drawn: list[dict[str, Any]]) -> list[Event]:
    """Number what was drawn, as roster and cases would: each newer than the last about the same thing."""
    lives: dict[str, int] = {}
    messages: list[Event] = []
    for number, draw in enumerate(drawn, start=1):
        fields = dict(draw)
        if "capacity" in fields:
            messages.append(AgentRostered(roster_revision=number, **fields))
            continue
        fields["frees_capacity"] &= fields["work"] is Work.HELD
        if fields.pop("new_life"):
            lives[fields["ticket_id"]] = number
        life = lives.get(fields["ticket_id"], 0)
        messages.append(WorkChanged(life=life, routing_revision=number, **fields))
    return messages


def record(message: Event) -> Record:
    """Return a message as routing reads it."""
    topic = Topic.AGENTS_ROSTER if isinstance(message, AgentRostered) else Topic.TICKETS_WORK
    return record_of(topic, message)


def new_driver() -> Driver:
    """Return an empty partition."""
    return Driver(new_partition(), "routing")


def new_partition() -> RoutingPartition:
    """Return the logic by rules that offer chats, mind subjects, and let go of what absent agents have."""
    defaults = TeamRules(
        offer_channels=OFFERED,
        return_when=("away", "offline", "leaving"),
        overload=Overload(waiting=3),
        subject_minutes=60,
        wait_for_absent=PATIENT,
    )
    return RoutingPartition(rules=RoutingRules(defaults=defaults))


def decided(events: list[Event]) -> list[Event]:
    """Return what was said, without the step in which it was said."""
    return [replace(event, step=0, inputs={}) if isinstance(event, Decision) else event for event in events]


def outputs(messages: list[Event]) -> list[Event]:
    """Return all that routing says to `messages`, each in a step of its own."""
    driver = new_driver()
    return decided([event for message in messages for event in driver.step([record(message)])])


@few
@given(MESSAGES)
def test_every_promise_holds_after_every_message(drawn: list[dict[str, Any]]) -> None:
    """Never above capacity, nobody waits for nothing, the best agent, the foremost ticket, decided once."""
    driver, model = new_driver(), RoutingModel(OFFERED, by_subject=True, patient=PATIENT)
    for message in messages_of(drawn):
        model.follow(message, driver.step([record(message)]))


@few
@given(MESSAGES, st.data())
def test_how_records_are_cut_into_steps_decides_nothing(
    drawn: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Any micro-batches of the same records give the same decisions in the same order."""
    messages = messages_of(drawn)
    driver, rest, said = new_driver(), list(messages), list[Event]()
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        said += driver.step([record(message) for message in rest[:size]])
        rest = rest[size:]
    assert decided(said) == outputs(messages)


@few
@given(MESSAGES, st.sets(st.integers(0, 39)))
def test_a_successor_decides_as_the_predecessor_would_have(
    drawn: list[dict[str, Any]], deaths: set[int]
) -> None:
    """Restored from what was put, at any moments, routing says the same things, to the byte."""
    steady, mortal = new_driver(), new_driver()
    for number, message in enumerate(messages_of(drawn)):
        steady.step([record(message)])
        mortal.step([record(message)])
        if number in deaths:
            mortal.restart(new_partition())
    assert (mortal.sent, mortal.state) == (steady.sent, steady.state)


@few
@given(MESSAGES, st.data())
def test_repeated_and_late_messages_change_nothing(drawn: list[dict[str, Any]], data: st.DataObject) -> None:
    """A message delivered again, at once or long after newer ones, adds neither decision nor state."""
    messages = messages_of(drawn)
    driver, said = new_driver(), list[Event]()
    for number, message in enumerate(messages, start=1):
        said += driver.step([record(message)])
        late = data.draw(st.lists(st.integers(0, number - 1), max_size=2))
        state = dict(driver.state)
        assert driver.step([record(messages[index]) for index in late]) == []
        assert driver.state == state
    assert decided(said) == outputs(messages)
