"""The merge is exact: for any history, prefix and boundary it equals a recount of the log."""

import tempfile
import threading
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records.ticket_row import TicketRow, Work
from schemas.records.topics import Topic
from schemas.views.tables import VIEWS, DerivedView
from schemas.vocabulary import Category, Channel, Priority, Status
from serving.foundation.errors import RunUnusable
from serving.foundation.state import ServedState
from serving.merge.answers import Snapshot
from serving.merge.view_sql import BY_TICKET
from serving.tail.rows import arrow_table, decode_records
from tests.unit.serving.merge_bench import LOG, LOG_ID, MergeBench, write_run
from tests.unit.serving.ticket_log import Log, Recount, at, ticket_row

PARTITIONS = (0, 1, 2)
FEW_WORDS = st.sampled_from([None, "one", "two"])
MOMENTS = st.one_of(st.none(), st.integers(0, 20_000).map(at))


@st.composite
def rows_of_ticket(draw: st.DrawFn, ticket_id: str) -> list[TicketRow]:
    """All rows of a ticket, oldest first: one life or two, any change from one to the next."""
    rows: list[TicketRow] = []
    for life in draw(st.sampled_from([(3,), (3, 40)])):
        revisions = range(1, draw(st.integers(1, 4)) + 1)
        rows += [ticket_row(ticket_id, life, revision, **draw(row_fields())) for revision in revisions]
    return rows


def row_fields() -> st.SearchStrategy[dict[str, Any]]:
    """What a row may say, of everything that the views count."""
    return st.fixed_dictionaries(
        {
            "status": st.sampled_from(Status),
            "opened_at": st.integers(0, 3000).map(at),
            "category": st.one_of(st.none(), st.sampled_from([Category.TECHNICAL_SUPPORT])),
            "intent": FEW_WORDS,
            "team": FEW_WORDS,
            "channel": st.one_of(st.none(), st.sampled_from([Channel.EMAIL])),
            "priority": st.sampled_from([Priority.LOW, Priority.CRITICAL]),
            "work": st.sampled_from(Work),
            "waiting_since": MOMENTS,
            "first_assigned_at": MOMENTS,
            "first_replied_at": MOMENTS,
            "first_resolved_at": MOMENTS,
            "first_reopened_at": MOMENTS,
            "resolved_at": MOMENTS,
            "agent_replies": st.integers(0, 2),
            "reopenings": st.integers(0, 2),
            "reassignments": st.integers(0, 3),
            "survey_score": st.one_of(st.none(), st.integers(1, 5)),
            "predicted_intent": FEW_WORDS,
            "corrected": st.booleans(),
            "merged_into": st.sampled_from([None, None, None, "other"]),
        }
    )


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A log of a few tickets, mixed within each partition, with records delivered again later."""
    partitions: dict[int, list[TicketRow]] = {number: [] for number in PARTITIONS}
    for number in range(draw(st.integers(1, 5))):
        waiting = draw(rows_of_ticket(f"t{number}"))
        partition = partitions[number % len(PARTITIONS)]
        place = 0
        for row in waiting:
            place = draw(st.integers(place, len(partition)))
            partition.insert(place, row)
            place += 1
    for rows in partitions.values():
        for _ in range(draw(st.integers(0, 3)) if rows else 0):
            again = draw(st.integers(0, len(rows) - 1))
            rows.insert(draw(st.integers(again + 1, len(rows))), rows[again])
    return Log(partitions)


@st.composite
def offsets(draw: st.DrawFn, log: Log) -> dict[int, int]:
    """Some offset of each partition, its end among them."""
    return {number: draw(st.integers(0, end)) for number, end in log.ends().items()}


def feed(bench: MergeBench, log: Log, ends: dict[int, int], step: int) -> None:
    """Let the tail read up to `ends`, a few records of each partition at a time."""
    while any(bench.nexts()[number] < end for number, end in ends.items()):
        batch = []
        for number, end in ends.items():
            start = bench.nexts()[number]
            batch += log.records(number, start, min(end, start + step))
        bench.append(batch)


def check(bench: MergeBench, log: Log) -> None:
    """Compare every view with a recount of all that batch and tail have read."""
    expected = Recount(log.below(bench.nexts()))
    assert {row["ticket_id"]: row for row in bench.rows("SELECT * FROM tickets")} == expected.tickets
    events = bench.rows("SELECT * FROM ticket_events")
    assert len(events) == len(expected.ticket_events)
    assert {(e["ticket_id"], e["life"], e["revision"]): e for e in events} == expected.ticket_events
    daily = bench.rows("SELECT * FROM daily_analytics")
    assert by_key(daily, 8) == expected.daily_analytics
    assert by_key(bench.rows("SELECT * FROM queues"), 2) == expected.queues


def check_by_ticket(bench: MergeBench) -> None:
    """Compare what is united from files and the tail with the definition over all tickets."""
    for name in sorted(BY_TICKET):
        view = VIEWS[name]
        assert isinstance(view, DerivedView)
        rows = bench.rows(f"SELECT * FROM {name} ORDER BY ALL")
        assert rows == bench.rows(f"SELECT * FROM ({view.sql}) ORDER BY ALL"), name


def by_key(rows: list[dict[str, Any]], keys: int) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by their first `keys` columns; fails where two are equal in them."""
    found = {tuple(row.values())[:keys]: dict(list(row.items())[keys:]) for row in rows}
    assert len(found) == len(rows)
    return found


