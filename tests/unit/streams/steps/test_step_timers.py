"""When timers fire: before the record that tells the time, in steps of bounded size, and nowhere else."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
import pytest
import structlog
from prometheus_client import CollectorRegistry

from schemas.records.derived import Origin, WatermarkAdvanced
from schemas.records.envelope import WATERMARK_HEADER, Envelope, encode_body, encode_headers
from schemas.records.topics import Topic
from streams.foundation.errors import NothingFires
from streams.foundation.fault_points import never
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Emission, Record, TopicRole
from streams.steps.engine import StepEngine
from streams.steps.isolation import TIMERS_IN_A_STEP, LogicFailed
from streams.steps.state_log import Restored
from streams.steps.step import Step
from streams.steps.step_header import StepHeader
from tests.unit.streams.logic_driver import PARTITIONS, NoPositions

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=365)
NAME = "tickets.enriched"


class Wish(msgspec.Struct):
    """When something is wished for."""

    due: datetime


class MemoryLog:
    """The state topic, and how many keys each step changed."""

    def __init__(self) -> None:
        self.header: StepHeader | None = None
        self.entries: dict[str, bytes] = {}
        self.sizes: list[int] = []
        self.sent: list[Emission] = []

    def fence(self) -> None:
        """Nobody else writes."""

    def restore(self) -> Restored:
        return Restored(header=self.header, outbox=[], entries=dict(self.entries))

    def commit(
        self, changes: Mapping[str, bytes | None], outbox: Sequence[Emission], header: StepHeader
    ) -> None:
        self.header = header
        self.sizes.append(len(changes))
        for key, value in changes.items():
            if value is None:
                self.entries.pop(key, None)
            else:
                self.entries[key] = value

    def send(self, emissions: Sequence[Emission]) -> None:
        self.sent += emissions

    def close(self) -> None:
        """Nothing is held."""


class Wishes:
    """Sets the timer that a record names, so many hours after the start; `happened` is what came in which order."""

    def __init__(self) -> None:
        self.due: dict[str, datetime] = {}
        self.happened: list[str] = []

    def restore(self, key: str, value: bytes) -> None:
        self.due[key] = msgspec.json.decode(value, type=Wish).due

    def timers(self) -> list[tuple[str, datetime]]:
        return list(self.due.items())

    def timers_of(self, record: Record) -> list[str]:
        return [(record.value or b"").decode().partition(" ")[0]]

    def handle(self, record: Record, step: Step) -> None:
        name, _, hours = (record.value or b"").decode().partition(" ")
        self.happened.append(name)
        if hours:
            self.due[name] = hour(float(hours))
            step.put(name, Wish(self.due[name]))
            step.set_timer(name, self.due[name])

    def fire(self, name: str, step: Step) -> None:
        self.happened.append(f"fired {name} at {(step.now - START).total_seconds() / 3600:g}")
        del self.due[name]
        step.delete(name)


def hour(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def record(
    offset: int, value: str, told: float | None = None, topic: Topic = Topic.TICKETS_ENRICHED
) -> Record:
    """Return a record that tells that it is so many hours after the start."""
    headers = encode_headers(Envelope(id=f"{offset}", type="Any", source="test", time=START))
    if told is not None:
        headers.append((WATERMARK_HEADER, hour(told).isoformat().encode()))
    origin = Origin(topic_id="id", partition=1, offset=offset, timestamp_ms=0)
    return Record(topic=topic, origin=origin, headers=headers, value=value.encode())


def engine_on(
    log: MemoryLog,
    logic: Wishes,
    mode: Literal["wall", "event"] = "event",
    topic: Topic = Topic.TICKETS_ENRICHED,
    clock: Callable[[], datetime] = lambda: NOW,
) -> StepEngine:
    return StepEngine(
        stage="cases",
        partition=1,
        new_logic=lambda: logic,
        roles={NAME: TopicRole(topic=topic, topic_id="id")},
        partitions=PARTITIONS,
        state_log=log,  # type: ignore[arg-type]  # a fake with the same methods
        outbox=log,  # type: ignore[arg-type]  # as above
        positions=NoPositions(),
        metrics=StageMetrics("cases", CollectorRegistry()),
        clock=clock,
        clock_mode=mode,
        reached=never,
    )


def opened(log: MemoryLog, logic: Wishes, mode: Literal["wall", "event"] = "event") -> StepEngine:
    engine = engine_on(log, logic, mode)
    engine.open()
    return engine


def test_what_is_due_fires_before_the_record_that_tells_so() -> None:
    """At full speed a resolution and the objection of three days later came in one step, and nothing fired between."""
    records = [record(0, "a 2", 0), record(1, "b 1", 0), record(2, "objection", 3)]
    expected = ["a", "b", "fired b at 1", "fired a at 2", "objection"]
    for cuts in ([3], [1, 1, 1], [2, 1]):
        logic, left = Wishes(), list(records)
        engine = opened(MemoryLog(), logic)
        for cut in cuts:
            engine.step([left.pop(0) for _ in range(cut)])
        assert logic.happened == expected


def test_what_is_due_at_once_fires_before_the_next_record() -> None:
    """Whether the next record comes in the same step or later."""
    for together in (True, False):
        logic = Wishes()
        engine = opened(MemoryLog(), logic)
        records = [record(0, "late 2", 9), record(1, "next", 9)]
        for step in [records] if together else [[each] for each in records]:
            engine.step(step)
        assert logic.happened == ["late", "fired late at 2", "next"]


def test_on_the_wall_clock_now_is_the_clock_when_a_timer_fires() -> None:
    """Only in event time is it when the timer was due."""
    logic = Wishes()
    opened(MemoryLog(), logic, "wall").step([record(0, "a 2", 3)])

    assert logic.happened == ["a", "fired a at 8760"]


@pytest.mark.parametrize("mode", ["wall", "event"])
def test_many_due_timers_fire_over_steps_of_bounded_size(mode: Literal["wall", "event"]) -> None:
    """Records waited for all of them; one step with all would be larger than the producer's queue."""
    log, logic = MemoryLog(), Wishes()
    logic.due = {f"{number:05d}": hour(1) for number in range(2500)}
    engine = opened(log, logic, mode)
    done = engine.step([record(0, "first", 2), record(1, "behind", 3)])
    assert (done.more, done.handled) == (True, {NAME: 2})
    assert engine.step([record(2, "next", 3)]).handled == {NAME: 3}
    while done.more:
        done = engine.step([])

    names = [said.split()[1] for said in logic.happened if said.startswith("fired")]
    assert names == [f"{number:05d}" for number in range(2500)]
    places = [logic.happened.index(name) for name in ("first", "behind", "next")]
    assert places == [TIMERS_IN_A_STEP, TIMERS_IN_A_STEP + 1, 2 * TIMERS_IN_A_STEP + 2]
    assert max(log.sizes) == TIMERS_IN_A_STEP


