"""What a row says of its ticket's progress, event by event."""

from collections.abc import Iterable
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.progress.transitions import LEGAL, Actor
from casework.rules import CaseRules
from schemas.effects import Effect
from schemas.fold import Fact, fold
from schemas.marks import ILLEGAL_TRANSITION
from schemas.records.derived.routing_events import AgentFellSilent
from schemas.records.events import (
    MessageAdded,
    TicketClosed,
    TicketDeescalated,
    TicketEvent,
    TicketImported,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import TicketRow, WaitingOn
from schemas.vocabulary import Channel, Status
from tests.unit.schemas.ticket_facts import (
    SCORED,
    TICKET,
    assigned,
    fact,
    from_agent,
    from_customer,
    minute,
    opened,
)
from tests.unit.schemas.ticket_strategies import bodies, minutes, triages

RULES = CaseRules(progress=True)
RESOLVED = TicketResolved(ticket_id=TICKET)
CLOSED = TicketClosed(ticket_id=TICKET)
REOPENED = TicketReopened(ticket_id=TICKET)


def after(*told: tuple[TicketEvent, float], row: TicketRow | None = None) -> TicketRow:
    """Return the row after bodies at minutes, from an opening at minute 0 on."""
    row = row or RULES.fold(None, fact(opened(), 0, SCORED))
    return _fold(row, [fact(body, at) for body, at in told])


def _fold(row: TicketRow | None, facts: Iterable[Fact]) -> TicketRow:
    for each in facts:
        row = RULES.fold(row, each)
    assert row is not None
    return row


def says(status: Status) -> TicketUpdated:
    return TicketUpdated(ticket_id=TICKET, status=status)


def test_without_rules_a_row_says_nothing_of_progress() -> None:
    """Rules that are not given change no row, so logs of before fold to the rows that they hold."""
    row = fold(None, fact(opened(), 0, SCORED))
    assert (row.waiting_on, row.last_progress_at, row.interactions) == (None, None, 0)


def test_a_ticket_waits_for_who_did_not_write_last() -> None:
    """The agent's turn at first, the customer's behind an answer, nobody's when it is resolved."""
    seen = [after().waiting_on]
    seen.append(after((from_agent(), 5)).waiting_on)
    seen.append(after((from_agent(), 5), (from_customer(), 9)).waiting_on)
    seen.append(after((from_agent(public=False), 5)).waiting_on)
    seen.append(after((says(Status.PENDING_CUSTOMER), 5)).waiting_on)
    seen.append(after((from_agent(), 5), (RESOLVED, 6)).waiting_on)
    agent, customer = WaitingOn.AGENT, WaitingOn.CUSTOMER
    assert seen == [agent, customer, agent, agent, customer, WaitingOn.NOBODY]


def test_an_answer_that_arrives_late_answers_nothing_newer() -> None:
    """Whose turn it is follows from the times of the messages, not from their order in the log."""
    assert after((from_customer(), 9), (from_agent(), 5)).waiting_on is WaitingOn.AGENT
    assert after((from_agent(), 5), (RESOLVED, 6), (REOPENED, 9)).waiting_on is WaitingOn.AGENT


def test_interactions_are_public_messages_of_both_sides() -> None:
    """Notes between agents are none, nor is what a machine sent in the customer's name."""
    row = after((from_customer(), 1), (from_agent(), 2), (from_agent(public=False), 3))
    machine = replace(fact(from_customer("away"), 4), withheld=tuple(Effect))
    assert RULES.fold(row, machine).interactions == row.interactions == 2


def test_an_attempt_is_an_answer_or_a_resolution_that_the_customer_came_back_from() -> None:
    """A question of the agent is none, two messages of the customer are one return, and a reopening is one."""
    answered = after((from_agent(), 1), (from_customer(), 2), (from_customer(), 3))
    assert answered.solution_attempts == 1
    asked = after((from_agent(), 1), (says(Status.PENDING_CUSTOMER), 2), (from_customer(), 3))
    assert asked.solution_attempts == 0
    reopened = after((from_agent(), 1), (RESOLVED, 2), (from_customer(), 3), (RESOLVED, 4), (REOPENED, 5))
    assert reopened.solution_attempts == 2


def test_status_changes_count_what_changed() -> None:
    """The opening is no change, and saying the same again is none."""
    row = after((from_agent(), 1), (says(Status.IN_PROGRESS), 2), (RESOLVED, 3), (from_customer(), 4))
    assert row.status_changes == 3


def test_progress_is_what_people_did() -> None:
    """A customer who asks again has moved nothing; a note, an agent and another team have."""
    assert after().last_progress_at == minute(0)
    assert after((from_customer(), 7)).last_progress_at == minute(0)
    assert after((from_agent(public=False), 3), (from_customer(), 7)).last_progress_at == minute(3)
    row = after()
    assert _fold(row, [fact(assigned(row, "A-1"), 4)]).last_progress_at == minute(0), (
        "routing chose, nobody acted"
    )
    moved = TicketTransferred(ticket_id=TICKET, team="legal")
    assert after((moved, 5)).last_progress_at == minute(5)
    assert after((from_agent(), 9), (from_agent(), 6)).last_progress_at == minute(9)


def test_an_illegal_move_is_counted_and_marked_and_still_folds() -> None:
    """What was begun is never new again; where a source says so, the row has it, and says what was wrong."""
    row = after((from_agent(), 1), (says(Status.NEW), 2))
    assert row.status is Status.NEW
    assert (row.illegal_transitions, row.illegal_transition) == (1, "in_progress>new by people")
    assert ILLEGAL_TRANSITION in row.quality_marks


def test_the_mark_outlives_the_next_messages_own() -> None:
    """The marks of a row are those of the message that set its intent; this one is of the ticket's life."""
    row = after((from_agent(), 1), (says(Status.NEW), 2))
    again = RULES.fold(row, fact(from_customer("other"), 3, SCORED))
    assert again.quality_marks.count(ILLEGAL_TRANSITION) == 1


def test_closed_tickets_are_reopened_and_not_resolved() -> None:
    """Resolving what is closed is told; a late resolution of before the closing is not judged."""
    assert after((CLOSED, 1), (RESOLVED, 2)).illegal_transition == "closed>resolved by people"
    assert after((CLOSED, 2), (RESOLVED, 1)).illegal_transitions == 0
    assert after((CLOSED, 1), (REOPENED, 2)).illegal_transitions == 0


def test_a_reopening_of_what_was_never_finished_is_illegal() -> None:
    """A source that says it behind the customer's message, which has reopened the ticket already, is right."""
    assert after((REOPENED, 1)).illegal_transition == "new>reopened by people"
    assert after((RESOLVED, 1), (from_customer(), 2), (REOPENED, 3)).illegal_transitions == 0


def test_a_ticket_resolved_before_it_was_opened_is_told() -> None:
    """A producer's clock was a day behind: the ticket is resolved, marked, and the same whichever comes first."""
    first = after((RESOLVED, -1440))
    assert (first.status, first.illegal_transitions) == (Status.RESOLVED, 1)
    assert first.illegal_transition == "resolved>opened by people"
    second = _fold(None, [fact(RESOLVED, -1440), fact(opened(), 0, SCORED)])
    assert second.illegal_transitions == 1
    assert ILLEGAL_TRANSITION in second.quality_marks


def test_an_import_of_a_finished_ticket_is_legal() -> None:
    """Its opening was before its import, and so was its resolution."""
    body = TicketImported(
        ticket_id=TICKET, customer_id="C", channel=Channel.EMAIL, status=Status.RESOLVED, opened_at=minute(-9)
    )
    assert _fold(None, [fact(body, 0)]).illegal_transitions == 0


def test_every_status_and_actor_has_a_place_in_the_table() -> None:
    """People can leave every status."""
    assert set(LEGAL) == set(Actor)
    assert set(LEGAL[Actor.PEOPLE]) == set(Status)


facts = st.lists(st.tuples(bodies, minutes, triages), max_size=25)


@given(facts)
def test_progress_holds_over_any_life(told: list[tuple[TicketEvent, int, None]]) -> None:
    """Counts never fall, messages and routing never move illegally, and all else of the row is as without rules."""
    row: TicketRow | None = None
    plain: TicketRow | None = None
    for number, (body, at, triage) in enumerate(told):
        happened = replace(fact(body, at, triage), id=f"e{number}")
        before, row, plain = row, RULES.fold(row, happened), fold(plain, happened)
        assert _without_progress(row) == _without_progress(plain)
        if before is not None:
            assert row.status_changes >= before.status_changes
            assert row.solution_attempts >= before.solution_attempts
            assert _latest(before.last_progress_at) <= _latest(row.last_progress_at)
            if isinstance(body, MessageAdded) or body.__class__ is TicketTransferred:
                assert row.illegal_transitions == before.illegal_transitions
        assert (ILLEGAL_TRANSITION in row.quality_marks) == (row.illegal_transitions > 0)
        assert row.interactions == row.customer_messages + row.agent_replies


def _latest(moment: datetime | None) -> datetime:
    return moment or minute(-1)


def _without_progress(row: TicketRow) -> TicketRow:
    return replace(
        row,
        interactions=0,
        status_changes=0,
        waiting_on=None,
        solution_attempts=0,
        agent_wrote_at=None,
        last_progress_at=None,
        illegal_transitions=0,
        illegal_transition=None,
        quality_marks=tuple(mark for mark in row.quality_marks if mark != ILLEGAL_TRANSITION),
    )


def test_a_ticket_that_silent_agents_hand_round_makes_no_progress() -> None:
    """Each loss by silence changed the status, so that nothing ever was due for want of progress."""
    row = after()
    for at in (10, 20, 30):
        row = _fold(row, [fact(assigned(row, "A-1"), at)])
        row = _fold(row, [fact(AgentFellSilent(ticket_id=TICKET, agent_id="A-1"), at + 5)])
    row = _fold(row, [fact(TicketDeescalated(ticket_id=TICKET, rule="no_progress"), 40)])
    assert row.last_progress_at == minute(0)
    row = _fold(row, [fact(TicketUpdated(ticket_id=TICKET, assignee="A-2"), 41)])
    assert row.last_progress_at == minute(41)
