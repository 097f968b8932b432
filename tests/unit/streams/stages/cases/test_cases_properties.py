"""What holds for the cases stage whatever happens, however it is cut into steps and whenever it is restarted."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.escalation.escalation import RuleClock
from schemas.fold import fact_of
from schemas.records.derived.alerts import TicketEscalated
from schemas.records.events import TicketDeescalated, TicketEvent
from schemas.records.thread_rule import ThreadRule
from schemas.records.ticket_row import TicketRow, Work
from schemas.triage import Triage
from streams.foundation.record import Record
from streams.stages.cases import state
from streams.stages.cases.clocks import Clocks
from tests.unit.schemas.ticket_facts import assigned, minute, queued
from tests.unit.schemas.ticket_strategies import AGENTS, bodies, minutes, rules, triages
from tests.unit.streams.ticket_records import CasesRun, at_offset, decided, enriched, escalating

TICKETS = ("T-1", "T/2")
CLOCKS = Clocks(
    retire_after=timedelta(minutes=30),
    rules=escalating(timedelta(minutes=10)),
    forget_after=timedelta(minutes=20),
)
COOL_DOWNS = {
    clock.rule.name: clock.rule.cool_down or timedelta(0)
    for clock in CLOCKS.rules.clocks
    if isinstance(clock, RuleClock)
}

Outside = tuple[str, TicketEvent, int, Triage | None]
Decided = tuple[str, str, int]
Input = Record | int
"""A record, or the minute to which the watermark advances."""

_outside: st.SearchStrategy[Outside] = st.tuples(st.sampled_from(TICKETS), bodies, minutes, triages)
_decided: st.SearchStrategy[Decided] = st.tuples(
    st.sampled_from(TICKETS), st.sampled_from(("queued", *AGENTS)), minutes
)
_plans = st.lists(st.one_of(_outside, _outside, _decided, st.integers(0, 120)), min_size=1, max_size=14)


@pytest.fixture(autouse=True)
def _small_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal fingerprints early, so that short lives have sealed sets too."""
    monkeypatch.setattr("streams.stages.cases.partition.OPEN_IDS", 2)
    assert state.OPEN_IDS > 2


def _inputs(plan: list[Outside | Decided | int]) -> list[Input]:
    """Turn a plan into inputs; decisions are made on the rows as they are then, as routing would."""
    run = CasesRun(CLOCKS)
    inputs: list[Input] = []
    watermark = -1
    for offset, happening in enumerate(plan):
        if isinstance(happening, int):
            watermark = max(watermark, happening)
            inputs.append(watermark)
        else:
            record = _record(happening, offset, _newest_rows(run))
            inputs += [] if record is None else [record]
        _feed(run, inputs[-1:])
    return inputs


def _record(happening: Outside | Decided, offset: int, rows: dict[str, TicketRow]) -> Record | None:
    ticket_id = happening[0]
    if len(happening) == 4:
        _, body, at, triage = happening
        return enriched(replace(body, ticket_id=ticket_id), offset, at=at, triage=triage)
    _, what, at = happening
    row = rows.get(ticket_id)
    if row is None or row.work is not Work.WANTED:
        return None
    return decided(queued(row) if what == "queued" else assigned(row, what), offset, at=at)


def _newest_rows(run: CasesRun) -> dict[str, TicketRow]:
    return {entry.ticket_id: entry.after for entry in run.log()}


def _feed(run: CasesRun, inputs: list[Input]) -> CasesRun:
    """Give each input a step of its own."""
    for each in inputs:
        if isinstance(each, int):
            run.advance(minute(each))
        else:
            run.step([each])
    return run


@settings(max_examples=40, deadline=None)
@given(_plans, rules)
def test_the_log_is_a_chain_that_folds_again(plan: list[Outside | Decided | int], rule: ThreadRule) -> None:
    """A row before is the last row after, (life, revision) rises, and folding it again gives each row.

    So the log carries whatever setting a row depends on.
    """
    rows: dict[str, TicketRow] = {}
    for before, entry in _feed(CasesRun(CLOCKS, rule), _inputs(plan)).folds():
        last = rows.get(entry.ticket_id)
        assert before in {None, last}
        if last is not None:
            assert (entry.life, entry.revision) > (last.life, last.revision)
        assert CLOCKS.rules.fold(before, fact_of(entry)) == entry.after
        rows[entry.ticket_id] = entry.after


