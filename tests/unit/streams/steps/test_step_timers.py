"""A jump of the watermark: very many timers due at once are fired over several steps, none is lost."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry

from schemas.records.derived import Origin, WatermarkAdvanced
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.topics import Topic
from streams.foundation.fault_points import never
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Emission, Record, TopicRole
from streams.steps.engine import StepEngine
from streams.steps.state_log import Restored
from streams.steps.step import Step, Timer
from streams.steps.step_header import StepHeader
from tests.unit.streams.logic_driver import NoPositions

START = datetime(2026, 1, 1, tzinfo=UTC)
TIMERS = 2500
NAME = "tickets.enriched"


class MemoryLog:
    """A state log that starts with many timers and keeps the size of each step."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def fence(self) -> None:
        """Nobody else writes."""

    def restore(self) -> Restored:
        due = Timer(due=START)
        entries = {f"timer:{number:05d}": encode_timer(due) for number in range(TIMERS)}
        return Restored(header=None, outbox=[], entries=entries)

    def commit(
        self, changes: Mapping[str, bytes | None], outbox: Sequence[Emission], header: StepHeader
    ) -> None:
        self.sizes.append(len(changes))

    def close(self) -> None:
        """Nothing is held."""


class NoOutbox:
    def send(self, emissions: Sequence[Emission]) -> None:
        assert not emissions


class FiringLogic:
    def __init__(self) -> None:
        self.fired: list[str] = []

    def restore(self, key: str, value: bytes) -> None:
        raise AssertionError(key)

    def handle(self, record: Record, step: Step) -> None:
        raise AssertionError(record)

    def fire(self, name: str, step: Step) -> None:
        self.fired.append(name)


def encode_timer(timer: Timer) -> bytes:
    return b'{"due":"' + timer.due.isoformat().encode() + b'"}'


def watermark(offset: int) -> Record:
    body = WatermarkAdvanced(source_partition=0, watermark=START + timedelta(days=offset + 1))
    envelope = Envelope(id=str(offset), type="WatermarkAdvanced", source="triage", time=START)
    return Record(
        topic=Topic.TICKETS_ENRICHED,
        origin=Origin(topic_id="id", partition=0, offset=offset, timestamp_ms=0),
        headers=encode_headers(envelope),
        value=encode_body(body),
    )


def test_many_due_timers_fire_over_steps_of_bounded_size() -> None:
    """One step with all of them would be larger than the producer's queue, and die again at every start."""
    log, logic = MemoryLog(), FiringLogic()
    engine = StepEngine(
        stage="cases",
        partition=0,
        new_logic=lambda: logic,
        roles={NAME: TopicRole(topic=Topic.TICKETS_ENRICHED, topic_id="id")},
        partitions={Topic.TICKETS_EVENTS: 1},
        state_log=log,  # type: ignore[arg-type]  # a fake with the same methods
        outbox=NoOutbox(),  # type: ignore[arg-type]  # as above
        positions=NoPositions(),
        metrics=StageMetrics("cases", CollectorRegistry()),
        clock=lambda: START,
        clock_mode="wall",
        reached=never,
    )
    assert engine.open() == {NAME: 0}
    for offset in range(4):
        engine.step([watermark(offset)])
    assert logic.fired == [f"{number:05d}" for number in range(TIMERS)]
    assert max(log.sizes) <= 1000
