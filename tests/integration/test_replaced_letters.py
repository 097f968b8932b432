"""A dead letter that says what has been replaced since is not sent back: it would be believed for ever."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, TopicPartition
from msgspec.structs import replace

from infra.local.kafka import LocalKafka
from schemas.records.derived import AgentHeldElsewhere, RecordDied, WorkChanged
from schemas.records.derived.customer_events import CustomerWorkChanged
from schemas.records.envelope import encode_body
from schemas.records.events import Event
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.replaced_pictures import LetterReplaced
from streams.dead_letters.replaying import Repair, Replayer
from streams.foundation.errors import TopicMismatch
from tests.stage_harness import StageHarness

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path) -> Iterator[StageHarness]:
    """Topics of this test alone, and no worker."""
    harness = StageHarness(kafka.bootstrap_servers, tmp_path)
    yield harness
    harness.stop()


def work(revision: int, kind: Work, ticket_id: str = "t1", team: str = "billing") -> WorkChanged:
    return WorkChanged(
        ticket_id=ticket_id, life=1, routing_revision=revision, team=team, work=kind, agent_id="ana",
        waiting_since=NOW,
    )  # fmt: skip


def holding(revision: int, *, held: bool, ticket_id: str = "t1") -> AgentHeldElsewhere:
    return AgentHeldElsewhere(
        ticket_id=ticket_id, agent_id="ana", team="billing", life=1, routing_revision=revision, held=held
    )


def seen(revision: int, ticket_id: str = "t1") -> CustomerWorkChanged:
    return CustomerWorkChanged(
        ticket_id=ticket_id, customer_id="c", life=1, revision=revision, opened_at=NOW, open=True
    )


def letter(topic: Topic, body: Event, offset: int) -> DeadLetter:
    about = RecordDied(
        stage="routing", error="ZeroDivisionError", message="once", topic=topic, topic_id="id", partition=1,
        offset=offset, timestamp_ms=0, key=b"k", headers=(), value_is_null=False,
    )  # fmt: skip
    return DeadLetter(id=f"{topic}-{offset}", about=about, died_at=NOW, partition=0, value=encode_body(body))


@pytest.mark.parametrize(
    ("topic", "bodies"),
    [
        (
            Topic.TICKETS_WORK,
            [
                work(1, Work.HELD),
                work(3, Work.HELD, "t2"),
                work(9, Work.NONE, team="legal"),
                work(2, Work.NONE),
            ],
        ),
        (
            Topic.AGENTS_HOLDINGS,
            [holding(1, held=True), holding(3, held=True, ticket_id="t2"), holding(2, held=False)],
        ),
        (Topic.CUSTOMERS_WORK, [seen(1), seen(3, "t2"), seen(2)]),
    ],
)
def test_an_old_picture_stays_dead(harness: StageHarness, topic: Topic, bodies: list[Event]) -> None:
    """The ticket had ended long before, so its team or the roster took the old word: room leaked for ever."""
    for body in bodies:
        harness.send(topic, "k", encode_body(body), partition=1)
    harness.flush()
    with Replayer(harness.settings) as replayer:
        with pytest.raises(
            LetterReplaced, match=rf"{topic}\[1\]@{len(bodies) - 1} has replaced what it says"
        ):
            replayer.send_back(letter(topic, bodies[0], 0), Repair(), now=NOW)
        for offset, body in list(enumerate(bodies))[1:]:
            sent = replayer.send_back(letter(topic, body, offset), Repair(), now=NOW).replayed
            assert sent.replayed_to_offset == len(bodies) + offset - 1


def test_a_letter_whose_partition_is_gone_can_never_go_back(harness: StageHarness) -> None:
    """That counted as a moment's failure: it was tried without end, and blocked all letters behind it."""
    with Replayer(harness.settings) as replayer:
        for topic in (Topic.TICKETS_WORK, Topic.TICKETS_DECISIONS):
            told = letter(topic, work(1, Work.HELD), 0)
            gone = replace(told, about=replace(told.about, partition=99))
            with pytest.raises(TopicMismatch, match=rf"{topic}\[99\]"):
                replayer.send_back(gone, Repair(), now=NOW)
        with pytest.raises(TopicMismatch, match=r"tickets\.dead\[99\]"):
            replayer.letter("d1", 99, 0)


def test_a_search_that_has_ended_reads_no_more(harness: StageHarness) -> None:
    """The door kept one connection, which went on to fetch all that came into the topic of the last picture."""
    for revision in (1, 2):
        harness.send(Topic.TICKETS_WORK, "k", encode_body(work(revision, Work.HELD)), partition=1)
    harness.flush()
    with Replayer(harness.settings) as replayer:
        replayer.send_back(letter(Topic.TICKETS_WORK, work(2, Work.HELD), 1), Repair(), now=NOW)
        assert replayer._reader.assignment() == []
        with pytest.raises(LetterReplaced):
            replayer.send_back(letter(Topic.TICKETS_WORK, work(1, Work.HELD), 0), Repair(), now=NOW)
        assert replayer._reader.assignment() == []


def test_a_picture_whose_replacement_may_have_expired_stays_dead(harness: StageHarness) -> None:
    """The end of the ticket was deleted by retention, so the old word counted as current and was believed."""
    for body in (work(1, Work.HELD), work(2, Work.NONE), work(3, Work.HELD, "t2")):
        harness.send(Topic.TICKETS_WORK, "k", encode_body(body), partition=1)
    harness.flush()
    place = TopicPartition(harness.settings.topic_prefix + Topic.TICKETS_WORK, 1)
    admin = KafkaAdminClient(**harness.settings.kafka_python_options())
    admin.delete_records({place: 2})
    admin.close()
    old, value = letter(Topic.TICKETS_WORK, work(1, Work.HELD), 0), encode_body(work(1, Work.HELD))
    with Replayer(harness.settings) as replayer:
        with pytest.raises(
            LetterReplaced, match=r"deleted offsets 1 to 1 of tickets\.work\[1\].*--value FILE"
        ):
            replayer.send_back(old, Repair(), now=NOW)
        assert replayer.send_back(old, Repair(value=value), now=NOW).replayed.replayed_to_offset == 3
        just_before = letter(Topic.TICKETS_WORK, work(2, Work.NONE), 1)
        assert replayer.send_back(just_before, Repair(), now=NOW).replayed.replayed_to_offset == 4
