"""A record at which the logic raises what nobody expected: it alone dies, and leaves no trace in the state.

Such an exception ended the worker once, which met the same record again, and so on: a bad record blocked a partition.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import msgspec
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from schemas.errors import Permanent, Transient
from schemas.records.derived import AgentReleased, Origin, RecordDied, WatermarkAdvanced
from schemas.records.envelope import Envelope, Headers, encode_body, encode_headers
from schemas.records.events import Event
from schemas.records.topics import Topic
from streams.broker.offsets import Committed
from streams.foundation.errors import StateUnreadable
from streams.foundation.fault_points import never
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Emission, Gap, Record, TopicRole
from streams.runtime.partition_worker import PartitionWorker
from streams.steps.engine import StepEngine
from streams.steps.isolation import LogicFailed
from streams.steps.partition_engine import QUIET_OFFSETS_S
from streams.steps.state_log import Restored
from streams.steps.step import Step
from streams.steps.step_header import StepHeader
from tests.unit.streams.logic_driver import PARTITIONS

START = datetime(2026, 1, 1, tzinfo=UTC)
NAME = "tickets.enriched"


class Count(msgspec.Struct):
    value: int


class HalfChanging:
    """Counts records; changes its memory and the step before it raises, as a fault in the middle would."""

    once = False  # whether `flaky` has raised

    def __init__(self) -> None:
        self.count = 0
        self.wishes: set[str] = set()

    def restore(self, key: str, value: bytes) -> None:
        if key.startswith("wish:"):
            self.wishes.add(key.removeprefix("wish:"))
        else:
            self.count = msgspec.json.decode(value, type=Count).value

    def timers(self) -> list[tuple[str, datetime]]:
        return [(name, START) for name in self.wishes]

    def timers_of(self, record: Record) -> list[str]:
        return [(record.value or b"").decode().removeprefix("own ")]

    def handle(self, record: Record, step: Step) -> None:
        kind = (record.value or b"").decode()
        if kind == "idle":
            step.count(kind)
            return
        if kind == "permanent":
            raise Permanent("refused")
        self.count += 1
        step.put("count", Count(self.count))
        body = AgentReleased(agent_id=f"at-{record.origin.offset}", team="t", roster_revision=self.count)
        step.emit(Topic.AGENTS_ROSTER, "k", body, id=f"{record.origin.offset}", time=START)
        if kind.startswith("timer "):
            name = kind.removeprefix("timer ")
            step.put(f"wish:{name}", Count(0))
            step.set_timer(name, START)
        self.count += 1000 * (kind != "good")  # in memory alone
        if kind == "bomb":
            raise ZeroDivisionError("tick")
        if kind == "flaky" and not type(self).once:
            type(self).once = True
            raise KeyError("only this time")
        if kind in ENVIRONMENT:
            raise ENVIRONMENT[kind]
        self.count -= 1000 * (kind != "good")

    def fire(self, name: str, step: Step) -> None:
        self.count += 1
        step.put("count", Count(self.count))
        step.delete(f"wish:{name}")
        if name.startswith("bad"):
            raise ZeroDivisionError(name)
        step.count(f"fired {name}")


ENVIRONMENT = {"memory": MemoryError(), "system": OSError("no space"), "transient": Transient("broker away")}


class MemoryLog:
    """What the state topic holds after each committed step, and what each step sent."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.header: StepHeader | None = None
        self.sent: list[Emission] = []

    def fence(self) -> None:
        """Nobody else writes."""

    def restore(self) -> Restored:
        return Restored(header=self.header, outbox=[], entries=dict(self.entries))

    def restore_step(self, step: int) -> Restored:
        assert step == (self.header.step if self.header else 0)
        return self.restore()

    def commit(
        self, changes: Mapping[str, bytes | None], outbox: Sequence[Emission], header: StepHeader
    ) -> None:
        assert self.header is None or header.step == self.header.step + 1
        self.entries.update({key: value for key, value in changes.items() if value is not None})
        for key in [key for key, value in changes.items() if value is None]:
            self.entries.pop(key, None)
        self.header = header

    def send(self, emissions: Sequence[Emission]) -> None:
        """The outbox, too."""
        self.sent += emissions

    def interrupt(self) -> None:
        """Nothing takes time."""

    def close(self) -> None:
        """Nothing is held."""


