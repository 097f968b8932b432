"""One run of the real stages that gets every kind of bad record, between good ones."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition
from kafka import KafkaProducer

from schemas.records.derived import ModelPublished, RecordDied, TicketLogged
from schemas.records.envelope import encode_body
from schemas.records.partitioning import partition_for
from schemas.records.topics import INPUT_BYTES, Topic
from schemas.taxonomy import load_taxonomy
from tests.integration.broken_records import (
    BROKEN,
    GOOD,
    MEGABYTE,
    NOW,
    PARTITIONS,
    SOURCE,
    NotText,
    Sent,
    headers_for,
    opened,
)
from tests.patience import PATIENCE_S
from tests.stage_harness import Reading, StageHarness, wait_for
from understanding.bundle.registry import pointer_to


@dataclass
class BadInputRun:
    """The stages at work on topics of their own, what was sent to them, and what they made of it."""

    harness: StageHarness
    workers: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    log: list[Any] = field(default_factory=list)
    dead: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Connect two producers, as neither can send everything that Kafka takes."""
        servers = self.harness.settings.bootstrap_servers
        self._producer = Producer(
            {"bootstrap.servers": servers, "message.max.bytes": 4_000_000, "log_level": 2}
        )
        self._compressing = Producer(
            {
                "bootstrap.servers": servers,
                "message.max.bytes": 20_000_000,
                "compression.type": "gzip",
                "log_level": 2,
            }
        )
        self._other = KafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=0)

    def send(self, sent: Sent, partition: int) -> None:
        """Send a record after all before it, and note where it came to lie."""

        def delivered(error: Any, message: Any) -> None:
            assert error is None, f"{sent.name}: {error}"
            self.places[sent.name] = (message.partition(), message.offset())

        topic = self.harness.names[sent.topic]
        if any(isinstance(name, NotText) for name, _value in sent.headers):
            future = self._other.send(topic, sent.value, sent.key, list(sent.headers), partition=partition)
            self.places[sent.name] = (partition, future.get(timeout=PATIENCE_S).offset)
            return
        producer = self._compressing if len(sent.value or b"") > INPUT_BYTES else self._producer
        producer.produce(
            topic, sent.value, sent.key, partition, headers=list(sent.headers), on_delivery=delivered
        )
        assert producer.flush(30) == 0

    def event(
        self,
        ticket_id: str,
        kind: str,
        body: bytes,
        *,
        event_id: str = "",
        minutes: float = 0,
        partition: int = 0,
    ) -> None:
        """Send an event of a ticket, `minutes` away from NOW."""
        headers = headers_for(kind, event_id or ticket_id, at=NOW + timedelta(minutes=minutes))
        self.send(Sent(event_id or ticket_id, body, headers, key=ticket_id.encode()), partition)

    def announce(self, version: str, uri: str, sha256: str) -> None:
        """Announce a model."""
        body = ModelPublished(version=version, uri=uri, sha256=sha256, accuracy=0.9, taxonomy_version="1")
        headers = headers_for("ModelPublished", version)
        self.send(Sent(f"model-{version}", encode_body(body), headers, Topic.MODELS_PUBLISHED), 0)

    def logged(self, ticket_id: str) -> list[TicketLogged]:
        """Return what tickets.log says of a ticket's events from outside, in order."""
        bodies = [msgspec.json.decode(record.value(), type=TicketLogged) for record in self.log]
        return [body for body in bodies if body.ticket_id == ticket_id and body.event.source == SOURCE]

    def letters(self) -> dict[tuple[str, int, int], tuple[Any, RecordDied]]:
        """Return the dead letters, each once, by where the record was."""
        found = {}
        for record in self.dead:
            about = msgspec.json.decode(dict(record.headers())["dead"], type=RecordDied)
            found[about.topic, about.partition, about.offset] = (record, about)
        return found

    def wait_until_done(self, tickets: set[str], letters: int) -> None:
        """Wait until these tickets are logged and so many letters written."""
        with self.harness.reading(Topic.TICKETS_LOG) as log, self.harness.reading(Topic.TICKETS_DEAD) as dead:
            self.log, self.dead = log.records, dead.records

            def missing() -> set[str]:
                self.workers_live()
                return tickets - {record.key().decode() for record in log.more()}

            wait_for(lambda: not missing(), "every good ticket in tickets.log")
            wait_for(lambda: _grown(dead, self) >= letters, f"{letters} letters")

    def close(self) -> None:
        """Let go of the connections and end the workers."""
        self._other.close()
        self.harness.stop()

    def workers_live(self) -> None:
        """Fail where a worker has ended: whatever it read, it must go on."""
        for stage, worker in self.workers.items():
            assert worker.poll() is None, f"{stage} ended: {self.harness.log()[-3000:]}"

    def lag(self, stage: str, topic: Topic) -> int:
        """Return how many records of a topic a stage has not committed."""
        consumer = Consumer(
            {"bootstrap.servers": self.harness.settings.bootstrap_servers, "group.id": "test-lag"}
        )
        try:
            parts = [TopicPartition(self.harness.names[topic], number) for number in range(PARTITIONS)]
            ends = [consumer.get_watermark_offsets(part, timeout=PATIENCE_S)[1] for part in parts]
        finally:
            consumer.close()
        return sum(ends) - sum(max(0, offset) for offset in self.harness.committed(stage, topic))


