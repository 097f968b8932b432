"""The tail's thread: what it reads, what it reports, and which runs it serves."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kafka.errors import KafkaConnectionError
from msgspec.structs import replace

from batch.views.runs import leased_runs
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import AgentUpdated
from schemas.records.topics import SERVED, Topic
from schemas.views.leases import LEASE
from schemas.views.manifest import ViewGap
from schemas.vocabulary import AgentStatus, Status
from serving.doors.operations import problems
from serving.foundation.errors import OutOfMemory
from serving.foundation.state import AnswerMetadata, ServedState
from serving.merge.answers import Limits, Readers
from serving.merge.database import open_database
from serving.merge.store import MergeStore
from serving.tail.kafka_log import OutOfBounds
from serving.tail.loop import Tail, TailTiming
from serving.tail.progress import Place
from serving.tail.rows import TailRecord
from serving.tail.status import StatusBoard
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.merge_bench import LOG, write_run
from tests.unit.serving.ticket_log import START, Recount, record, ticket_row

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class TailBench:
    """A tail on a log in memory; the test makes its steps, so nothing is a matter of time."""

    def __init__(self, views: Path, run_poll_s: float = 0.001) -> None:
        self.views = views
        views.mkdir()
        self.log = MemoryLog()
        self.now = NOW
        self.board = StatusBoard()
        self.refusing = False
        self.failures = 0
        self.database = open_database(
            views=views, spill=views / "spill", threads=1, memory_bytes=512_000_000, spill_size="1GB"
        )
        self.answers = Readers(self.database, Limits(timeout_s=30, row_cap=1000, stale_after_s=60))
        self.store = MergeStore(self.database)
        self.tail = Tail(
            store=self.store,
            connect=self._connect,
            topics={topic.value: topic for topic in SERVED},
            views=views,
            timing=TailTiming(poll_ms=1, batch_rows=100, run_poll_s=run_poll_s, topic_check_s=0.001),
            clock=self._clock,
            status=self.board,
            on_failure=self._fail,
        )

    def _connect(self) -> MemoryLog:
        if self.refusing:
            raise KafkaConnectionError("nobody there")
        return self.log

    def _fail(self) -> None:
        self.failures += 1

    def _clock(self) -> datetime:
        self.now = datetime.fromtimestamp(self.now.timestamp() + 1, UTC)
        return self.now

    def write(self, ticket: str, revision: int, partition: int = 0, **fields: Any) -> None:
        """Log one row of a ticket."""
        self.log.add(record(ticket_row(ticket, 1, revision, **fields), partition, 0))

    def step(self, times: int = 1) -> None:
        """Let the tail work."""
        for _ in range(times):
            self.tail.step()

    @property
    def state(self) -> ServedState:
        """The state of a snapshot."""
        return self.answers.read(lambda snapshot: snapshot.state)

    @property
    def metadata(self) -> AnswerMetadata:
        """What an answer says now."""
        return self.answers.read(lambda snapshot: snapshot.metadata(self.now))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a statement."""
        rows: list[dict[str, Any]] = self.answers.read(lambda snapshot: snapshot.rows(sql)).table.to_pylist()
        return rows

    def run_of(
        self, run_id: str, rows: list[tuple[int, int, Any]], ends: dict[int, int], **more: Any
    ) -> None:
        """Publish a batch run of these rows."""
        write_run(self.views, run_id, Recount(rows).tables(), ends, **{"topic_id": f"{LOG}-1"} | more)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[TailBench]:
    """A tail that has started and not yet read."""
    found = TailBench(tmp_path / "views")
    found.tail.start()
    yield found
    found.database.close()


def test_the_tail_alone_serves_from_the_beginning(bench: TailBench) -> None:
    """Without any batch run everything is read from the topics, and the answer says that there is no run."""
    assert not bench.metadata.complete
    bench.write("a", 1)
    bench.write("a", 2, status=Status.RESOLVED)
    bench.write("b", 1, partition=1)
    bench.step(2)
    assert bench.rows("SELECT ticket_id, status FROM tickets ORDER BY ticket_id") == [
        {"ticket_id": "a", "status": "resolved"},
        {"ticket_id": "b", "status": "new"},
    ]
    assert bench.metadata.run_id is None
    assert (bench.metadata.complete, bench.board.now.ready) == (True, True)


