"""Processes that answer SQL see exactly what the server sees, are replaced when they end, and let callers go."""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.records.topics import SERVED
from serving.doors.operations import problems
from serving.foundation.errors import (
    CallerLeft,
    QueryEndedItsProcess,
    QueryTookTooLong,
    QueryTooLarge,
    TailTooLong,
    ViewsUnreadable,
)
from serving.foundation.query_line import Cancellation
from serving.merge.answers import Found, Limits, Readers, Snapshot
from serving.sql.messages import Opening, Question
from serving.sql.process import SqlProcess
from serving.sql.processes import SqlProcesses
from serving.tail.status import TailStatus
from tests.integration.test_serving_merge import feed, growing_log, logs, offsets
from tests.unit.serving.merge_bench import MergeBench, write_run
from tests.unit.serving.ticket_log import Log, Recount, ticket_row
from tests.unit.serving.waiting import wait_for

TOPICS = {topic.value: topic for topic in SERVED}
SUMS = (
    "SELECT (SELECT COUNT(*) FROM tickets), (SELECT SUM(revision) FROM tickets), (SELECT COUNT(*) FROM ticket_events), "
    "(SELECT SUM(tickets) FROM daily_analytics), (SELECT SUM(resolution_ms) FROM daily_analytics)"
)
NEWEST = "SELECT ticket_id, life, revision FROM tickets ORDER BY ALL"
ENDLESS = "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT COUNT(*) FROM a"


def opening(folder: Path, timeout_s: float = 60, catch_up_s: float = 60) -> Opening:
    """How the processes of these tests work."""
    return Opening(
        views=str(folder),
        spill=str(folder / "spill"),
        spill_size="100MB",
        threads=1,
        memory_bytes=256_000_000,
        timeout_s=timeout_s,
        catch_up_s=catch_up_s,
        row_cap=1000,
        stale_after_s=60,
    )


def question(sql: str) -> Question:
    """A statement without parameters."""
    return Question(sql=sql, params=[], as_arrow=False, now=datetime.now(UTC))


def ask(process: SqlProcess, bench: MergeBench, sql: str) -> Any:
    """The answer of a process that was brought to where the bench stands."""
    bench.answers.read(lambda snapshot: process.bring_to(snapshot, TOPICS))
    return msgspec.json.decode(process.ask(question(sql), Cancellation()).body)


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Path, SqlProcess]]:
    """A folder for views, and a process that may read it."""
    with tempfile.TemporaryDirectory() as folder:
        process = SqlProcess(opening(Path(folder)))
        yield Path(folder), process
        process.end()


def check(process: SqlProcess, bench: MergeBench, log: Log) -> None:
    """Compare the process with the server's own merge, and with a recount of the log."""
    found = ask(process, bench, SUMS)
    (own,) = bench.rows(SUMS)
    assert [value and int(value) for value in found["rows"][0]] == [
        value and int(value) for value in own.values()
    ]
    assert found["rows"][0][0] == len(Recount(log.below(bench.nexts())).rows)
    assert found["run_id"] == bench.state.run_id
    reached = {int(number): part["next"] for number, part in found["boundary"]["tickets.log"].items()}
    assert reached == bench.nexts()
    shown = ask(process, bench, "SELECT ticket_id, life, revision FROM tickets ORDER BY ALL")["rows"]
    assert shown == [
        list(row.values()) for row in bench.rows("SELECT ticket_id, life, revision FROM tickets ORDER BY ALL")
    ]


@given(st.data())
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_process_sees_what_the_server_sees(place: tuple[Path, SqlProcess], data: st.DataObject) -> None:
    """Whatever batch and tail hold, before and after a switch, a process that catches up at any moment is exact."""
    root, process = place
    log = data.draw(logs())
    first, prefix, more = (data.draw(offsets(log)) for _ in range(3))
    step = data.draw(st.integers(1, 7))
    with tempfile.TemporaryDirectory(dir=root) as folder, MergeBench(Path(folder)) as bench:
        feed(bench, log, prefix, step)
        check(process, bench, log)
        if data.draw(st.booleans()):
            feed(bench, log, more, step)
            check(process, bench, log)
        write_run(bench.views, f"run-{Path(folder).name}", Recount(log.below(first)).tables(), first)
        bench.switch()
        if data.draw(st.booleans()):
            check(process, bench, log)
        feed(bench, log, log.ends(), step)
        check(process, bench, log)


