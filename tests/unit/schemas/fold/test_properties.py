"""What holds for the fold whatever happens to a ticket."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.fold import Fact, fold, is_current, work_changes
from schemas.records.events import TicketEvent
from schemas.records.thread_rule import ThreadRule
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.triage import Triage
from schemas.vocabulary import FINISHED, Status
from tests.unit.schemas.ticket_facts import assigned, fact, queued
from tests.unit.schemas.ticket_strategies import AGENTS, bodies, minutes, rules, triages

Happening = tuple[TicketEvent, int, Triage | None, ThreadRule]
Decided = tuple[str, int]

_from_outside: st.SearchStrategy[Happening] = st.tuples(bodies, minutes, triages, rules)
_decided: st.SearchStrategy[Decided] = st.tuples(st.sampled_from(("queued", *AGENTS)), minutes)
lives = st.lists(st.one_of(_from_outside, _decided), min_size=1, max_size=12)


def _told(row: TicketRow | None, happening: Happening | Decided) -> Fact | None:
    """Return the fact of a happening; a decision is made on the row as it is, if that wants one."""
    if len(happening) == 4:
        body, at, triage, rule = happening
        return replace(fact(body, at, triage), thread_rule=rule)
    what, at = happening
    if row is None or row.work is not Work.WANTED:
        return None
    return fact(queued(row) if what == "queued" else assigned(row, what), at)


def _rows(life: list[Happening | Decided]) -> list[tuple[TicketRow | None, Fact, TicketRow]]:
    """Fold a life; # [(before, fact, after)]."""
    row: TicketRow | None = None
    steps = []
    for happening in life:
        told = _told(row, happening)
        if told is None:
            continue
        after = fold(row, told)
        steps.append((row, told, after))
        row = after
    return steps


@settings(max_examples=40, deadline=None)
@given(lives)
def test_folding_again_gives_the_same_row_and_changes_no_argument(life: list[Happening | Decided]) -> None:
    """The fold is a function: equal arguments, equal rows, nothing mutated."""
    for before, told, after in _rows(life):
        kept = (msgspec.json.encode(before), msgspec.json.encode(told))
        assert fold(before, told) == after
        assert (msgspec.json.encode(before), msgspec.json.encode(told)) == kept


@settings(max_examples=40, deadline=None)
@given(lives)
def test_a_row_survives_being_written_down(life: list[Happening | Decided]) -> None:
    """Going on from the decoded row is going on from the row."""
    for _, _, after in _rows(life):
        assert msgspec.json.decode(msgspec.json.encode(after), type=TicketRow) == after


@settings(max_examples=40, deadline=None)
@given(lives)
def test_revisions_count_up_and_routing_revisions_by_at_most_one(life: list[Happening | Decided]) -> None:
    """Every fact is a revision; one fact is at most one routing revision, and routing's own is none."""
    for before, told, after in _rows(life):
        was = (0, 0) if before is None else (before.revision, before.routing_revision)
        assert after.revision == was[0] + 1
        assert after.routing_revision - was[1] in {0, 1}
        if told.type in {"TicketAssigned", "TicketQueued"}:
            assert after.routing_revision == was[1]
        assert bool(work_changes(before, after, told.time)) == (after.routing_revision > was[1])


@settings(max_examples=40, deadline=None)
@given(lives)
def test_a_row_is_consistent(life: list[Happening | Decided]) -> None:
    """Work, status, agent and times of a row never contradict each other."""
    for before, _, row in _rows(life):
        assert (row.work is Work.NONE) == (row.status in FINISHED)
        assert (row.work is Work.WANTED) == (row.status not in FINISHED and row.assignee is None)
        assert (row.waiting_since is not None) == (row.work is Work.WANTED)
        assert row.work is Work.NONE or row.team is not None
        assert (row.assignee is None) == (row.assignee_said_by is None)
        assert row.status is not Status.ASSIGNED or row.assignee is not None or row.status_at is not None
        assert (row.resolved_at is None) or row.status in FINISHED
        assert (row.closed_at is None) or row.status is Status.CLOSED
        assert row.status is not Status.RESOLVED or row.resolved_at is not None
        assert row.queued_at is None or row.work is Work.WANTED
        if before is not None:
            assert row.late_events - before.late_events in {0, 1}
            assert row.opened_at <= before.opened_at
            assert row.last_event_at >= before.last_event_at


@settings(max_examples=40, deadline=None)
@given(lives)
def test_people_are_never_overruled_by_model_or_source(life: list[Happening | Decided]) -> None:
    """Once people said what a ticket is about or how urgent it is, only people say otherwise."""
    for before, _, row in _rows(life):
        if before is None:
            continue
        for field in ("label_said_by", "priority_said_by", "team_said_by"):
            if getattr(before, field) is Said.PEOPLE:
                assert getattr(row, field) is Said.PEOPLE


@settings(max_examples=40, deadline=None)
@given(lives, st.sampled_from(AGENTS))
def test_a_decision_is_accepted_once(life: list[Happening | Decided], agent_id: str) -> None:
    """Whatever routing decides twice for one revision, or decided for an older one, is stale."""
    row = _rows(life)[-1][2] if _rows(life) else None
    if row is None or row.work is not Work.WANTED:
        return
    after = fold(row, fact(assigned(row, agent_id), 61))
    assert not is_current(after, assigned(row, "A-9"))
    assert not is_current(after, queued(row))


@settings(max_examples=40, deadline=None)
@given(lives)
def test_what_teams_are_told_is_what_the_rows_say(life: list[Happening | Decided]) -> None:
    """A team that keeps the highest revision of each notice knows exactly the tickets that are its own."""
    known: dict[str, tuple[Work, str | None]] = {}
    decided: dict[str, str] = {}
    for before, told, after in _rows(life):
        for notice in work_changes(before, after, told.time):
            known[notice.team] = (notice.work, notice.agent_id)
            decided.pop(notice.team, None)
        if told.type == "TicketAssigned" and after.team is not None and after.assignee is not None:
            decided[after.team] = after.assignee
        holding = {team: agent for team, (work, agent) in known.items() if work is Work.HELD} | decided
        waiting = {team for team, (work, _) in known.items() if work is Work.WANTED} - decided.keys()
        assert holding == ({after.team: after.assignee} if after.work is Work.HELD else {})
        assert waiting == ({after.team} if after.work is Work.WANTED else set())