@settings(max_examples=100, deadline=None)
@given(_plans, st.sets(st.integers(0, 14)))
def test_a_rule_fires_once_for_a_cause(plan: list[Outside | Decided | int], deaths: set[int]) -> None:
    """Between two escalations by a rule the first has ended and the cool-down is over, whatever is killed when.

    The file's version is on every one, and a rule never takes back what a person asked for.
    """
    run = CasesRun(CLOCKS)
    for number, each in enumerate([*_inputs(plan), 300]):
        _feed(run, [each])
        if number in deaths:
            run.restart()
    fired: dict[tuple[str, str], datetime] = {}
    for before, entry in run.folds():
        body = fact_of(entry).body
        held = () if before is None else before.escalation_causes
        if isinstance(body, TicketEscalated):
            assert body.rule not in held
            last = fired.get((body.ticket_id, body.rule))
            assert last is None or entry.event.time >= last + COOL_DOWNS[body.rule]
            assert body.rules_version == entry.after.escalation_rules_version
            fired[body.ticket_id, body.rule] = entry.event.time
        elif isinstance(body, TicketDeescalated) and body.rule is not None:
            assert ("asked" in held) is ("asked" in entry.after.escalation_causes)


def _without_effect(run: CasesRun) -> int:
    return run.counts.get("duplicates", 0) + run.counts.get("stale_decisions", 0)


@settings(max_examples=40, deadline=None)
@given(_plans, st.data())
def test_what_is_delivered_again_changes_nothing(
    plan: list[Outside | Decided | int], data: st.DataObject
) -> None:
    """Any record again at any later place of its ticket's life leaves rows, log and messages as they were.

    What was never applied, a decision on a life that is not this one, is stale again rather than a duplicate:
    without the advances of the watermark, a plan's ticket may not have retired before its second life's decisions.
    """
    inputs = [each for each in _inputs(plan) if not isinstance(each, int)]
    if not inputs:
        return
    expected = _feed(CasesRun(CLOCKS), list(inputs))
    repeated: list[Input] = list(inputs)
    for number in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, len(inputs) - 1))
        place = data.draw(st.integers(repeated.index(inputs[first]) + 1, len(repeated)))
        repeated.insert(place, at_offset(inputs[first], 1000 + number))
    run = _feed(CasesRun(CLOCKS), repeated)

    assert run.sent == expected.sent
    assert run.state == expected.state
    assert _without_effect(run) - _without_effect(expected) == len(repeated) - len(inputs)


@settings(max_examples=40, deadline=None)
@given(_plans, st.sets(st.integers(0, 14)))
def test_a_successor_goes_on_as_if_nothing_had_happened(
    plan: list[Outside | Decided | int], deaths: set[int]
) -> None:
    """Restoring the state at any points gives the same messages, and the same state, as not dying."""
    inputs = _inputs(plan)
    expected = _feed(CasesRun(CLOCKS), inputs)
    run = CasesRun(CLOCKS)
    for number, each in enumerate(inputs):
        _feed(run, [each])
        if number in deaths:
            run.restart()

    assert run.sent == expected.sent
    assert run.state == expected.state


@settings(max_examples=40, deadline=None)
@given(_plans, st.sets(st.integers(0, 14)))
def test_how_records_fall_into_steps_does_not_matter(
    plan: list[Outside | Decided | int], cuts: set[int]
) -> None:
    """One long step or many short ones: the same messages and the same state."""
    inputs = _inputs(plan)
    expected = _feed(CasesRun(CLOCKS), inputs)
    run = CasesRun(CLOCKS)
    batch: list[Record] = []
    for number, each in enumerate(inputs):
        if isinstance(each, int):
            run.step(batch)
            run.advance(minute(each))
            batch = []
            continue
        batch.append(each)
        if number in cuts:
            run.step(batch)
            batch = []
    run.step(batch)

    assert run.sent == expected.sent
    assert run.state == expected.state