def test_no_answer_of_a_process_is_torn_while_runs_and_tail_go_on(place: tuple[Path, SqlProcess]) -> None:
    """Each answer is that of its own boundary, whatever the tail does while the process catches up."""
    root, process = place
    log = growing_log(tickets=9, revisions=20)
    with tempfile.TemporaryDirectory(dir=root) as folder, MergeBench(Path(folder)) as bench:
        done, wrong = threading.Event(), []

        def read_on() -> None:
            while not done.is_set():
                found = ask(process, bench, SUMS)
                reached = {int(n): part["next"] for n, part in found["boundary"]["tickets.log"].items()}
                rows = Recount(log.below(reached)).rows
                if found["rows"][0][:2] != [len(rows), sum(row.revision for row in rows) or None]:
                    wrong.append(found)

        reader = threading.Thread(target=read_on)
        reader.start()
        for number in range(6):
            ends = dict.fromkeys((0, 1, 2), (number + 1) * 9)
            feed(bench, log, ends, step=3)
            boundary = {part: end - 3 for part, end in ends.items()}
            write_run(bench.views, f"torn-{number}", Recount(log.below(boundary)).tables(), boundary)
            bench.switch()
        done.set()
        reader.join()
        assert wrong == []


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[MergeBench]:
    """A merge with a few tickets."""
    with MergeBench(tmp_path) as found:
        log = growing_log(tickets=3, revisions=2)
        feed(found, log, log.ends(), step=5)
        yield found


def kill(child: psutil.Process) -> None:
    """End a process as the kernel does where memory is short, and wait until it is dead."""
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


class Deadly(Readers):
    """Readers beside which the processes in `doomed` die, just before the server writes to them."""

    def __init__(self, bench: MergeBench) -> None:
        super().__init__(bench.database, Limits(timeout_s=30, row_cap=1000, stale_after_s=60))
        self.doomed: set[psutil.Process] = set()

    def read(self, question: Callable[[Snapshot], Found], cancellation: Cancellation | None = None) -> Found:
        """Kill, then read."""
        while self.doomed:
            kill(self.doomed.pop())
        return super().read(question, cancellation)


def test_a_process_that_dies_as_it_is_written_to_is_replaced(bench: MergeBench, tmp_path: Path) -> None:
    """Each such death once cost its slot for ever: its pipe could not be closed, and SQL answered 429 from then on."""
    others, readers = children(), Deadly(bench)
    processes = SqlProcesses(readers, TOPICS, opening(tmp_path), most=1)
    before = processes.answer(question(SUMS), Cancellation()).body
    readers.doomed = children() - others
    with pytest.raises(QueryEndedItsProcess):
        processes.answer(question(SUMS), Cancellation())
    after = processes.answer(question(SUMS), Cancellation()).body
    assert msgspec.json.decode(after)["rows"] == msgspec.json.decode(before)["rows"]
    assert not (tmp_path / "spill" / "1").exists()
    assert (processes.running, processes.failure) == (1, None)
    processes.close()
    assert children() == others


def test_a_process_that_dies_while_idle_costs_no_answer(bench: MergeBench, tmp_path: Path) -> None:
    """The caller who came next was once told that their query had ended the process."""
    others = children()
    processes = SqlProcesses(bench.answers, TOPICS, opening(tmp_path), most=1)
    before = processes.answer(question(SUMS), Cancellation()).body
    (child,) = children() - others
    kill(child)
    after = processes.answer(question(SUMS), Cancellation()).body
    assert msgspec.json.decode(after)["rows"] == msgspec.json.decode(before)["rows"]
    assert not (tmp_path / "spill" / "1").exists()
    processes.close()
    assert children() == others


def long_log(records: int, note_bytes: int) -> Log:
    """A new ticket a record, each with a long text."""
    rows = [ticket_row(f"t{number}", 1, 1, team="x" * note_bytes) for number in range(records)]
    return Log({0: rows, 1: [], 2: []})


@pytest.fixture
def long_tail(tmp_path: Path) -> Iterator[MergeBench]:
    """A merge whose tail has 80 MB of tickets."""
    with MergeBench(tmp_path) as found:
        log = long_log(records=800, note_bytes=100_000)
        feed(found, log, log.ends(), step=100)
        yield found


def test_a_long_tail_is_taken_over_beside_the_limit_of_statements(
    long_tail: MergeBench, tmp_path: Path
) -> None:
    """A process once died of the copies of the tail's rows before its first statement, and the caller was blamed."""
    small = msgspec.structs.replace(opening(tmp_path / "views"), memory_bytes=128_000_000)
    process = SqlProcess(msgspec.structs.replace(small, spill=str(tmp_path / "sql")))
    assert ask(process, long_tail, "SELECT COUNT(*), MAX(length(team)) FROM tickets")["rows"] == [
        [800, 100_000]
    ]
    with pytest.raises(QueryTooLarge):
        ask(process, long_tail, "SELECT string_agg(repeat('ab', 10000), '') FROM range(1000000)")
    process.end()


def test_a_tail_that_fits_nowhere_is_no_fault_of_the_caller(long_tail: MergeBench, tmp_path: Path) -> None:
    """The answer says what to do: a batch run takes the tail's records over."""
    small = msgspec.structs.replace(opening(tmp_path), memory_bytes=20_000_000, spill_size="1MB")
    process = SqlProcess(msgspec.structs.replace(small, spill=str(tmp_path / "sql")))
    with pytest.raises(TailTooLong, match="ticketyard batch run"):
        ask(process, long_tail, "SELECT 1")
    process.end()


