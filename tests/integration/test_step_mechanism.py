"""The one mechanism of stateful stages on a real broker, killed at every point (invariant: one transaction a step)."""

import hashlib
import signal
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from infra.local.kafka import LocalKafka
from schemas.records.derived import AgentReleased, RecordDied
from schemas.records.topics import Topic
from streams.broker.clients import flushed_producer, reader, transactional_producer
from streams.foundation.errors import EXIT_STAY_DOWN, GivenUp, OwnershipLost
from streams.foundation.fault_points import FaultPoint, never
from streams.steps.state_log import StateLog
from streams.steps.step_header import StepHeader
from tests.patience import PATIENCE_S
from tests.stage_harness import StageHarness, wait_for

PROGRAM = str(Path(__file__).with_name("counting_stage.py"))
KEYS = 20


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path) -> Iterator[StageHarness]:
    """Topics and workers of this test alone."""
    harness = StageHarness(kafka.bootstrap_servers, tmp_path, session_timeout_s=3)
    yield harness
    harness.stop()


def _produce(harness: StageHarness, count: int, topic: Topic = Topic.AGENTS_EVENTS) -> None:
    for number in range(count):
        key = number % KEYS
        harness.send(topic, f"a{key}", b"x", partition=key % 4)
    harness.flush()


def _counts(records: list[object]) -> tuple[dict[str, list[int]], int]:
    """Return the counts that were said of each key, each id once, and how many ids said two different things."""
    said: dict[str, AgentReleased] = {}
    conflicts = 0
    for record in records:
        identity = dict(record.headers())["ce_id"]  # type: ignore[attr-defined]  # a confluent Message
        body = msgspec.json.decode(record.value(), type=AgentReleased)  # type: ignore[attr-defined]
        conflicts += said.setdefault(identity, body) != body
    counts: dict[str, list[int]] = defaultdict(list)
    for body in said.values():
        counts[body.agent_id].append(body.roster_revision)
    return counts, conflicts


