"""Ten thousand records wait for a model that cannot be loaded: memory is bounded, nothing lost, the log says why."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import MessageAdded, TicketOpened
from schemas.records.thread_rule import FIRST_MESSAGE
from schemas.records.topics import INPUT_BYTES, Topic
from schemas.vocabulary import Author, Channel
from streams.foundation.fault_points import never
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Emission, TopicRole
from streams.foundation.settings import StreamSettings
from streams.runtime.backlog import Backlog, backlog_of
from streams.runtime.stage_runtime import StageRuntime
from streams.stages.triage.engine import TriageEngine
from streams.stages.triage.models.model_watch import RETRY_S, ModelWatch
from streams.stages.triage.pressure.encoder_budget import EncoderBudget
from streams.stages.triage.pressure.pressure_metrics import PressureMetrics
from streams.stages.triage.shared_scoring import SharedScoring
from streams.stages.triage.source_watermark import SourceWatermark
from streams.stages.triage.thread_memory import ThreadMemory
from streams.steps.input_order import InputOrder
from streams.steps.partition_engine import Engine
from tests.unit.streams.logic_driver import PARTITIONS, NoPositions
from tests.unit.streams.stages.triage.watched_models import (
    Clock,
    Shelf,
    new_watch,
    published,
    shelf_instead_of_disk,
)
from understanding.signals.automatic_mail import AutomaticMail

NAME = "tickets.events"
ROLES = {NAME: TopicRole(topic=Topic.TICKETS_EVENTS, topic_id="id")}
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RECORDS, BUFFERED = 10_000, 500


class Impatient:
    """A watch over models that is asked again soon."""

    def __init__(self, watch: ModelWatch) -> None:
        self._watch = watch

    @property
    def loading(self) -> bool:
        return self._watch.loading

    @property
    def refusing(self) -> bool:
        return self._watch.refusing

    def wait(self, _timeout_s: float) -> bool:
        return self._watch.wait(0.01)


class Triage:
    """The runtime of triage over one partition, without Kafka; `sent` are the ids of what it passed on."""

    def __init__(self, clock: Clock) -> None:
        self.sent: list[bytes | None] = []
        self.failed: list[BaseException] = []
        self._metrics = StageMetrics("triage", CollectorRegistry())
        self._budget = EncoderBudget(
            backlog=self.backlog,
            bound_s=0.25,
            enabled=True,
            metrics=PressureMetrics(CollectorRegistry()),
            clock=time.monotonic,
        )
        self.watch = new_watch(clock, budget=self._budget)
        self.scoring = SharedScoring(self.watch.score, most=64)
        self.runtime = StageRuntime(
            roles=ROLES,
            new_engine=self._engine,
            settings=StreamSettings(buffered_records=BUFFERED, step_spacing_s=0.0),
            step_records=64,
            idle_s=0.0,
            partitions=1,
            gather_s=0.0,
            metrics=self._metrics,
            failed=self.failed.append,
        )

    def backlog(self) -> Backlog:
        return backlog_of(self.runtime.owned().values(), lambda *_: RECORDS, time.monotonic())

    def send(self, emissions: Sequence[Emission]) -> None:
        headers = [dict(emission.headers) for emission in emissions]
        self.sent += [found["ce_id"] for found in headers if found["ce_type"] == b"TicketTriaged"]

    def _engine(self, partition: int) -> Engine:
        return TriageEngine(
            partition=partition,
            order=InputOrder(
                partition=partition, roles=ROLES, positions=NoPositions(), metrics=self._metrics
            ),
            outbox=self,  # type: ignore[arg-type]  # a fake with the same method
            positions=NoPositions(),
            partitions=PARTITIONS,
            models=Impatient(self.watch),  # type: ignore[arg-type]  # as above
            scoring=self.scoring,
            budget=self._budget,
            metrics=self._metrics,
            watermark=SourceWatermark(clock_mode="event", interval_s=1e9, grace_s=0),
            threads=ThreadMemory(FIRST_MESSAGE),
            clock=lambda: NOW,
            caught_up=lambda _partition, _offset: False,
            future_skew_s=300,
            largest_event_bytes=INPUT_BYTES,
            automatic_mail=AutomaticMail.load(),
            reached=never,
        )


def message(offset: int, body: bytes, headers: Any) -> Any:
    """Return what Faust delivers; Kafka's stamp is of a clock that jumps by years."""
    stamp = 0.0 if offset % 2 else 4e9
    return SimpleNamespace(
        topic=NAME, partition=0, offset=offset, timestamp=stamp, key=b"T", headers=headers, value=body
    )


