"""The simulated operation: seeded, in time order, and true to what it says of itself."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Permanent
from schemas.records.events import (
    AgentUpdated,
    CustomerLeft,
    LabelCorrected,
    MessageAdded,
    SurveyAnswered,
    TicketEvent,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
)
from schemas.taxonomy import Taxonomy, load_taxonomy
from schemas.vocabulary import OUT_OF_SCOPE, AgentStatus, Author, Category
from ticketyard.record import to_record
from ticketyard.simulator import SimulationConfig, TimedEvent, load, simulate
from ticketyard.simulator.grammar import LANGUAGES, intents_of
from ticketyard.simulator.persons import invent_iban
from ticketyard.simulator.roster import MEAN_HOLD_S

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR_AS_HOUR = SimulationConfig(tickets=400, duration=timedelta(days=1))


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="module")
def day(taxonomy: Taxonomy) -> list[TimedEvent]:
    """One day of 400 tickets, not compressed."""
    return list(simulate(HOUR_AS_HOUR, 7, MONDAY, taxonomy))


def ticket_events(day: list[TimedEvent]) -> dict[str, list[TicketEvent]]:
    found: dict[str, list[TicketEvent]] = defaultdict(list)
    for timed in day:
        if isinstance(timed.event, TicketEvent):
            found[timed.event.ticket_id].append(timed.event)
    return found


def test_the_same_seed_gives_the_same_events(day: list[TimedEvent], taxonomy: Taxonomy) -> None:
    """Ids, times, texts and truths are a function of config, seed and start."""
    assert day == list(simulate(HOUR_AS_HOUR, 7, MONDAY, taxonomy))


def test_another_seed_gives_other_tickets(day: list[TimedEvent], taxonomy: Taxonomy) -> None:
    """Two runs can share one Kafka: their ids do not meet."""
    other = simulate(SimulationConfig(tickets=50), 8, MONDAY, taxonomy)
    assert not {timed.id for timed in day} & {timed.id for timed in other}


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    tickets=st.integers(1, 40),
    minutes=st.integers(1, 3000),
    days=st.floats(0.05, 9),
)
def test_events_come_in_time_order_within_the_duration(
    taxonomy: Taxonomy, seed: int, tickets: int, minutes: int, days: float
) -> None:
    """However the day is compressed, nothing comes early, late or twice, and every event can be published."""
    duration = timedelta(minutes=minutes)
    config = SimulationConfig(tickets=tickets, duration=duration, operation=timedelta(days=days))
    events = list(simulate(config, seed, MONDAY, taxonomy))
    times = [timed.at for timed in events]
    assert times == sorted(times)
    assert all(MONDAY <= at <= MONDAY + duration + timedelta(microseconds=1) for at in times)
    assert len({timed.id for timed in events}) == len(events)
    assert sum(timed.truth is not None for timed in events) == tickets
    for timed in events:
        to_record(timed.event, id=timed.id, time=timed.at, source="simulator")


def test_the_truth_adds_up_to_the_events(day: list[TimedEvent]) -> None:
    """What the truth counts is what happens to the ticket, no more and no less."""
    events = ticket_events(day)
    truths = [timed.truth for timed in day if timed.truth]
    assert {truth.ticket_id for truth in truths} == set(events)
    for truth in truths:
        own = events[truth.ticket_id]
        assert truth.counts == Counter(type(event).__name__ for event in own)
        messages = [event for event in own if isinstance(event, MessageAdded)]
        replies = [event for event in messages if event.author is Author.AGENT and event.public]
        assert truth.agent_replies == len(replies)
        assert truth.customer_messages + truth.agent_replies + truth.internal_notes == len(messages)
        scores = [event.score for event in own if isinstance(event, SurveyAnswered)]
        assert truth.survey_score == (scores[-1] if scores else None)
        merged = [event.into_ticket_id for event in own if isinstance(event, TicketMerged)]
        assert truth.merged_into == (merged[0] if merged else None)
        assert (truth.ending == "merged") == bool(merged)


def test_a_life_makes_sense(day: list[TimedEvent]) -> None:
    """A ticket is opened first; it is reopened only after it was resolved; nothing follows a merge."""
    for events in ticket_events(day).values():
        assert isinstance(events[0], TicketOpened)
        resolved = False
        for event in events:
            assert not isinstance(event, TicketReopened) or resolved
            resolved = (resolved or isinstance(event, TicketResolved)) and not isinstance(
                event, TicketReopened
            )
        assert not any(isinstance(event, TicketMerged) for event in events[:-1])


def test_a_merged_ticket_repeats_an_earlier_one_of_the_same_customer(day: list[TimedEvent]) -> None:
    """Duplicates are duplicates: same customer, same intent, and the other was opened before."""
    truths = {timed.truth.ticket_id: timed.truth for timed in day if timed.truth}
    events = ticket_events(day)
    merged = [truth for truth in truths.values() if truth.merged_into]
    assert merged
    for truth in merged:
        original = truths[str(truth.merged_into)]
        assert original.intent == truth.intent
        first, second = events[original.ticket_id][0], events[truth.ticket_id][0]
        assert isinstance(first, TicketOpened)
        assert isinstance(second, TicketOpened)
        assert first.customer_id == second.customer_id
        assert list(truths).index(original.ticket_id) < list(truths).index(truth.ticket_id)


def test_no_event_but_a_correction_tells_the_truth(day: list[TimedEvent]) -> None:
    """The pipeline never sees intent, language or category, so accuracy on it means something."""
    for timed in day:
        event = timed.event
        if isinstance(event, TicketOpened):
            assert (event.intent, event.category, event.language, event.attributes) == (None, None, None, {})
        if isinstance(event, LabelCorrected):
            assert event.intent != OUT_OF_SCOPE


def test_it_covers_the_taxonomy(taxonomy: Taxonomy) -> None:
    """At least 30 intents, of all seven categories; every one is the taxonomy's."""
    known = set(intents_of("en")) - {OUT_OF_SCOPE}
    assert len(known) >= 30
    assert {taxonomy.category_for(intent) for intent in known} == set(Category)
    for language in LANGUAGES:
        assert set(intents_of(language)) <= known | {OUT_OF_SCOPE}


