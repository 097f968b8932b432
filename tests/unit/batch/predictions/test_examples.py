"""What is known when: no example holds anything that happened after its moment, nor an outcome of after `now`."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.predictions.censoring import cohort_of, settled
from batch.predictions.encode import fit_encoding, training_rows
from batch.predictions.examples import History, Moment, examples_of, outcomes_of
from schemas.fold import fold
from schemas.predictions import Target
from schemas.records.events import (
    SurveyAnswered,
    TicketClosed,
    TicketEvent,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from schemas.vocabulary import Priority
from tests.unit.schemas.ticket_facts import TICKET, fact, from_agent, from_customer, minute, opened


def history(*bodies: tuple[float, TicketEvent]) -> list[Moment]:
    found: list[Moment] = []
    for at, body in bodies:
        row = fold(found[-1].row if found else None, fact(body, at))
        found.append(Moment(minute(at), body, row))
    return found


RESOLVED = TicketResolved(ticket_id=TICKET)
TARGETS: tuple[Target, ...] = ("resolution", "reassignment", "reopening", "satisfaction")
LATER: Sequence[TicketEvent] = (
    RESOLVED,
    TicketReopened(ticket_id=TICKET),
    TicketUpdated(
        ticket_id=TICKET, priority=Priority.CRITICAL, team="other", assignee="A-9", reassignments=4
    ),
    SurveyAnswered(ticket_id=TICKET, score=1),
    from_agent(),
    from_customer(),
)


@given(st.lists(st.sampled_from(LATER), max_size=8))
def test_nothing_after_the_opening_changes_what_is_known_at_it(later: list[TicketEvent]) -> None:
    """Whatever becomes of a ticket, the columns of its opening are those of a ticket that has only been opened."""
    start = (0.0, opened(priority=Priority.LOW, team="payments"))
    alone = history(start, (1.0, RESOLVED))
    whole = history(start, (1.0, RESOLVED), *((2.0 + at, body) for at, body in enumerate(later)))
    in_a_week = minute(7 * 24 * 60)
    known = [examples_of("reassignment", [found], in_a_week)[0].known for found in (alone, whole)]
    assert known[0] == known[1]


@given(st.lists(st.sampled_from(LATER), max_size=8), st.integers(0, 9))
def test_an_outcome_is_what_was_known_then(later: list[TicketEvent], now: int) -> None:
    """Cutting the log off at a moment and asking as of that moment are the same."""
    whole = history((0.0, opened()), *((1.0 + at, body) for at, body in enumerate(later)))
    cut: History = [moment for moment in whole if moment.time <= minute(now)]
    for target in TARGETS:
        assert examples_of(target, [whole], minute(now)) == examples_of(target, [cut], minute(now))


def test_a_ticket_teaches_nothing_before_its_outcome_is_known() -> None:
    open_ticket = history((0.0, opened()))
    assert not examples_of("resolution", [open_ticket], minute(1))
    assert not examples_of("reopening", [open_ticket], minute(1))
    assert not examples_of("reassignment", [open_ticket], minute(1))
    assert [one.outcome for one in examples_of("reassignment", [open_ticket], minute(3 * 24 * 60))] == [0.0]


def test_what_is_known_soon_does_not_crowd_out_the_rest() -> None:
    """Of the latest tickets only the quick ones are solved: models were once judged on times that were too short."""
    starts, days = np.linspace(0, 60, 800), 3 * np.random.default_rng(4).lognormal(sigma=1.0, size=800)
    solved = [
        history((24 * 60 * start, opened()), (24 * 60 * (start + took), RESOLVED))
        for start, took in zip(starts, days, strict=True)
    ]
    now = minute(24 * 60 * 60)
    examples = settled("resolution", cohort_of("resolution", solved, now))
    latest = np.expm1(outcomes_of(examples[-len(examples) // 5 :])) / (24 * 3600)
    assert np.median(latest) == pytest.approx(np.median(days), rel=0.15)
    reopened = [
        history(
            (number * 100.0, opened()),
            (number * 100.0 + 1, RESOLVED),
            *[(number * 100.0 + 1440, TicketReopened(ticket_id=TICKET))] * (number % 2),
        )
        for number in range(400)
    ]
    risks = outcomes_of(settled("reopening", cohort_of("reopening", reopened, minute(40_000.0))))
    assert risks[-20:].mean() == 0.5


def test_a_ticket_that_was_just_resolved_may_still_come_back() -> None:
    """It once taught that its like are not reopened, so the newest weeks had hardly any reopenings."""
    just = history((0.0, opened()), (10.0, RESOLVED))
    week = 7 * 24 * 60.0
    assert not examples_of("reopening", [just], minute(week))
    (known,) = examples_of("reopening", [just], minute(10.0 + week))
    assert (known.outcome, known.known_after) == (0.0, timedelta(minutes=10.0 + week))
    closed = history((0.0, opened()), (10.0, RESOLVED), (20.0, TicketClosed(ticket_id=TICKET)))
    assert [one.outcome for one in examples_of("reopening", [closed], minute(20.0))] == [0.0]


def test_a_survey_is_known_by_what_was_before_it() -> None:
    answered = history((0.0, opened()), (5.0, from_agent()), (9.0, SurveyAnswered(ticket_id=TICKET, score=2)))
    (example,) = examples_of("satisfaction", [answered], minute(10))
    assert (example.at, example.outcome) == (minute(5.0), 2.0)
    assert example.known.numbers["agent_replies"] == 1


def test_a_training_row_does_not_know_its_own_outcome() -> None:
    """A word of its own three tickets would give their outcomes away; each is encoded by the others alone."""
    openings = [history((0.0, opened(team=f"team-{number // 3}")), (1.0, RESOLVED)) for number in range(30)]
    examples = [one for found in openings for one in examples_of("resolution", [found], minute(2))]
    tickets, outcomes = [one.known for one in examples], outcomes_of(examples)
    for place in range(len(tickets)):
        other = outcomes.copy()
        other[place] += 100.0
        encoding = fit_encoding(tickets, outcomes, weight=1.0)
        changed = fit_encoding(tickets, other, weight=1.0)
        before = training_rows(tickets, outcomes, encoding, weight=1.0)[place]
        after = training_rows(tickets, other, changed, weight=1.0)[place]
        assert before.tolist() == after.tolist()