@given(st.data())
@settings(max_examples=25)
def test_any_boundary_and_any_prefix_equal_a_recount(data: st.DataObject) -> None:
    """Whatever batch holds and however far the tail has read, before and after a switch, answers are exact."""
    log = data.draw(logs())
    first, second, prefix = (data.draw(offsets(log)) for _ in range(3))
    step = data.draw(st.integers(1, 7))
    with tempfile.TemporaryDirectory() as folder, MergeBench(Path(folder)) as bench:
        check(bench, log)
        if data.draw(st.booleans()):
            write_run(bench.views, "run-1", Recount(log.below(first)).tables(), first)
            bench.switch()
            check(bench, log)
        feed(bench, log, prefix, step)
        check(bench, log)
        write_run(bench.views, "run-2", Recount(log.below(second)).tables(), second)
        bench.switch()
        check(bench, log)
        feed(bench, log, log.ends(), step)
        check(bench, log)
        check_by_ticket(bench)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[MergeBench]:
    """A merge with nothing in it."""
    with MergeBench(tmp_path / "views") as found:
        yield found


def growing_log(tickets: int, revisions: int) -> Log:
    """Every ticket gets revision 1, then every ticket revision 2, and so on."""
    partitions: dict[int, list[TicketRow]] = {number: [] for number in PARTITIONS}
    for revision in range(1, revisions + 1):
        for number in range(tickets):
            row = ticket_row(
                f"t{number}", 1, revision, team="one", work=Work.WANTED, waiting_since=at(number)
            )
            partitions[number % len(PARTITIONS)].append(row)
    return Log(partitions)


def totals(snapshot: Snapshot) -> tuple[ServedState, tuple[int, int, int]]:
    """Return the state that an answer is of; the sum of revisions, and how many events and tickets it counts."""
    sql = "SELECT (SELECT SUM(revision) FROM tickets), (SELECT COUNT(*) FROM ticket_events)"
    (row,) = snapshot.rows(
        f"{sql}, (SELECT COALESCE(SUM(tickets), 0) FROM daily_analytics)"
    ).table.to_pylist()
    total, events, counted = row.values()
    return snapshot.state, (int(total or 0), events, counted)


def torn(bench: MergeBench, log: Log) -> str | None:
    """Return how an answer differs from a recount of the log at the answer's own boundary; None where it does not."""
    state, found = bench.answers.read(totals)
    nexts = {int(number): part.next for number, part in state.topics[LOG].partitions.items()}
    expected = Recount(log.below(nexts))
    want = (sum(row.revision for row in expected.rows), len(expected.ticket_events), len(expected.rows))
    return None if found == want else f"{found} instead of {want} at {nexts} of {state.run_id}"