def delivered() -> Iterator[Any]:
    """Yield the records: every tenth opens a ticket, the others are words of agents."""
    opening = encode_body(
        TicketOpened(ticket_id="T", customer_id="c", channel=Channel.EMAIL, text="refund please")
    )
    reply = encode_body(
        MessageAdded(ticket_id="T", author=Author.AGENT, author_id="a", text="we look into it")
    )
    for offset in range(RECORDS):
        kind, body = ("MessageAdded", reply) if offset % 10 else ("TicketOpened", opening)
        envelope = Envelope(id=str(offset), type=kind, source="test", time=NOW)
        yield message(offset, body, encode_headers(envelope))


@contextmanager
def triaging(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Triage, Shelf, Clock]]:
    shelf, clock = shelf_instead_of_disk(monkeypatch), Clock()
    shelf.away = {"a"}
    triage = Triage(clock)
    try:
        yield triage, shelf, clock
    finally:
        triage.scoring.stop()


async def until(reached: Any, what: str) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.005)


async def deliver(triage: Triage) -> None:
    for record in delivered():
        while not triage.runtime.has_room(0):  # as the consumer asks before it fetches
            await asyncio.sleep(0.001)
        triage.runtime.accept(NAME, 0, [record])


def test_they_wait_in_kafka_and_all_come_through_once_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meanwhile no more than the buffer holds is in memory, nothing may be committed, and the log says what to do."""

    async def refused_then_found(triage: Triage, shelf: Shelf, clock: Clock) -> None:
        triage.watch.deploy([published("a")])
        await triage.runtime.assigned([SimpleNamespace(topic=NAME, partition=0)])
        (worker,) = triage.runtime.owned().values()
        delivery = asyncio.create_task(deliver(triage))
        await until(lambda: worker.waiting >= BUFFERED, "the buffer to fill")
        await until(lambda: "triage.waits_for_a_model" in told(logs), "the log to say so")
        assert worker.waiting == BUFFERED
        assert (worker.opened, triage.runtime.committable(NAME, 0), triage.sent) == (False, None, [])
        shelf.away = set()
        clock.now += RETRY_S
        triage.watch.try_again(lambda: False)
        await delivery
        await until(lambda: triage.runtime.committable(NAME, 0) == RECORDS, "all to be passed on")
        assert triage.backlog() == Backlog(0, 0.0)

    async def scenario(triage: Triage, *others: Any) -> None:
        try:
            await refused_then_found(triage, *others)
        finally:
            await triage.runtime.close()  # else its threads would wait for a model for ever

    with structlog.testing.capture_logs() as logs, triaging(monkeypatch) as parts:
        asyncio.run(scenario(*parts))
        triage = parts[0]
    assert len(set(triage.sent)) == len(triage.sent) == RECORDS
    assert triage.failed == []
    refused = next(line for line in logs if line["event"] == "model.refused")
    assert (refused["version"], "the share is not there" in refused["error"]) == ("a", True)
    acts = {line["act"] for line in logs if line["event"] == "triage.waits_for_a_model"}
    assert acts == {"see `model.refused` in this log; it is tried again"}


def told(logs: Sequence[Any]) -> set[str]:
    return {line["event"] for line in logs}