def test_the_roster_fits_the_load(taxonomy: Taxonomy) -> None:
    """Agents are hired for what tickets hold them on average; in rushes a team has more, and works it off."""
    config = SimulationConfig(tickets=800, duration=timedelta(days=1))
    agents: dict[str, AgentUpdated] = {}
    opened: dict[str, tuple[datetime, str]] = {}
    held: list[float] = []
    overloaded = Counter[bool]()
    for timed in simulate(config, 3, MONDAY, taxonomy):
        event = timed.event
        if isinstance(event, AgentUpdated):
            agents[event.agent_id] = event
        elif isinstance(event, TicketOpened) and timed.truth is not None:
            team = timed.truth.team
            opened[event.ticket_id] = (timed.at, team)
            capacity = sum(
                a.capacity for a in agents.values() if (a.home_team, a.status) == (team, "available")
            )
            overloaded[sum(own == team for _, own in opened.values()) > capacity] += 1
        elif isinstance(event, TicketResolved | TicketMerged) and event.ticket_id in opened:
            held.append((timed.at - opened.pop(event.ticket_id)[0]).total_seconds())
    assert sum(held) / len(held) == pytest.approx(MEAN_HOLD_S, rel=0.2)
    assert 0.05 < overloaded[True] / overloaded.total() < 0.4
    assert len(opened) < 40


def test_agents_work_in_shifts(day: list[TimedEvent]) -> None:
    """Each agent comes, takes a break and goes; everybody's first status is there from the start."""
    statuses: dict[str, list[AgentStatus]] = defaultdict(list)
    for timed in day:
        if isinstance(timed.event, AgentUpdated):
            statuses[timed.event.agent_id].append(timed.event.status)
    assert all(len(set(own)) == 3 for own in statuses.values())
    assert all(before is not after for own in statuses.values() for before, after in pairwise(own))


def test_texts_hold_invented_personal_data_in_several_languages(day: list[TimedEvent]) -> None:
    """There is something to redact, and more than one language to detect."""
    texts = " ".join(timed.event.text for timed in day if isinstance(timed.event, TicketOpened))
    assert "@example." in texts
    assert "+" in texts
    assert len({timed.truth.language for timed in day if timed.truth}) >= 4


@given(seed=st.integers())
def test_invented_account_numbers_have_right_check_digits(seed: int) -> None:
    """A detector that verifies check digits must find them; one wrong digit breaks them."""
    iban = invent_iban(Random(seed))
    assert _check_digits_are_right(iban)
    changed = iban[:-1] + str((int(iban[-1]) + 1) % 10)
    assert not _check_digits_are_right(changed)


def _check_digits_are_right(iban: str) -> bool:
    """ISO 7064: the country and its digits behind the rest, letters as 10 to 35, leave 1 of 97."""
    packed = iban.replace(" ", "")
    return int("".join(str(int(one, 36)) for one in packed[4:] + packed[:4])) % 97 == 1


def test_load_is_evenly_spaced_and_frees_capacity(taxonomy: Taxonomy) -> None:
    """Tickets come by the schedule, and each is resolved after its hold, whatever else happens."""
    events = list(islice(load(1, 100, MONDAY, taxonomy, hold=timedelta(seconds=1)), 400))
    opened = [timed.at for timed in events if isinstance(timed.event, TicketOpened)]
    resolved = [timed.at for timed in events if isinstance(timed.event, TicketResolved)]
    assert opened == [MONDAY + timedelta(seconds=number / 100) for number in range(len(opened))]
    assert resolved == [at + timedelta(seconds=1) for at in opened[: len(resolved)]]
    assert sum(isinstance(timed.event, AgentUpdated) for timed in events) >= len(taxonomy.teams())
    only = islice(load(1, 100, MONDAY, taxonomy, hold=None), 200)
    assert all(isinstance(timed.event, TicketOpened) for timed in only)


def test_some_who_were_let_down_leave_and_nobody_writes_after(taxonomy: Taxonomy) -> None:
    """Each once, after the last ticket of all; with a share of none, nobody leaves and all else is as it was."""
    config = SimulationConfig(tickets=600)
    events = list(simulate(config, 3, MONDAY, taxonomy))
    left = [timed for timed in events if isinstance(timed.event, CustomerLeft)]
    names = [timed.event.customer_id for timed in left if isinstance(timed.event, CustomerLeft)]
    assert 3 < len(names) == len(set(names)) < 100
    opened = [timed.at for timed in events if isinstance(timed.event, TicketOpened)]
    assert max(opened) < min(timed.at for timed in left)
    faithful = simulate(msgspec.structs.replace(config, leaving=0.0), 3, MONDAY, taxonomy)
    assert list(faithful) == [timed for timed in events if timed not in left]


def test_impossible_operations_are_refused(taxonomy: Taxonomy) -> None:
    """A mistake in the configuration is said before anything happens."""
    with pytest.raises(Permanent, match="at least one ticket"):
        SimulationConfig(tickets=0)
    with pytest.raises(Permanent, match="offset from UTC"):
        simulate(SimulationConfig(), 1, datetime(2026, 3, 2), taxonomy)  # noqa: DTZ001 - the mistake
    with pytest.raises(Permanent, match="rate above 0"):
        next(load(1, 0, MONDAY, taxonomy))