def test_no_answer_is_torn_while_runs_and_tail_go_on(bench: MergeBench) -> None:
    """Each answer that readers get while manifests are replaced equals a recount at its own boundary."""
    log = growing_log(tickets=9, revisions=40)
    done = threading.Event()
    answers: list[str | None] = []

    def read_on() -> None:
        while not done.is_set():
            answers.append(torn(bench, log))

    readers = [threading.Thread(target=read_on) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for round_number in range(12):
            ends = dict.fromkeys(PARTITIONS, (round_number + 1) * 9)
            feed(bench, log, ends, step=3)
            boundary = {number: end - 3 for number, end in ends.items()}
            run_id = f"run-{round_number}"
            write_run(bench.views, run_id, Recount(log.below(boundary)).tables(), boundary)
            bench.switch()
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert answers
    assert [wrong for wrong in answers if wrong] == []
    check(bench, log)


def test_two_rows_of_one_ticket_are_refused(bench: MergeBench) -> None:
    """The merge keeps one row a ticket and has no key for it: both would stand in the view."""
    rows, _ = decode_records(
        growing_log(tickets=1, revisions=2).records(0, 0, 1), {Topic.TICKETS_LOG: LOG_ID}
    )
    tables = {name: arrow_table(name, found * 2) for name, found in rows.items()}
    with pytest.raises(ValueError, match="two rows of one ticket"):
        bench.store.append(tables, bench.state)
    assert bench.rows("SELECT * FROM tickets") == []


def test_a_run_that_ends_before_the_tail_starts_over(bench: MergeBench) -> None:
    """Where an older run is put back, the tail starts again at its boundary, and is exact once it is there."""
    log = growing_log(tickets=6, revisions=4)
    late, early = dict.fromkeys(PARTITIONS, 6), dict.fromkeys(PARTITIONS, 2)
    write_run(bench.views, "late", Recount(log.below(late)).tables(), late)
    bench.switch()
    feed(bench, log, log.ends(), step=5)
    write_run(bench.views, "early", Recount(log.below(early)).tables(), early)
    bench.switch()
    assert bench.nexts() == early
    check(bench, log)
    feed(bench, log, log.ends(), step=5)
    check(bench, log)


def test_a_run_from_before_a_column_is_served_with_what_rows_without_it_say(bench: MergeBench) -> None:
    """After an upgrade serving refused the last run until the next: all older history was missing from answers."""
    log = growing_log(tickets=3, revisions=4)
    half = dict.fromkeys(PARTITIONS, 2)
    tables = Recount(log.below(half)).tables()
    later = ["band", "out_of_scope", "frustrated", "quality_marks", "prediction_changes", "predicted_intents"]
    tables["tickets"] = tables["tickets"].drop_columns(later)
    write_run(bench.views, "old", tables, half)
    bench.switch()
    feed(bench, log, log.ends(), step=3)
    check(bench, log)


@pytest.mark.parametrize("definition", ["of another version", ""])
@pytest.mark.parametrize("lost", [[], ["first_contact_resolved"]])
def test_sums_of_another_definition_are_not_added_to_those_of_today(
    bench: MergeBench, definition: str, lost: list[str]
) -> None:
    """After an upgrade the tail's sums of the new definition were added to the run's of the old one.

    A sum that was new even made the whole run unusable. The run's tickets are there, so the sums are computed of them.
    """
    log = growing_log(tickets=6, revisions=4)
    half = dict.fromkeys(PARTITIONS, 5)
    tables = Recount(log.below(half)).tables()
    daily = tables["daily_analytics"]
    tripled = [3 * number for number in daily["open"].to_pylist()]
    daily = daily.set_column(daily.schema.get_field_index("open"), "open", pa.array(tripled, pa.int64()))
    tables["daily_analytics"] = daily.drop_columns(lost)
    write_run(bench.views, "old", tables, half, definitions={"daily_analytics": definition})
    bench.switch()
    check(bench, log)
    feed(bench, log, log.ends(), step=3)
    check(bench, log)


def test_views_by_ticket_are_the_runs_rows_but_for_the_tails_tickets(
    bench: MergeBench, tmp_path: Path
) -> None:
    """Their files are read instead of all columns of the tickets, and hold none of a ticket that has moved on."""
    log = growing_log(tickets=6, revisions=4)
    half = dict.fromkeys(PARTITIONS, 5)
    tables = Recount(log.below(half)).tables()
    with MergeBench(tmp_path / "of the run") as before:
        feed(before, log, half, step=3)
        for name in BY_TICKET:
            tables[name] = before.answers.read(partial(Snapshot.rows, sql=f"SELECT * FROM {name}")).table
    write_run(bench.views, "run", tables, half)
    run = bench.switch()
    assert all(run.has_of_today(name) for name in BY_TICKET)
    check_by_ticket(bench)
    feed(bench, log, log.ends(), step=3)
    check(bench, log)
    check_by_ticket(bench)


def test_drift_of_another_definition_is_measured_again(bench: MergeBench) -> None:
    """Health shows drift as the run has it; rows that another version measured otherwise stand for nothing now."""
    log = growing_log(tickets=3, revisions=2)
    tables = Recount(log.below(log.ends())).tables()
    tables["model_drift"] = pa.table({"signal": ["language"]})
    write_run(bench.views, "old", tables, log.ends(), definitions={"model_drift": "of another version"})
    bench.switch()
    assert bench.rows("FROM realtime.newest_drift") == []
    check(bench, log)


def test_a_run_without_a_column_that_rows_always_had_is_unusable(bench: MergeBench) -> None:
    """A missing column is no silent null where no row was ever without it."""
    log = growing_log(tickets=1, revisions=1)
    tables = Recount(log.below(log.ends())).tables()
    tables["tickets"] = tables["tickets"].drop_columns(["ticket_id"])
    write_run(bench.views, "broken", tables, log.ends())
    with pytest.raises(RunUnusable, match="ticket_id"):
        bench.switch()


def test_every_view_means_the_same_by_first_contact(bench: MergeBench) -> None:
    """Of a ticket that reopened late and is open, one view said resolved at first contact and another not.

    The share of daily analytics, resolved at first contact by resolved, could so be above one.
    """
    settled = {"team": "one", "assignee": "agent-1", "agent_replies": 1, "first_resolved_at": at(10)}
    late = at(10 + 8 * 24 * 60)
    log = Log(
        {
            0: [
                ticket_row("done", 1, 1, status=Status.RESOLVED, resolved_at=at(10), **settled),
                ticket_row(
                    "open", 1, 1, status=Status.ASSIGNED, first_reopened_at=late, reopenings=1, **settled
                ),
                ticket_row(
                    "back", 1, 1, status=Status.ASSIGNED, first_reopened_at=late, reopenings=1, **settled
                ),
            ],
            1: [],
            2: [],
        }
    )
    feed(bench, log, log.ends(), step=5)
    (daily,) = bench.rows("SELECT SUM(first_contact_resolved), SUM(resolved) FROM daily_analytics")
    (times,) = bench.rows("SELECT first_contact_resolution FROM resolution_times")
    (agent,) = bench.rows("SELECT first_contact_resolved, resolved FROM agent_performance")
    assert (list(map(int, daily.values())), list(times.values()), list(agent.values())) == (
        [1, 1],
        [1.0],
        [1, 1],
    )


def test_times_are_read_as_utc(bench: MergeBench) -> None:
    """A timestamp comes back as the moment that it is, with its offset."""
    log = Log({0: [ticket_row("t", 1, 1)], 1: [], 2: []})
    feed(bench, log, log.ends(), step=1)
    (found,) = bench.rows("SELECT opened_at, CAST(opened_at AS DATE) AS day FROM tickets")
    opened: datetime = found["opened_at"]
    assert (opened, opened.utcoffset(), found["day"]) == (at(0), at(0).utcoffset(), at(0).date())
