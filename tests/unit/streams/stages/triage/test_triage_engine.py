"""A partition of triage without Kafka: how it waits for its first model, and what a record that raises does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import structlog
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from schemas.records.derived import Origin, RecordDied
from schemas.records.envelope import watermark_of
from schemas.records.events import TicketResolved
from schemas.records.partitioning import partition_for
from schemas.records.thread_rule import FIRST_MESSAGE
from schemas.records.topics import INPUT_BYTES, Topic
from streams.foundation.fault_points import never
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Emission, Record, TopicRole
from streams.stages.triage import engine as triage
from streams.stages.triage.engine import TriageEngine
from streams.stages.triage.source_watermark import SourceWatermark
from streams.stages.triage.thread_memory import ThreadMemory
from streams.steps.input_order import InputOrder
from tests.unit.streams.logic_driver import PARTITIONS, NoPositions, record_of
from tests.unit.streams.stages.triage.watched_models import Clock, new_budget
from understanding.signals.automatic_mail import AutomaticMail

NAME = "tickets.events"
ROLES = {NAME: TopicRole(topic=Topic.TICKETS_EVENTS, topic_id="id")}
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Models:
    """Loads for one wait, has nothing for another, and then is there."""

    def __init__(self) -> None:
        self._waits = [True, False]
        self.loading = False
        self.refusing = False

    def wait(self, timeout_s: float) -> bool:
        if not timeout_s:
            return False
        if not self._waits:
            return True
        self.loading = self._waits.pop(0)
        return False


class Outbox:
    def __init__(self) -> None:
        self.sent: list[Emission] = []

    def send(self, emissions: Sequence[Emission]) -> None:
        self.sent += emissions


@pytest.fixture
def outbox() -> Outbox:
    """What the engine sends."""
    return Outbox()


@pytest.fixture
def engine(outbox: Outbox) -> TriageEngine:
    """An engine that scores nothing."""
    return _engine(outbox, SourceWatermark(clock_mode="event", interval_s=1e9, grace_s=0), caught_up=False)


def _engine(outbox: Outbox, watermark: SourceWatermark, *, caught_up: bool) -> TriageEngine:
    metrics = StageMetrics("triage", CollectorRegistry())
    return TriageEngine(
        partition=0,
        order=InputOrder(partition=0, roles=ROLES, positions=NoPositions(), metrics=metrics),
        outbox=outbox,  # type: ignore[arg-type]  # a fake with the same methods
        positions=NoPositions(),
        partitions=PARTITIONS,
        models=Models(),  # type: ignore[arg-type]  # as above
        scoring=None,  # type: ignore[arg-type]  # nothing here is scored
        budget=new_budget(Clock()),
        metrics=metrics,
        watermark=watermark,
        threads=ThreadMemory(FIRST_MESSAGE),
        clock=lambda: NOW,
        caught_up=lambda _partition, _offset: caught_up,
        future_skew_s=300,
        largest_event_bytes=INPUT_BYTES,
        automatic_mail=AutomaticMail.load(),
        reached=never,
    )


def test_waiting_for_a_model_and_loading_one_are_told_apart(engine: TriageEngine) -> None:
    """It asked for a model to be published once, while it was loading the one that was."""
    with structlog.testing.capture_logs() as logs:
        engine.open()
    assert [(line["log_level"], line["event"]) for line in logs] == [
        ("info", "triage.loads_its_first_model"),
        ("warning", "triage.waits_for_a_model"),
    ]


def _record(offset: int) -> Record:
    origin = Origin(topic_id="id", partition=0, offset=offset, timestamp_ms=0)
    return Record(topic=Topic.TICKETS_EVENTS, origin=origin, value=b"raw")


def test_a_record_at_which_taking_it_in_raises_dies(
    engine: TriageEngine, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was raised; the worker met it again and again once, and nothing behind it was triaged."""

    def bug(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr(triage, "arrive", bug)
    with structlog.testing.capture_logs() as logs:
        engine.open()
        done = engine.step([_record(0)])
    assert done.committable == {NAME: 1}
    (letter,) = outbox.sent
    about = msgspec.json.decode(dict(letter.headers)["dead"], type=RecordDied)
    assert (about.error, about.message, letter.value) == ("ZeroDivisionError", "nobody expected this", b"raw")
    assert [line["log_level"] for line in logs if line["event"] == "record.raised"] == ["error"]


def test_a_fault_of_the_environment_kills_no_record(
    engine: TriageEngine, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of memory says nothing of the record: the worker ends, and nothing is acknowledged."""

    def full(*_arguments: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(triage, "arrive", full)
    engine.open()
    with pytest.raises(MemoryError):
        engine.step([_record(0)])
    assert outbox.sent == []


def _resolved(ticket_id: str, offset: int, minutes: int) -> Record:
    return replace(
        record_of(
            Topic.TICKETS_EVENTS,
            TicketResolved(ticket_id=ticket_id),
            offset=offset,
            time=NOW - timedelta(days=1) + timedelta(minutes=minutes),
        ),
        key=ticket_id.encode(),
    )


def test_the_time_of_a_partition_travels_with_its_own_tickets(engine: TriageEngine, outbox: Outbox) -> None:
    """A ticket in a wrong partition says nothing of the time of the right one, whose backlog may be of last week.

    It moved that of the wrong one: a single event of today would have closed the tickets of a backlog of last week.
    """
    own, foreign = (
        next(f"T-{n}" for n in range(99) if (partition_for(f"T-{n}", 4) == 0) is here)
        for here in (True, False)
    )
    engine.open()
    engine.step([_resolved(own, 0, 5), _resolved(own, 1, 3), _resolved(foreign, 2, 9), _resolved(own, 3, 7)])

    told = [(sent.partition == 0, watermark_of(sent.headers)) for sent in outbox.sent]
    start = NOW - timedelta(days=1)
    five, seven = start + timedelta(minutes=5), start + timedelta(minutes=7)
    assert told == [(True, five), (True, five), (False, None), (True, seven)]


def test_only_an_idle_partition_tells_the_time_by_itself(outbox: Outbox) -> None:
    """Each source told every partition four times a second, busy or not: four records a second for every pair."""
    for caught_up, expected in ((False, []), (True, [(Topic.TICKETS_ENRICHED, 0, b"watermark/0")])):
        source = SourceWatermark(clock_mode="wall", interval_s=0.25, grace_s=2)
        engine = _engine(outbox, source, caught_up=caught_up)
        engine.open()
        engine.step([])
        engine.step([])
        assert [(sent.topic, sent.partition, sent.key) for sent in outbox.sent] == expected