class Positions:
    """Kafka's log: what was delivered is there to be read again."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def committed(self, partition: int) -> Mapping[str, Committed]:
        return {}

    def begin(self, topic: str, partition: int) -> int:
        return 0

    def between(self, topic: str, partition: int, start: int, end: int) -> Iterator[Record]:
        return iter(self._records[start:end])


def record(offset: int, value: bytes, headers: Headers | None = None) -> Record:
    origin = Origin(topic_id="id", partition=0, offset=offset, timestamp_ms=0)
    return Record(topic=Topic.TICKETS_ENRICHED, origin=origin, value=value, headers=headers or [])


def records_of(kinds: Sequence[str]) -> list[Record]:
    return [record(offset, kind.encode()) for offset, kind in enumerate(kinds)]


def watermark(offset: int) -> Record:
    body: Event = WatermarkAdvanced(source_partition=0, watermark=START + timedelta(days=offset))
    envelope = Envelope(id=str(offset), type="WatermarkAdvanced", source="triage", time=START)
    return record(offset, encode_body(body), encode_headers(envelope))


def engine_on(
    log: MemoryLog,
    records: Sequence[Record],
    metrics: StageMetrics | None = None,
    clock: Callable[[], datetime] = lambda: START,
) -> StepEngine:
    return StepEngine(
        stage="cases",
        partition=0,
        new_logic=HalfChanging,
        roles={NAME: TopicRole(topic=Topic.TICKETS_ENRICHED, topic_id="id")},
        partitions={**PARTITIONS, Topic.TICKETS_EVENTS: 1},
        state_log=log,  # type: ignore[arg-type]  # a fake with the same methods
        outbox=log,  # type: ignore[arg-type]  # as above
        positions=Positions(records),
        metrics=metrics or StageMetrics("cases", CollectorRegistry()),
        clock=clock,
        clock_mode="wall",
        reached=never,
    )


def run(log: MemoryLog, records: Sequence[Record], at_once: int = 100) -> list[BaseException]:
    """Let a worker handle the records; return what it ended of, if it did."""

    async def scenario() -> list[BaseException]:
        with ThreadPoolExecutor(1) as executor:
            failed: list[BaseException] = []
            worker = PartitionWorker(
                partition=0,
                engine=engine_on(log, records),
                executor=executor,
                step_records=at_once,
                step_bytes=10_000,
                idle_s=0,
                waited=lambda _part, _seconds: None,
                failed=failed.append,
            )
            worker.put(records)
            async with asyncio.timeout(20):
                while not failed and worker.handled.get(NAME) != len(records):
                    await asyncio.sleep(0.0002)
            await worker.close()
            return failed

    with structlog.testing.capture_logs():  # tracebacks, by the hundred
        return asyncio.run(scenario())


def letters(log: MemoryLog) -> dict[int, RecordDied]:
    """Return why records died, by their offset."""
    dead = [emission for emission in log.sent if emission.topic is Topic.TICKETS_DEAD]
    told = [msgspec.json.decode(dict(emission.headers)["dead"], type=RecordDied) for emission in dead]
    assert len({about.offset for about in told}) == len(told)
    return {about.offset: about for about in told}


def said(log: MemoryLog) -> dict[str, int]:
    """Return the count that was said at each record."""
    sent = [emission.value for emission in log.sent if emission.topic is Topic.AGENTS_ROSTER]
    bodies = [msgspec.json.decode(value, type=AgentReleased) for value in sent]
    assert len({body.agent_id for body in bodies}) == len(bodies)
    return {body.agent_id: body.roster_revision for body in bodies}


def test_a_gap_moves_the_position_alone() -> None:
    """The marker of a transaction at the end of a log was lag for ever, so the watchdog ended the worker every 45 s."""
    engine = engine_on(MemoryLog(), records := records_of(["good"]))
    engine.open()
    engine.step(records)
    done = engine.step([Gap(topic=Topic.TICKETS_ENRICHED, start=1, end=2)])
    assert (done.committable, done.handled) == ({NAME: 1}, {NAME: 2})


def test_an_entry_that_cannot_be_read_stops_the_stage() -> None:
    """The worker was started again and again; a person has to install what wrote it, or to read all again."""
    log = MemoryLog()
    log.entries["count"] = b'{"value":"of another kind"}'
    (error,) = run(log, records_of(["good"]))
    assert isinstance(error, StateUnreadable)
    assert "entry count of cases, partition 0" in str(error)


def test_what_a_step_counts_is_kept_where_nothing_is_written() -> None:
    """Duplicates and stale decisions of steps that changed nothing were in no metric."""
    metrics = StageMetrics("cases", CollectorRegistry())
    engine = engine_on(MemoryLog(), records := records_of(["idle", "idle"]), metrics)
    engine.open()
    for one in records:
        engine.step([one])
    counted = metrics.registry.get_sample_value
    assert counted("ticketyard_stage_events_total", {"stage": "cases", "name": "idle"}) == 2
    assert counted("ticketyard_records_total", {"stage": "cases"}) == 2
    assert counted("ticketyard_steps_total", {"stage": "cases"}) == 1


def test_offsets_of_what_changed_nothing_are_written_later() -> None:
    """The last record of a topic changed nothing right after a step that did: it was lag until the next one came."""
    now = [START]
    engine = engine_on(MemoryLog(), records := records_of(["good", "idle"]), clock=lambda: now[0])
    engine.open()
    engine.step(records[:1])
    assert engine.step(records[1:])[:2] == ({NAME: 1}, {NAME: 2})
    assert engine.step([])[:2] == ({NAME: 1}, {NAME: 2})
    now[0] += timedelta(seconds=QUIET_OFFSETS_S)
    assert engine.step([])[:2] == ({NAME: 2}, {NAME: 2})


def test_a_record_that_raises_dies_alone() -> None:
    """With the name and words of what was raised and its raw bytes; those around it are counted as without it."""
    log = MemoryLog()
    assert run(log, records_of(["good", "good", "bomb", "good"])) == []
    ((offset, letter),) = letters(log).items()
    assert (offset, letter.error, letter.message, letter.stage) == (2, "ZeroDivisionError", "tick", "cases")
    assert [emission.value for emission in log.sent if emission.topic is Topic.TICKETS_DEAD] == [b"bomb"]
    assert said(log) == {"at-0": 1, "at-1": 2, "at-3": 3}
    assert log.entries == {"count": b'{"value":3}'}


@settings(max_examples=40)  # each runs a worker with its thread
@given(st.lists(st.sampled_from(["good", "bomb", "permanent"]), max_size=12), st.integers(1, 5))
def test_whatever_raises_wherever_the_others_are_as_without_it(kinds: list[str], at_once: int) -> None:
    """State, outputs and letters are those of a run in which only they died."""
    log = MemoryLog()
    assert run(log, records_of(kinds), at_once) == []
    good = [offset for offset, kind in enumerate(kinds) if kind == "good"]
    assert said(log) == {f"at-{offset}": number for number, offset in enumerate(good, start=1)}
    assert {offset: letter.error for offset, letter in letters(log).items()} == {
        offset: {"bomb": "ZeroDivisionError", "permanent": "Permanent"}[kind]
        for offset, kind in enumerate(kinds)
        if kind != "good"
    }
    assert log.entries.get("count", b'{"value":0}') == b'{"value":%d}' % len(good)


def test_a_fault_that_does_not_repeat_kills_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second attempt begins from the committed state; only what raises there too is the record's fault."""
    monkeypatch.setattr(HalfChanging, "once", False)
    log = MemoryLog()
    assert run(log, records_of(["good", "flaky", "good"])) == []
    assert letters(log) == {}
    assert said(log) == {"at-0": 1, "at-1": 2, "at-2": 3}


