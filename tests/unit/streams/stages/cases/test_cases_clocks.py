"""When tickets are closed, retire and are forgotten: by what is known of them and by today's settings."""

from datetime import timedelta

import msgspec
import pytest

from casework.rules import CaseRules
from schemas.fold import fact_of, fold
from schemas.records.events import (
    LabelCorrected,
    SurveyAnswered,
    TicketClosed,
    TicketEvent,
    TicketMerged,
    TicketReopened,
    TicketResolved,
)
from schemas.records.ticket_row import TicketRow, Work
from schemas.vocabulary import Status
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.retired import RetiredTickets
from streams.stages.cases.state import retired_at
from tests.unit.casework.escalation.rules_of import rules_of, table
from tests.unit.schemas.ticket_facts import SCORED, TICKET, assigned, from_customer, minute, opened
from tests.unit.streams.ticket_records import CasesRun, at_offset, closing, decided, enriched, scored

DAY = timedelta(days=1)
DAY_MINUTES = 60 * 24


def clocks(*, close: float | None = None, retire: float = 30) -> Clocks:
    return Clocks(
        retire_after=retire * DAY,
        rules=CaseRules() if close is None else closing(close * DAY),
        forget_after=90 * DAY,
    )


def run_of(settings: Clocks, *events: tuple[TicketEvent, float]) -> CasesRun:
    """Return a run of a ticket that was opened at the start, with events on days of it."""
    run = CasesRun(settings)
    run.step([scored(opened(subject="Where is my money?"), 1)])
    for offset, (body, day) in enumerate(events, start=2):
        run.advance(max(run.now, minute(day * DAY_MINUTES)))
        run.step([enriched(body, offset, at=day * DAY_MINUTES)])
    return run


def last(run: CasesRun) -> TicketRow:
    return run.log()[-1].after


def test_a_longer_time_to_object_holds_for_tickets_that_are_resolved_already() -> None:
    """The timer of two days fired on day 2 and closed the ticket as of day 14; who wrote on day 3 was not answered."""
    run = run_of(clocks(close=2), (TicketResolved(ticket_id=TICKET), 0))
    run.restart(clocks(close=14))
    run.advance(minute(0) + 13 * DAY)
    assert last(run).status is Status.RESOLVED

    run.step([enriched(from_customer(), 9, at=13 * DAY_MINUTES)])
    assert (last(run).work, last(run).late_events) == (Work.WANTED, 0)


@pytest.mark.parametrize(("before", "after"), [(None, 2.0), (14.0, 2.0)])
def test_a_shorter_time_to_object_closes_what_has_waited_for_longer(
    before: float | None, after: float
) -> None:
    """Tickets that were resolved before the clock was set at all stayed resolved for ever."""
    run = run_of(clocks(close=before), (TicketResolved(ticket_id=TICKET), 0))
    run.advance(minute(0) + 5 * DAY)
    run.restart(clocks(close=after))
    run.advance(minute(0) + 5 * DAY)

    assert (last(run).status, last(run).closed_at) == (Status.CLOSED, minute(0) + 2 * DAY)


@pytest.mark.parametrize(("before", "after"), [(30, 400), (400, 30)])
def test_retiring_follows_the_setting_of_today(before: float, after: float) -> None:
    """A timer of 30 days fired although 400 had been asked for since, and the other way round."""
    run = run_of(clocks(retire=before), (TicketClosed(ticket_id=TICKET), 0))
    run.restart(clocks(retire=after))
    run.advance(minute(-1) + after * DAY)
    assert len(run.logic) == 1
    run.advance(minute(0) + after * DAY)
    assert len(run.logic) == 0


def test_history_on_the_wall_clock_stays_in_one_piece() -> None:
    """A ticket closed 31 days ago retired within 250 ms; its survey began an empty life, and its opening was routed."""
    run = CasesRun(clocks())
    run.now = minute(0) + 31 * DAY
    opening = scored(opened(), 1)
    run.step([opening, enriched(TicketClosed(ticket_id=TICKET), 2, at=5)])
    run.advance(run.now)
    run.step([enriched(SurveyAnswered(ticket_id=TICKET, score=4), 3, at=10), at_offset(opening, 4)])

    assert (last(run).life, last(run).survey_score, run.counts["duplicates"]) == (1, 4, 1)
    run.advance(minute(0) + 61 * DAY)
    assert len(run.logic) == 0