def test_the_watermark_follows_the_clock_once_all_is_read(bench: TailBench) -> None:
    """At the end of every partition the moment of asking is the watermark, not the last record's time."""
    bench.write("a", 1)
    bench.step()
    first = bench.metadata.watermark
    bench.step()
    second = bench.metadata.watermark
    assert first is not None
    assert second is not None
    assert START < first < second <= bench.now


def test_a_lagging_partition_holds_the_watermark_at_its_last_record(bench: TailBench) -> None:
    """While records are left unread, only what was read is promised."""
    for revision in range(1, 151):
        bench.write("a", revision)
    bench.step()
    assert bench.metadata.watermark == datetime.fromtimestamp(START.timestamp(), UTC)
    assert not bench.metadata.complete
    bench.step()
    assert bench.metadata.complete


def test_a_new_run_is_served_and_the_tail_goes_on(bench: TailBench) -> None:
    """The pointer is seen at the next look; answers then name the run and its boundary."""
    first, second = ticket_row("a", 1, 1), ticket_row("a", 1, 2)
    bench.write("a", 1)
    bench.write("a", 2)
    bench.step()
    bench.run_of("run-1", [(0, 0, first)], {0: 1, 1: 0})
    bench.step()
    reach = bench.metadata.boundary[LOG]["0"]
    assert (bench.metadata.run_id, reach.batch, reach.next) == ("run-1", 1, 2)
    assert bench.rows("SELECT revision FROM tickets") == [{"revision": second.revision}]
    assert len(bench.rows("SELECT * FROM ticket_events")) == 2
    assert bench.board.now.switches == 1


def test_the_runs_that_are_read_are_leased(bench: TailBench) -> None:
    """Batch deleted runs by count alone, also one that a server read; the lease holds it and the one before."""
    bench.run_of("run-1", [], {0: 0, 1: 0})
    bench.step()
    assert leased_runs(bench.views, bench.now) == {"run-1"}
    for number in (2, 3):
        bench.run_of(f"run-{number}", [], {0: 0, 1: 0})
        bench.step()
    assert leased_runs(bench.views, bench.now) == {"run-2", "run-3"}
    late = bench.now + LEASE
    assert leased_runs(bench.views, late) == set()
    bench.now = late
    bench.step()
    assert leased_runs(bench.views, late) == {"run-2", "run-3"}
    stop = threading.Event()
    stop.set()
    bench.tail.run(stop)
    assert leased_runs(bench.views, bench.now) == set()


def test_runs_that_are_refused_do_not_push_out_the_one_that_is_read(bench: TailBench) -> None:
    """The lease named the last two runs that were seen, so batch deleted the one that was still served."""
    bench.run_of("run-1", [], {0: 0, 1: 0})
    bench.step()
    for number in (2, 3, 4):
        bench.run_of(f"run-{number}", [], {0: 0, 1: 0})
        (bench.views / f"run-{number}" / "manifest.json").write_bytes(b"{}")
        bench.step()
    assert bench.state.run_id == "run-1"
    assert leased_runs(bench.views, bench.now) == {"run-1", "run-4"}


def test_the_lease_is_renewed_however_rarely_runs_are_looked_for(tmp_path: Path) -> None:
    """With a long TICKETYARD_RUN_POLL_S the lease ended between two looks."""
    bench = TailBench(tmp_path / "views", run_poll_s=100_000)
    bench.run_of("run-1", [], {0: 0, 1: 0})
    bench.tail.start()
    bench.step()
    bench.now += LEASE
    bench.step()
    assert leased_runs(bench.views, bench.now) == {"run-1"}
    bench.database.close()


def test_a_first_switch_without_memory_is_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serving ended at its start, where the same lack of memory was waited out a moment later."""
    bench = TailBench(tmp_path / "views")
    bench.run_of("run-1", [], {0: 0, 1: 0})
    with monkeypatch.context() as short:
        short.setattr(bench.store, "_keep_few", _no_memory_but_once(bench.store._keep_few))
        bench.tail.start()
    assert "OutOfMemory" in (bench.board.now.waiting_for or "")
    assert bench.tail.try_step(0.0) == 0.0
    assert (bench.state.run_id, bench.board.now.waiting_for) == ("run-1", None)
    bench.database.close()


def _no_memory_but_once(keep: Callable[[], None]) -> Callable[[], None]:
    """The merge's installation finds memory, the switch behind it none."""
    calls = iter((False, True))

    def kept() -> None:
        if next(calls):
            raise duckdb.OutOfMemoryException("none left")
        keep()

    return kept