@pytest.mark.parametrize("kind", ENVIRONMENT)
def test_faults_of_the_environment_end_the_worker(kind: str) -> None:
    """They say nothing of the record: no letter, nothing committed, and the next process tries again."""
    log = MemoryLog()
    assert run(log, records_of(["good", kind])) == [ENVIRONMENT[kind]]
    assert log.header is None
    assert log.sent == []


def _until_done(engine: StepEngine, one: Record, fails: Callable[[], None]) -> None:
    for _ in range(10):
        try:
            with structlog.testing.capture_logs():
                engine.step([one])
        except LogicFailed:
            fails()
            engine.open()
        else:
            return
    raise AssertionError("the record does not get through")


def test_a_timer_that_raises_is_set_aside_and_stays_in_the_state() -> None:
    """No record is to blame for it. The others fire, and the next process tries it again."""
    log = MemoryLog()
    kinds = ["timer a", "timer bad1", "timer bad2", "timer z"]
    records = [*records_of(kinds), *(watermark(offset) for offset in range(4, 8))]
    for process in (1, 2):
        engine = engine_on(log, records)
        failures: list[int] = []
        engine.open()
        for one in records:
            before = len(failures)
            _until_done(engine, one, lambda failures=failures: failures.append(1))  # type: ignore[misc]
            assert len(failures) - before <= 1, "each record moves on, however many timers raise"
        if process == 1:
            assert len(failures) == 2, "each timer raised once"
            assert sorted(log.entries) == ["count", "wish:bad1", "wish:bad2"]
            assert log.entries["count"] == b'{"value":6}', "four records, two timers"
            records += [watermark(8), watermark(9), watermark(10)]
    assert len(failures) == 2, "the next process tries them again"
    assert letters(log) == {}


def test_a_raising_timer_that_a_record_waits_for_holds_it_up_once() -> None:
    """Its own timers come before it also where a step has no room for them; one that raises is set aside."""
    log = MemoryLog()
    log.entries = {f"wish:{name}": b'{"value":0}' for name in ("a", "b", "bad")}
    records = [watermark(0), record(1, b"own bad")]
    engine = engine_on(log, records)
    engine.open()
    failures: list[int] = []
    with patch("streams.steps.engine.TIMERS_IN_A_STEP", 1):
        for one in records:
            _until_done(engine, one, lambda: failures.append(1))

    assert (len(failures), letters(log), said(log)) == (1, {}, {"at-1": 3})
    assert sorted(log.entries) == ["count", "wish:bad"]