def test_a_process_that_is_slow_to_catch_up_is_ended(long_tail: MergeBench, tmp_path: Path) -> None:
    """The limit of a question did not hold before its statement ran: a caller waited for as long as the process did."""
    before = children()
    own = msgspec.structs.replace(opening(tmp_path, catch_up_s=1), spill=str(tmp_path / "sql"))
    process = SqlProcess(own)
    (child,) = children() - before
    child.suspend()
    with pytest.raises(TailTooLong, match="in 1 s"):
        ask(process, long_tail, "SELECT 1")
    assert not process.usable
    process.end()


def test_a_process_that_cannot_start_is_said_and_tried_again(bench: MergeBench, tmp_path: Path) -> None:
    """Health tells of SQL without processes, and the slot stays free for the next statement."""
    (tmp_path / "sql").write_bytes(b"no folder")
    own = msgspec.structs.replace(opening(tmp_path), spill=str(tmp_path / "sql"))
    processes = SqlProcesses(bench.answers, TOPICS, own, most=1)
    for _ in range(2):
        with pytest.raises(QueryEndedItsProcess):
            processes.answer(question("SELECT 1"), Cancellation())
    assert (processes.running, "QueryEndedItsProcess" in (processes.failure or "")) == (0, True)
    status = TailStatus(alive=True)
    assert "no process of SQL could be started" in problems(status, bench.state, processes.failure)[0]
    (tmp_path / "sql").unlink()
    assert processes.answer(question("SELECT 1"), Cancellation()).body
    assert (processes.running, processes.failure) == (1, None)
    processes.close()


def test_a_statement_is_stopped_at_its_limit(bench: MergeBench, tmp_path: Path) -> None:
    """What can be interrupted keeps its process."""
    processes = SqlProcesses(bench.answers, TOPICS, opening(tmp_path, timeout_s=2), most=1)
    with pytest.raises(QueryTookTooLong):
        processes.answer(question(ENDLESS), Cancellation())
    assert processes.answer(question("SELECT 1"), Cancellation()).body
    processes.close()


def test_a_process_that_stands_still_is_ended(bench: MergeBench, tmp_path: Path) -> None:
    """One that had no memory left even to say so once held its caller and its place for ever."""
    before = children()
    processes = SqlProcesses(bench.answers, TOPICS, opening(tmp_path, timeout_s=5), most=1)
    processes.answer(question("SELECT 1"), Cancellation())
    (child,) = children() - before
    child.suspend()
    with pytest.raises(QueryTookTooLong):
        processes.answer(question("SELECT 1"), Cancellation())
    assert processes.answer(question("SELECT 1"), Cancellation()).body
    processes.close()


def children() -> set[psutil.Process]:
    """The processes that were started by this one and live."""
    return set(psutil.Process().children())


def test_a_statement_is_interrupted_when_its_caller_leaves(bench: MergeBench, tmp_path: Path) -> None:
    """A statement once ran to its end for a caller who had closed the connection."""
    before = children()
    processes = SqlProcesses(bench.answers, TOPICS, opening(tmp_path, timeout_s=300), most=1)
    processes.answer(question("SELECT 1"), Cancellation())
    (child,) = children() - before
    used_s, leaving = child.cpu_times().user, Cancellation()

    def leave() -> None:
        wait_for(lambda: child.cpu_times().user > used_s + 0.2, "the statement runs")
        leaving.cancel()

    with ThreadPoolExecutor(1) as threads:
        left = threads.submit(leave)
        with pytest.raises((QueryTookTooLong, CallerLeft)):
            processes.answer(question(ENDLESS), leaving)
        left.result()
    assert processes.answer(question("SELECT 1"), Cancellation()).body
    processes.close()


def test_a_process_knows_no_login_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a statement get out of its bounds, Kafka's password is not where it gets to."""
    monkeypatch.setenv("TICKETYARD_SASL_PASSWORD", "secret")
    before = children()
    process = SqlProcess(opening(tmp_path))
    (child,) = children() - before
    assert not [name for name in child.environ() if name.startswith("TICKETYARD_")]
    process.end()


def test_files_that_went_are_said(bench: MergeBench, tmp_path: Path) -> None:
    """A process that starts after a run's files are gone says so, as the server's own doors do."""
    log = growing_log(tickets=3, revisions=2)
    write_run(bench.views, "gone", Recount(log.below(log.ends())).tables(), log.ends())
    bench.switch()
    for file in (tmp_path / "gone").rglob("*.parquet"):
        file.unlink()
    processes = SqlProcesses(bench.answers, TOPICS, opening(tmp_path), most=1)
    with pytest.raises(ViewsUnreadable, match="gone"):
        processes.answer(question(SUMS), Cancellation())
    processes.close()
