"""What holds for the clocks of a ticket whatever happens to it, in whatever order it is heard of."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from casework.sla.policies import SlaPolicies
from schemas.records.events import TicketEvent, TicketUpdated
from schemas.records.sla_clock import SlaClock, SlaMetric, SlaState
from schemas.vocabulary import FINISHED, Status
from tests.unit.casework.sla.desk import Desk, in_berlin
from tests.unit.schemas.ticket_facts import START, TICKET, minute
from tests.unit.schemas.ticket_strategies import bodies

TARGETS = "{low: 40 min, medium: 10 HOURS, high: 7 min, urgent: 4 HOURS, critical: 2 min}"
EVERYTHING = dict.fromkeys(SlaMetric, TARGETS)
POLICIES = [
    in_berlin(**{name: said.replace("HOURS", hours) for name, said in EVERYTHING.items()})
    for hours in ("min", "business min")
]
Happening = tuple[TicketEvent, int, int]
"""What happened, at which minute, and so many minutes later it is heard of."""

_happenings = st.lists(
    st.tuples(bodies, st.integers(0, 200), st.sampled_from((0, 0, 0, 30))), min_size=1, max_size=12
)
_policies = st.sampled_from(POLICIES)


def _lived(happenings: list[Happening], at_start: Desk) -> Desk:
    """Let everything happen as it is heard of, after an opening."""
    at_start.opens(START)
    for body, at, late in sorted(happenings, key=lambda each: each[1] + each[2]):
        at_start.happens(body, minute(at), known_at=minute(at + late))
    return at_start


@settings(max_examples=150, deadline=None)
@given(_happenings, _policies)
def test_each_warning_and_breach_is_told_once(happenings: list[Happening], rules: SlaPolicies) -> None:
    """Once a due time, and never before the fact that made it so is known."""
    desk = _lived(happenings, Desk(rules))
    desk.wait(minute(10_000))
    told = [(type(alert), alert.metric, alert.started_at, alert.due_at) for _, alert in desk.reached]
    assert len(told) == len(set(told))
    assert all(alert.due_at >= alert.started_at for _, alert in desk.reached)
    for clock in desk.row.sla if desk.row else ():
        if clock.ended_at is None and clock.due_at is not None:
            assert clock.breached_at is not None
            assert clock.warned


@settings(max_examples=150, deadline=None)
@given(_happenings, _policies)
def test_rows_are_consistent(happenings: list[Happening], rules: SlaPolicies) -> None:
    """A finished ticket has no clock that runs, and the row's due time is the first of those that do."""
    desk = Desk(rules)
    desk.opens(START)
    for body, at, late in sorted(happenings, key=lambda each: each[1] + each[2]):
        row = desk.happens(body, minute(at), known_at=minute(at + late))
        open_clocks = [clock for clock in row.sla if clock.ended_at is None]
        assert not (row.status in FINISHED and open_clocks)
        assert row.due_at == min((c.due_at for c in open_clocks if c.due_at), default=None)
        assert all(_is_sound(clock) for clock in row.sla)


def _is_sound(clock: SlaClock) -> bool:
    ends_late = clock.ended_at is not None and clock.due_at is not None and clock.ended_at >= clock.due_at
    return (
        clock.spent_us >= 0
        and clock.since >= clock.started_at
        and (clock.ended_at is None or clock.ended_at >= clock.started_at)
        and (clock.state is SlaState.MISSED) == ends_late
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(list(Status))), max_size=12), _policies)
def test_pausing_never_shortens_the_time_spent(moves: list[tuple[int, Status]], rules: SlaPolicies) -> None:
    """Whatever states follow, what was counted only grows, and pauses and counted time make up the whole."""
    desk = Desk(rules)
    desk.opens(START)
    counted: dict[str, int] = {}
    for at, status in sorted(moves, key=lambda move: move[0]):
        row = desk.happens(TicketUpdated(ticket_id=TICKET, status=status), minute(at))
        for clock in row.sla:
            if clock.started_at == START:
                assert clock.spent_us >= counted.get(clock.metric, 0)
                assert clock.spent_us <= (clock.since - START) // timedelta(microseconds=1)
                counted[clock.metric] = clock.spent_us


@settings(max_examples=100, deadline=None)
@given(_happenings, st.lists(st.sampled_from(POLICIES), min_size=1, max_size=4))
def test_a_row_depends_on_the_last_policies_alone_once_they_were_applied(
    happenings: list[Happening], files: list[SlaPolicies]
) -> None:
    """Files come and go: the version of an open row is the last one's, and each change is applied once."""
    desk = _lived(happenings, Desk(files[0]))
    for rules in files:
        desk.take(rules)
        desk.wait(minute(10_000))
    assert desk.row is not None
    if desk.row.status not in FINISHED:
        assert desk.row.sla_version == files[-1].version