def test_idle_resolved_tickets_leave_the_state() -> None:
    """By default nobody closes them, and they stayed for ever."""
    run = run_of(
        clocks(), (TicketResolved(ticket_id=TICKET), 1), (SurveyAnswered(ticket_id=TICKET, score=5), 9)
    )
    run.advance(minute(0) + 38 * DAY)
    assert len(run.logic) == 1
    run.advance(minute(0) + 39 * DAY)
    assert (len(run.logic), run.counts["retired"]) == (0, 1)


def test_a_resolved_ticket_waits_for_its_closing_before_it_retires() -> None:
    """Where the stage closes tickets, they retire as closed ones."""
    run = run_of(clocks(close=40), (TicketResolved(ticket_id=TICKET), 0))
    run.advance(minute(0) + 39 * DAY)
    assert (len(run.logic), last(run).status) == (1, Status.RESOLVED)
    run.advance(minute(0) + 70 * DAY)
    assert (len(run.logic), last(run).status) == (0, Status.CLOSED)


@pytest.mark.parametrize("restarted", [False, True])
def test_what_comes_after_a_ticket_has_retired_knows_who_and_what_it_is_about(*, restarted: bool) -> None:
    """A customer who wrote after a month had no channel, no label and no team."""
    run = run_of(clocks(), (TicketResolved(ticket_id=TICKET), 1))
    before = last(run)
    run.advance(minute(0) + 50 * DAY)
    if restarted:
        run.restart()
    run.step([enriched(from_customer(), 90, at=50 * DAY_MINUTES)])
    row = last(run)

    assert (row.life, row.revision, row.routing_revision, row.resumed) == (90, 1, 1, False)
    for field in (
        "customer_id",
        "channel",
        "language",
        "intent",
        "category",
        "team",
        "priority",
        "opened_at",
    ):
        assert getattr(row, field) == getattr(before, field)
    assert (row.status, row.work, row.reopenings) == (Status.NEW, Work.WANTED, 1)
    assert run.log()[-1].before == before
    assert [(told.team, told.work, told.life) for told in run.told()[2:]] == [("payments", Work.WANTED, 90)]
    assert (run.counts["resumed"], len(run.logic)) == (1, 1)


def test_a_correction_after_a_month_still_corrects_what_the_model_said() -> None:
    """The row of the new life had no prediction, so nothing could be learnt from the correction."""
    run = run_of(clocks(), (TicketClosed(ticket_id=TICKET), 1))
    run.advance(minute(0) + 50 * DAY)
    run.step([enriched(LabelCorrected(ticket_id=TICKET, intent="card_lost"), 90, at=50 * DAY_MINUTES)])

    assert (last(run).corrected, last(run).predicted_intent, last(run).work) == (
        True,
        SCORED.intent,
        Work.NONE,
    )


def test_an_opening_sent_again_after_its_ticket_has_retired_gives_nobody_work() -> None:
    """It was routed to a team."""
    run = CasesRun(clocks())
    opening = scored(opened(), 1)
    run.step([opening, enriched(TicketClosed(ticket_id=TICKET), 2)])
    run.advance(minute(0) + 50 * DAY)
    told = len(run.told())
    run.step([at_offset(opening, 90)])

    assert (last(run).work, len(run.told())) == (Work.NONE, told)


def test_a_later_life_stands_above_the_one_before() -> None:
    """Its number is an offset, and tickets.enriched may have been created again since: views would show the old row."""
    run = CasesRun(clocks())
    run.step([scored(opened(), 70), enriched(TicketClosed(ticket_id=TICKET), 71)])
    run.advance(minute(0) + 50 * DAY)
    run.step([enriched(from_customer(), 3, at=50 * DAY_MINUTES)])
    entry = run.log()[-1]

    assert (entry.life, entry.revision, fold(entry.before, fact_of(entry))) == (71, 1, entry.after)