def test_a_lease_that_cannot_be_written_is_said(bench: TailBench) -> None:
    """Where serving may only read the views, answers go on, and health says what may happen."""
    (bench.views / "leases").write_bytes(b"no folder")
    bench.run_of("run-1", [], {0: 0, 1: 0})
    bench.step()
    assert bench.state.run_id == "run-1"
    assert any("TICKETYARD_KEEP_RUNS" in problem for problem in problems(bench.board.now, bench.state))


def test_a_start_with_a_run_reads_from_its_boundary(tmp_path: Path) -> None:
    """The first record that the tail takes is the first that is not in the views."""
    bench = TailBench(tmp_path / "views")
    for revision in (1, 2, 3):
        bench.write("a", revision)
    bench.run_of("run-1", [(0, n, ticket_row("a", 1, n + 1)) for n in (0, 1)], {0: 2, 1: 0})
    bench.tail.start()
    assert bench.rows("SELECT revision FROM tickets") == [{"revision": 2}]
    bench.step()
    assert bench.rows("SELECT revision FROM tickets") == [{"revision": 3}]
    assert bench.board.now.records == 1
    bench.database.close()


@pytest.mark.parametrize("harm", ["manifest", "file", "rows", "column", "pointer", "topic"])
def test_a_bad_run_is_not_served(bench: TailBench, harm: str) -> None:
    """A run whose manifest, files or topics are not as promised leaves the one before in place, and is told."""
    row = ticket_row("a", 1, 1)
    bench.write("a", 1)
    bench.run_of("good", [(0, 0, row)], {0: 1, 1: 0})
    bench.step()
    more = {"topic_id": "another"} if harm == "topic" else {}
    bench.run_of("bad", [(0, 0, row)], {0: 1, 1: 0}, **more)
    damage(bench.views, harm)
    bench.step()
    assert bench.metadata.run_id == "good"
    assert bench.rows("SELECT COUNT(*) AS n FROM tickets") == [{"n": 1}]
    assert bench.board.now.run_error
    bench.run_of("mended", [(0, 0, row)], {0: 1, 1: 0})
    bench.step()
    assert bench.metadata.run_id == "mended"
    assert bench.board.now.run_error is None


def damage(views: Path, harm: str) -> None:
    """Harm the run `bad` in one way."""
    tickets = views / "bad" / "tickets" / "part-0.parquet"
    if harm == "manifest":
        manifest = views / "bad" / "manifest.json"
        manifest.write_bytes(manifest.read_bytes().replace(b'history_commit":1', b'history_commit":2'))
    elif harm == "file":
        tickets.write_bytes(tickets.read_bytes()[:-40])
    elif harm == "rows":
        tickets.unlink()
    elif harm == "column":
        events = views / "bad" / "ticket_events" / "part-0.parquet"
        tickets.write_bytes(events.read_bytes())
    elif harm == "pointer":
        (views / "CURRENT.json").write_bytes(b"{")


def test_a_recreated_topic_is_reported_and_not_mixed_in(bench: TailBench) -> None:
    """Records of a topic with another id are never taken for the old topic's."""
    bench.write("a", 1)
    bench.step()
    bench.log.recreate(Topic.TICKETS_LOG)
    bench.write("other", 1)
    bench.write("other", 2)
    bench.step(3)
    assert [row["ticket_id"] for row in bench.rows("SELECT ticket_id FROM tickets")] == ["a"]
    assert not bench.metadata.complete
    assert "was recreated" in bench.metadata.reasons[0]


def test_a_run_of_a_recreated_topic_serves_batch_alone(tmp_path: Path) -> None:
    """A start on a run whose topic has another id now shows the run, and that it is not whole."""
    bench = TailBench(tmp_path / "views")
    bench.run_of("run-1", [(0, 0, ticket_row("a", 1, 1))], {0: 1, 1: 0})
    bench.log.recreate(Topic.TICKETS_LOG)
    bench.write("other", 1)
    bench.tail.start()
    bench.step(2)
    assert [row["ticket_id"] for row in bench.rows("SELECT ticket_id FROM tickets")] == ["a"]
    assert [gap.kind for gap in bench.state.gaps] == ["recreated"]
    bench.database.close()


