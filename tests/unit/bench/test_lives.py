"""Whole lives at a given rate."""

from collections import Counter
from itertools import pairwise

import pytest

from schemas.records.events import AgentUpdated, CustomerUpdated, TicketOpened
from schemas.taxonomy import load_taxonomy
from tests.bench.lives import Due, Phase, at_once, lives, opening_times, openings

PHASES = [Phase(10, 10), Phase(40, 5), Phase(10, 5)]


@pytest.fixture(scope="module")
def due() -> list[Due]:
    """Twenty seconds of lives with a spike in the middle."""
    return lives(PHASES, 3, load_taxonomy())


def test_tickets_open_evenly_within_each_phase() -> None:
    """The schedule is the rate's alone: no rhythm, and no gap where one phase follows another."""
    times = list(opening_times(PHASES))

    assert len(times) == 350
    assert times[:3] == [0.0, 0.1, 0.2]
    assert {round(b - a, 6) for a, b in pairwise(times[100:301])} == {0.025}


def test_every_ticket_opens_when_the_rate_says_so(due: list[Due]) -> None:
    """The n-th ticket's first event is due at the n-th time."""
    first: dict[str, float] = {}
    for item in due:
        if not isinstance(item.event, AgentUpdated):
            first.setdefault(item.key, item.after_s)

    assert list(first.values()) == pytest.approx(list(opening_times(PHASES)))


def test_lives_are_whole(due: list[Due]) -> None:
    """Openings are a small part: replies, resolutions and agents who come and go are offered too."""
    kinds = Counter(type(item.event).__name__ for item in due)

    assert {"MessageAdded", "TicketResolved", "TicketUpdated", "AgentUpdated"} <= kinds.keys()
    assert kinds["TicketOpened"] < len(due) / 2
    assert not any(isinstance(item.event, CustomerUpdated) for item in due)


def test_events_are_in_due_order_and_none_is_after_the_end(due: list[Due]) -> None:
    """An open-loop load is sent in order, and ends when it says."""
    times = [item.after_s for item in due]

    assert times == sorted(times)
    assert times[-1] < sum(phase.seconds for phase in PHASES)


def test_a_ticket_opens_before_anything_else_happens_to_it(due: list[Due]) -> None:
    """Moving an opening moves the whole life with it."""
    seen: set[str] = set()
    for item in due:
        if isinstance(item.event, TicketOpened):
            seen.add(item.key)
        else:
            assert isinstance(item.event, AgentUpdated) or item.key in seen


def test_only_opened_tickets_are_waited_for(due: list[Due]) -> None:
    """An imported ticket comes with an owner, so routing may have nothing to decide on it."""
    opened = openings(due)

    assert len(opened) == sum(type(item.event) is TicketOpened for item in due)
    assert all(ticket.startswith("S3-") for ticket in opened)


def test_a_backlog_is_all_due_at_once_in_the_same_order(due: list[Due]) -> None:
    """A backlog is the tickets' events; who works there is nobody's business in triage."""
    backlog = at_once(due)

    assert {item.after_s for item in backlog} == {0.0}
    assert [item.id for item in backlog] == [
        item.id for item in due if not isinstance(item.event, AgentUpdated)
    ]