def test_a_ticket_that_came_back_is_not_forgotten() -> None:
    """The clock of its retired row stops."""
    run = run_of(clocks(), (TicketClosed(ticket_id=TICKET), 1))
    run.advance(minute(0) + 50 * DAY)
    run.step([enriched(TicketReopened(ticket_id=TICKET), 90, at=50 * DAY_MINUTES)])
    run.advance(minute(0) + 400 * DAY)

    assert (len(run.logic), run.counts.get("forgotten", 0)) == (1, 0)
    run.restart()
    run.advance(minute(0) + 401 * DAY)
    assert len(run.logic) == 1


def test_what_stays_of_a_retired_ticket_is_as_large_as_the_docs_say() -> None:
    """They said 1 kB, and workers were given too little memory; a row that grows must change docs/life-cycle.md."""
    survey = SurveyAnswered(ticket_id=TICKET, score=5)
    run = run_of(clocks(), (from_customer(), 1), (TicketResolved(ticket_id=TICKET), 2), (survey, 3))
    run.advance(minute(0) + 40 * DAY)
    (entry,) = run.state.values()

    assert run.counts["retired"] == 1
    assert 900 < len(entry) < 1_300


def test_what_the_memory_holds_of_a_retired_ticket_is_a_small_part_of_it() -> None:
    """A million of them took 1.4 GB of each worker's memory; packed, the row comes back as it was."""
    survey = SurveyAnswered(ticket_id=TICKET, score=5)
    run = run_of(clocks(), (from_customer(), 1), (TicketResolved(ticket_id=TICKET), 2), (survey, 3))
    before = last(run)
    run.advance(minute(0) + 40 * DAY)
    (entry,) = run.state.values()
    tickets = RetiredTickets()
    tickets.keep(TICKET, entry)

    assert tickets.row(TICKET) == before
    assert dict(tickets.since()) == {TICKET: retired_at(entry)}
    assert len(tickets._packed[TICKET]) < len(entry) / 3


def test_entries_of_earlier_versions_are_read() -> None:
    """They do not say when they were handled; the time of the ticket's last event stands for it."""
    run = run_of(clocks(), (TicketClosed(ticket_id=TICKET), 1))
    (key,) = run.state
    entry = msgspec.json.decode(run.state[key])
    del entry["handled_at"]
    run.state[key] = msgspec.json.encode(entry)
    run.restart()
    run.advance(minute(DAY_MINUTES) + 30 * DAY)

    assert len(run.logic) == 0


def test_a_message_on_a_retired_merged_ticket_is_still_sent_on() -> None:
    """Its row knows where it went."""
    run = run_of(clocks(), (TicketMerged(ticket_id=TICKET, into_ticket_id="T-2"), 1))
    run.advance(minute(0) + 50 * DAY)
    run.step([enriched(from_customer(), 90, at=50 * DAY_MINUTES)])

    assert run.counts["sent_on_by_merge"] == 1


def test_a_clock_can_fire_while_the_decision_that_would_stop_it_waits() -> None:
    """The documentation said that no backlog fires what a waiting decision would have stopped.

    A rule that ends with its cause takes back what it did, of a ticket of which something was heard since
    (docs/faults.md).
    """
    rule = "name: alone, when: {unassigned: 15 min}, level: 1, until_gone: true"
    run = CasesRun(msgspec.structs.replace(clocks(), rules=rules_of(table(rule))))
    run.step([scored(opened(), 0)])
    decision = decided(assigned(last(run), "A-1"), 0)
    run.advance(minute(300))
    run.step([enriched(from_customer(), 1, at=300)])
    run.step([decision])
    assert last(run).assignee == "A-1"
    run.advance(minute(300))
    held = [entry.after.escalation_level for entry in run.log()]
    assert [entry.event.type for entry in run.log()] == [
        "TicketOpened",
        "TicketEscalated",
        "MessageAdded",
        "TicketAssigned",
        "TicketDeescalated",
    ]
    assert held == [0, 1, 1, 1, 0]