def test_records_that_expired_are_reported_until_batch_has_them(bench: TailBench) -> None:
    """Reading goes on at the first record that is left; a run that covers the hole closes the gap."""
    rows = [ticket_row("a", 1, revision) for revision in (1, 2, 3)]
    for row in rows:
        bench.write("a", row.revision)
    bench.log.expire(Topic.TICKETS_LOG, 0, 2)
    bench.step(2)
    assert [gap.kind for gap in bench.state.gaps] == ["expired"]
    assert "offset 0 has expired" in bench.metadata.reasons[0]
    assert bench.rows("SELECT revision FROM ticket_events") == [{"revision": 3}]
    bench.run_of("run-1", [(0, offset, row) for offset, row in enumerate(rows[:2])], {0: 2, 1: 0})
    bench.step()
    assert bench.metadata.complete
    assert len(bench.rows("SELECT * FROM ticket_events")) == 3


def test_what_the_run_lacks_makes_answers_incomplete_and_the_server_ready(bench: TailBench) -> None:
    """Another server would have no more, so it takes questions, and each answer says what the views lack."""
    rows = [ticket_row("a", 1, 1), ticket_row("a", 1, 2)]
    for row in rows:
        bench.write("a", row.revision)
    gap = ViewGap(kind="expired", topic=LOG, partition=0, first_offset=0, last_offset=0, records=1)
    bench.run_of("run-1", [(0, 1, rows[1])], {0: 2, 1: 0}, gaps=(gap,))
    bench.step(2)
    assert (bench.metadata.run_id, bench.metadata.complete, bench.board.now.ready) == ("run-1", False, True)
    (reason,) = bench.metadata.reasons
    assert "Kafka deleted 1 of offsets 0 to 0 before batch archived them" in reason
    bench.run_of("run-2", [(0, 1, rows[1])], {0: 2, 1: 0}, gaps=(replace(gap, acknowledged=True),))
    bench.step()
    assert bench.metadata.complete


def test_a_record_expiring_under_the_reader_is_a_gap(bench: TailBench) -> None:
    """Retention that overtakes the tail is told like any other hole."""
    bench.write("a", 1)
    bench.step()
    for revision in range(2, 8):
        bench.write("a", revision)
    bench.log.expire(Topic.TICKETS_LOG, 0, 5)
    bench.step(2)
    assert [gap.kind for gap in bench.state.gaps] == ["expired"]
    assert bench.rows("SELECT MAX(revision) AS newest FROM tickets") == [{"newest": 7}]


def test_an_unreadable_record_of_ours_makes_answers_incomplete(bench: TailBench) -> None:
    """Stages cannot have written it, so it is loud; the records around it are served."""
    bench.write("a", 1)
    place = (LOG, 0)
    bench.log.add(record(ticket_row("a", 1, 2), 0, 0))
    bench.log.records[place][1] = type(bench.log.records[place][1])(
        topic=Topic.TICKETS_LOG, partition=0, offset=1, timestamp_ms=1, headers=[], value=b"no"
    )
    bench.write("b", 1)
    bench.step()
    assert len(bench.rows("SELECT * FROM tickets")) == 2
    assert "offset 1 cannot be read" in bench.metadata.reasons[0]
    assert bench.board.now.refused == 1


def test_an_unreadable_record_of_producers_is_counted_only(bench: TailBench) -> None:
    """What producers send to agents.events may be anything; its stage has put it into dead letters."""
    bad = record(ticket_row("a", 1, 1), 0, 0)
    bench.log.add(
        type(bad)(topic=Topic.AGENTS_EVENTS, partition=0, offset=0, timestamp_ms=1, headers=[], value=b"no")
    )
    bench.step()
    assert (bench.metadata.complete, bench.board.now.refused) == (True, 1)


def test_a_topic_that_does_not_exist_yet_is_waited_for(bench: TailBench) -> None:
    """The others are served, the answer says which topic is missing, and later it is read."""
    topic_id = bench.log.ids.pop(LOG)
    bench.step()
    assert f"topic {LOG} does not exist" in bench.metadata.reasons[0]
    bench.log.ids[LOG] = topic_id
    bench.write("a", 1)
    bench.step(2)
    assert bench.metadata.complete
    assert len(bench.rows("SELECT * FROM tickets")) == 1


def test_kafka_out_of_reach_is_said_and_waited_out(bench: TailBench) -> None:
    """Answers go on from what was read; the status says why nothing new comes."""
    bench.refusing = True
    assert bench.tail.try_step(0.0) > 0
    assert "nobody there" in str(bench.board.now.waiting_for)
    bench.refusing = False
    bench.tail.try_step(0.25)
    assert bench.board.now.waiting_for is None