def test_killed_at_every_point_nothing_is_lost_doubled_or_decided_twice(harness: StageHarness) -> None:
    """A worker dies at each point in turn; each record is counted once, and repeated outputs are identical.

    Among the records is one at which the logic raises half-way: it alone becomes a letter, and leaves no trace.
    """
    per_death = 200
    for point in FaultPoint:
        harness.send(Topic.AGENTS_EVENTS, "a1", b"bomb", partition=1)
        _produce(harness, per_death)
        worker = harness.start(PROGRAM, crash_at=f"{point}:{1 if 'restore' in point else 2}")
        wait_for(lambda worker=worker: worker.poll() is not None, f"death at {point}")  # type: ignore[misc]
        assert worker.returncode == -signal.SIGKILL, harness.log()
        _produce(harness, per_death, Topic.AGENTS_HOLDINGS)
    harness.start(PROGRAM)
    total = len(FaultPoint) * per_death * 2
    with harness.reading(Topic.AGENTS_ROSTER) as reading:
        wait_for(lambda: sum(map(len, _counts(reading.more())[0].values())) >= total, "every record counted")
        counts, conflicts = _counts(reading.records)
    assert conflicts == 0
    assert {f"a{key}": list(range(1, total // KEYS + 1)) for key in range(KEYS)} == {
        key: sorted(values) for key, values in counts.items()
    }
    with harness.reading(Topic.TICKETS_DEAD) as dead:
        wait_for(lambda: len(_letters(dead.more())) >= len(FaultPoint), "a letter of each that raised")
        letters = _letters(dead.records)
    assert len(letters) == len(FaultPoint)
    assert {(letter.error, letter.message) for letter in letters} == {
        ("ZeroDivisionError", "this one went off")
    }


def _letters(records: list[object]) -> set[RecordDied]:
    """Return what died and why; a letter that was sent again is the same."""
    headers = [dict(record.headers()) for record in records]  # type: ignore[attr-defined]  # as above
    return {msgspec.json.decode(told["dead"], type=RecordDied) for told in headers}


def test_two_workers_share_partitions_and_one_takes_over(harness: StageHarness) -> None:
    """Partitions move when a worker joins and when one is killed; counting goes on where it was."""
    harness.start(PROGRAM, worker_id="w1")
    _produce(harness, 400)
    with harness.reading(Topic.AGENTS_ROSTER) as reading:
        reading.wait(400)
        second = harness.start(PROGRAM, worker_id="w2")
        wait_for(lambda: harness.log().count('"owned"') >= 3, "partitions shared")
        _produce(harness, 400)
        second.kill()
        _produce(harness, 400)
        wait_for(lambda: sum(map(len, _counts(reading.more())[0].values())) >= 1200, "taken over")
        counts, conflicts = _counts(reading.records)
    assert conflicts == 0
    assert all(sorted(values) == list(range(1, 61)) for values in counts.values()), harness.log()


def test_a_poisonous_record_dies_alone(harness: StageHarness) -> None:
    """A Permanent error sends its record to tickets.dead, whole; those around it are handled."""
    _produce(harness, 40)
    harness.send(Topic.AGENTS_EVENTS, "a1", b"poison", partition=1)
    _produce(harness, 40)
    harness.start(PROGRAM)
    with harness.reading(Topic.AGENTS_ROSTER) as counted, harness.reading(Topic.TICKETS_DEAD) as dead:
        counted.wait(80)
        (letter,) = dead.wait(1)
    assert letter.value() == b"poison"
    about = msgspec.json.decode(dict(letter.headers())["dead"])
    assert (about["stage"], about["error"], about["message"]) == (
        "counting",
        "Permanent",
        "this one is poison",
    )
    assert (about["topic"], about["partition"]) == ("agents.events", 1)


def test_a_former_owner_can_no_longer_write(harness: StageHarness) -> None:
    """Whoever takes ownership fences the one before: a zombie's step fails instead of overwriting state."""
    former, current = (_state_log(harness) for _ in range(2))
    former.fence()
    former.commit({"k": b"1"}, [], _header(1))
    current.fence()
    assert current.restore().entries == {"k": b"1"}
    with pytest.raises(OwnershipLost):
        former.commit({"k": b"zombie"}, [], _header(2))
    current.commit({"k": b"2"}, [], _header(2))
    third = _state_log(harness)
    third.fence()
    restored = third.restore()
    assert restored.entries == {"k": b"2"}
    assert restored.header is not None
    assert restored.header.step == 2


def test_a_partition_that_is_taken_away_stops_restoring(harness: StageHarness) -> None:
    """A long restore could not be given up, so a rebalance waited for its end and then for the next one."""
    log = _state_log(harness)
    log.fence()
    log.commit({"k": b"1"}, [], _header(1))
    log.interrupt()
    with pytest.raises(GivenUp, match="taken away"):
        log.restore()


def test_a_topic_that_was_created_again_stops_the_stage(harness: StageHarness, kafka: LocalKafka) -> None:
    """Offsets of the old topic mean nothing in the new one: the worker says so and stays down."""
    first = harness.start(PROGRAM)
    _produce(harness, 40)
    with harness.reading(Topic.AGENTS_ROSTER) as reading:
        reading.wait(40)
    wait_for(lambda: min(harness.committed("counting", Topic.AGENTS_EVENTS)) > 0, "offsets committed")
    first.terminate()
    first.wait(PATIENCE_S)
    harness.recreate(Topic.AGENTS_EVENTS)
    _produce(harness, 80)
    second = harness.start(PROGRAM)
    wait_for(lambda: second.poll() is not None, "the worker to refuse")
    assert second.returncode == EXIT_STAY_DOWN
    assert "was created again" in harness.log()


def test_what_a_step_writes_to_a_partition_is_one_batch(harness: StageHarness) -> None:
    """Of two batches the second waits for the first, and librdkafka spun meanwhile: a fifth of a core on busy ones.

    The broker stamps a batch, not a record, and two megabytes were three batches of some milliseconds each.
    """
    producer = flushed_producer(harness.settings)
    for number in range(700):
        value = hashlib.shake_256(str(number).encode()).digest(3000)
        producer.produce(harness.names[Topic.TICKETS_LOG], value, partition=0)
    assert producer.flush(PATIENCE_S) == 0
    with harness.reading(Topic.TICKETS_LOG) as reading:
        wait_for(lambda: len(reading.more()) == 700, "the records")
        assert len({record.timestamp() for record in reading.records}) == 1


def _state_log(harness: StageHarness) -> StateLog:
    return StateLog(
        topic=harness.names[Topic.ROSTER_STATE],
        partition=0,
        producer=transactional_producer(harness.settings, harness.settings.topic_prefix + "owner-0"),
        new_reader=lambda: reader(harness.settings),
        timeout_s=20.0,
        reached=never,
        partitions=4,
    )


def _header(step: int) -> StepHeader:
    return StepHeader(step=step, offsets={}, topic_ids={}, chunks=0, now=datetime(2026, 1, 1, tzinfo=UTC))