def _grown(dead: Reading, run: BadInputRun) -> int:
    dead.more()
    return len(run.letters())


@contextmanager
def bad_input_run(bootstrap_servers: str, home: Path, bundle: Path) -> Iterator[BadInputRun]:
    """Start the stages, send everything, and return when all of it has had its effect."""
    harness = StageHarness(bootstrap_servers, home, models_uri=str(home / "models"))
    run = BadInputRun(harness)
    try:
        _announce_models(run, home / "models", bundle)
        for stage in ("roster", "routing", "customers", "cases", "triage"):
            run.workers[stage] = harness.start("-m", "streams", stage, worker_id=stage)
        _hire(run)
        expected = {*GOOD, *_send_unusual(run)}
        for number, broken in enumerate(BROKEN.values()):
            partition = number % PARTITIONS
            good = [f"{broken.name}/{side}" for side in ("before", "after")]
            run.event(good[0], "TicketOpened", opened(good[0]), partition=partition)
            run.send(broken, partition)
            run.event(good[1], "TicketOpened", opened(good[1]), partition=partition)
        run.wait_until_done(expected, len(BROKEN) + 1)
        yield run
    finally:
        run.close()


def _announce_models(run: BadInputRun, models: Path, bundle: Path) -> None:
    """Announce one model that can be loaded and, after it, some that cannot: a worker that starts finds all."""
    shutil.copytree(bundle, models / "good", copy_function=os.link)
    shutil.copytree(bundle, models / "tampered", copy_function=os.link)
    victim = models / "tampered" / "head.skops"
    changed = victim.read_bytes()[:-1] + b"!"
    victim.unlink()  # a link to the good one's
    victim.write_bytes(changed)
    good = pointer_to(models / "good", models, version="good")
    run.announce("good", good.uri, good.sha256)
    published = headers_for("ModelPublished", "garbage")
    run.send(Sent("model-garbage", b"\xff", published, Topic.MODELS_PUBLISHED), 0)
    run.send(Sent("model-unnamed", b"{}", [(NotText("x"), b"1")], Topic.MODELS_PUBLISHED), 0)
    run.announce("wrong-sum", "good", "0" * 64)
    run.announce("tampered", "tampered", pointer_to(models / "tampered", models, version="tampered").sha256)
    run.announce("nowhere", "nowhere", "0" * 64)
    run.announce("nul", "no\x00where", "0" * 64)


def _hire(run: BadInputRun) -> None:
    """Let every team have an agent."""
    for team in sorted({intent.team for intent in load_taxonomy().intents.values()} | {"triage"}):
        agent = f"agent-{team}"
        body = {"agent_id": agent, "home_team": team, "status": "available", "capacity": 20}
        sent = Sent(agent, json.dumps(body).encode(), headers_for("AgentUpdated", agent), Topic.AGENTS_EVENTS)
        run.send(sent, partition_for(agent, PARTITIONS))


def _send_unusual(run: BadInputRun) -> set[str]:
    """Send what is unusual but an event, and return the tickets."""
    run.event("empty", "TicketOpened", opened("empty", text=" \t\n"), partition=1)
    run.event("megabyte", "TicketOpened", opened("megabyte", text=MEGABYTE), partition=2)
    run.event(
        "nul\x00id", "TicketOpened", opened("nul\x00id", text="a\x00b"), event_id="nul\x00event", partition=3
    )
    headers = headers_for("TicketOpened", "key", {"tracestate": None})
    run.send(Sent("key", opened("key"), headers, key=b"\xff\xfe not UTF-8"), 0)
    message = json.dumps(
        {"ticket_id": "unknown", "author": "customer", "author_id": "c", "text": "Any news of my refund?"}
    )
    run.event("unknown", "MessageAdded", message.encode(), partition=1)
    for attempt, text in enumerate(("refund me", "refund me", "something else")):
        body = opened("twice", text=text)
        run.event("twice", "TicketOpened", body, event_id="same", minutes=attempt / 60, partition=2)
    run.event(
        "twice", "TicketResolved", b'{"ticket_id":"twice"}', event_id="twice-end", minutes=1, partition=2
    )
    run.event("other", "TicketOpened", opened("other"), event_id="same", partition=2)
    _send_out_of_order(run)
    return {"empty", "megabyte", "nul\x00id", "key", "unknown", "twice", "other", "order"}


def _send_out_of_order(run: BadInputRun) -> None:
    steps = ((-10, "high"), (-20, "low"), (-5, "critical"), (-15, "medium"))
    for minutes, priority in steps:
        body = json.dumps({"ticket_id": "order", "priority": priority}).encode()
        run.event("order", "TicketUpdated", body, event_id=f"order{minutes}", minutes=minutes, partition=3)
    run.event("order", "TicketOpened", opened("order"), event_id="order-opened", minutes=-30, partition=3)