def test_records_of_a_failed_append_are_read_again(bench: TailBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where DuckDB has no memory for the tail, nothing is lost: reading goes on from the state's offsets."""
    bench.write("a", 1)
    bench.step()
    bench.write("a", 2)

    def without_memory(*_: object) -> None:
        raise OutOfMemory("no memory")

    with monkeypatch.context() as patched:
        patched.setattr(MergeStore, "append", without_memory)
        assert bench.tail.try_step(0.0) > 0
    assert bench.rows("SELECT revision FROM tickets") == [{"revision": 1}]
    bench.tail.try_step(0.0)
    assert bench.rows("SELECT revision FROM tickets") == [{"revision": 2}]


class WithoutMemoryAtCommit:
    """DuckDB's cursor, which finds no memory when it is to commit; it rolls back then, as DuckDB does."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def execute(self, sql: str, *values: Any) -> Any:
        """Run a statement, but for COMMIT."""
        if sql == "COMMIT":
            self._cursor.execute("ROLLBACK")
            raise duckdb.OutOfMemoryException("failed to allocate 1 block")
        return self._cursor.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the cursor's own."""
        return getattr(self._cursor, name)


def test_no_memory_at_the_commit_is_waited_out(bench: TailBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A COMMIT that ran out of memory was outside of the guarded part and ended the tail, and so the server."""
    bench.write("a", 1)
    bench.step()
    bench.write("a", 2)
    with monkeypatch.context() as patched:
        patched.setattr(bench.store, "_cursor", WithoutMemoryAtCommit(bench.store._cursor))
        assert bench.tail.try_step(0.0) > 0
    assert "no memory left" in str(bench.board.now.waiting_for)
    assert bench.rows("SELECT revision FROM tickets") == [{"revision": 1}]
    bench.tail.try_step(0.0)
    assert bench.rows("SELECT revision FROM tickets") == [{"revision": 2}]


def test_answers_of_a_long_outage_are_not_complete(bench: TailBench) -> None:
    """`complete` stayed true however long Kafka was out of reach, as the tail had been read to its end once."""
    bench.write("a", 1)
    bench.step(2)
    assert bench.metadata.complete
    bench.refusing = True
    bench.tail.try_step(0.0)
    bench.now = datetime.fromtimestamp(bench.now.timestamp() + 61, UTC)
    (reason,) = bench.metadata.reasons
    assert "check that Kafka runs" in reason
    bench.refusing = False
    bench.step(2)
    assert bench.metadata.complete


def test_an_error_that_cannot_pass_ends_the_tail_loudly(
    bench: TailBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything but Kafka's errors is a bug: the tail ends, says why, and tells the process to end."""

    def broken(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(MemoryLog, "ends", broken)
    bench.tail.run(threading.Event())
    assert (bench.board.now.failure, bench.board.now.alive, bench.failures) == ("ValueError: a bug", False, 1)
    assert bench.log.closed == 1


def test_an_agents_event_in_batch_and_tail_counts_once(bench: TailBench) -> None:
    """Base views that are united when they are read keep the lowest offset of equal ids."""
    for number, status in ((1, AgentStatus.AWAY), (2, AgentStatus.AVAILABLE), (1, AgentStatus.AWAY)):
        body = AgentUpdated(agent_id="a", home_team="one", status=status, capacity=number)
        envelope = Envelope(id=f"e{number}", type="AgentUpdated", source="test", time=START)
        bench.log.add(
            TailRecord(
                topic=Topic.AGENTS_EVENTS,
                partition=0,
                offset=0,
                timestamp_ms=1,
                headers=encode_headers(envelope),
                value=encode_body(body),
            )
        )
    bench.step()
    shown = bench.rows("SELECT event_id, log_offset FROM agent_events ORDER BY event_id")
    assert shown == [{"event_id": "e1", "log_offset": 0}, {"event_id": "e2", "log_offset": 1}]
    assert bench.rows("SELECT status FROM agents") == [{"status": "available"}]


def test_a_lost_position_is_looked_up_again(bench: TailBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the client no longer knows where it was, what it fetched is not appended but read again."""
    bench.write("a", 1)

    def lost(_: object) -> dict[Place, int]:
        raise OutOfBounds("no position")

    with monkeypatch.context() as patched:
        patched.setattr(MemoryLog, "positions", lost)
        bench.step()
    assert bench.rows("SELECT * FROM tickets") == []
    bench.step()
    assert bench.rows("SELECT revision FROM tickets") == [{"revision": 1}]