def test_what_a_record_depends_on_fires_before_it_however_much_else_is_due() -> None:
    """An objection that passed the closing that was due before it would have kept the ticket open."""
    logic = Wishes()
    logic.due = {f"{number:05d}": hour(1) for number in range(2500)}
    engine = opened(MemoryLog(), logic)
    engine.step([record(0, "02000", 2), record(1, "02001", 2)])
    while engine.step([]).more:
        pass

    assert logic.happened[TIMERS_IN_A_STEP:][:4] == ["fired 02000 at 1", "02000", "fired 02001 at 1", "02001"]
    assert len(logic.happened) == 2502, "each fired once"


def test_a_timer_that_is_due_by_another_clock_alone_stops_no_record() -> None:
    """Triage's clock was ahead: cases set the timer again and again, and the records behind it were never handled."""
    told = (NOW - START).total_seconds() / 3600
    logic = Wishes()
    logic.due = {"ahead": hour(told + 0.5)}
    log = MemoryLog()
    engine = opened(log, logic, "wall")
    done = engine.step([record(0, "first", told + 1)])

    assert (logic.happened, done.more, done.handled) == (["first"], False, {NAME: 1})
    later = engine_on(log, logic, "wall", clock=lambda: hour(told + 0.5))
    later.open()
    later.step([record(1, "second", told + 0.5)])
    assert logic.happened == ["first", f"fired ahead at {told + 0.5:g}", "second"]


def test_timers_follow_from_the_state_and_the_time_is_kept() -> None:
    """A successor fires what became due, and what a later start makes due, before anything else."""
    log = MemoryLog()
    opened(log, Wishes()).step([record(0, "a 5", 3), record(1, "b 2", 1)])
    assert sorted(log.entries) == ["a"], "timers are not kept"

    log.entries["a"] = msgspec.json.encode(Wish(hour(1)))  # as if a setting had changed
    logic = Wishes()
    opened(log, logic).step([record(2, "next")])
    assert logic.happened == ["fired a at 1", "next"]


def test_timers_that_earlier_versions_kept_mean_nothing_and_go_bit_by_bit() -> None:
    """Their due times are of the settings of then: one closed tickets in the future."""
    log, logic = MemoryLog(), Wishes()
    log.entries = {f"timer:{number}": b'{"due":"2026-01-01T00:00:00Z"}' for number in range(300)}
    engine = opened(log, logic)
    for offset in range(2):
        engine.step([record(offset, "next", 9)])

    assert (logic.happened, log.entries, log.sizes) == (["next", "next"], {}, [TIMERS_IN_A_STEP, 44])


def test_only_its_own_source_tells_a_partition_the_time() -> None:
    """Triage of before told every partition of each source: one silent source stopped every timer."""
    logic = Wishes()
    engine = opened(MemoryLog(), logic)
    engine.step([record(0, "a 2", 0)])
    for offset, source in enumerate((0, 2, 1), start=1):
        body = WatermarkAdvanced(source_partition=source, watermark=hour(5))
        told = msgspec.structs.replace(
            record(offset, ""),
            value=encode_body(body),
            headers=encode_headers(Envelope(id="w", type="WatermarkAdvanced", source="t", time=START)),
        )
        engine.step([told])
        assert ("fired a at 2" in logic.happened) == (source == 1)


def test_a_time_that_cannot_be_read_kills_its_record() -> None:
    """The record goes to dead letters, and the next one is handled."""
    log, logic = MemoryLog(), Wishes()
    broken = record(0, "a")
    broken.headers.append((WATERMARK_HEADER, b"yesterday"))
    opened(log, logic).step([broken, record(1, "b")])

    assert (logic.happened, [sent.topic for sent in log.sent]) == (["b"], [Topic.TICKETS_DEAD])


def test_a_timer_is_refused_where_nothing_tells_the_time() -> None:
    """Timers of such a stage were kept and never fired; now the first test of a stage says so."""
    step = Step(
        stage="routing", partition=0, number=1, partitions=PARTITIONS, next_offsets={}, now=START, timed=False
    )
    with pytest.raises(NothingFires, match="stage routing set the timer retry"):
        step.set_timer("retry", START)

    engine = engine_on(MemoryLog(), Wishes(), topic=Topic.TICKETS_WORK)
    engine.open()
    with structlog.testing.capture_logs() as logs, pytest.raises(LogicFailed):
        engine.step([record(0, "retry 2", topic=Topic.TICKETS_WORK)])
    assert isinstance(logs[0]["exc_info"], NothingFires)
