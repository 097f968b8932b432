"""What the door does with letters: shows them, checks repairs by the contract, sends each back once."""

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from msgspec.structs import replace

from schemas.errors import Transient
from schemas.records.derived import DeadLetterReplayed, RecordDied
from schemas.records.envelope import (
    Envelope,
    EventError,
    InvalidBody,
    NotAnEvent,
    UnknownEventType,
    encode_headers,
)
from schemas.records.topics import Topic
from streams.dead_letters.desk import HEAD_BYTES, LetterDesk, LetterPlace, LetterReplayed, ReplayAsked, shown
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.reading import LetterUnknown
from streams.dead_letters.replaying import Repair, Replayer, Sent, Word, note_id
from streams.foundation.checked_event import EventFromTheFuture
from streams.foundation.errors import BrokerFailed
from streams.foundation.settings import StreamSettings
from streams.foundation.size_limit import EventTooLarge
from tests.contract.event_samples import sample
from tests.patience import PATIENCE_S

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLACE = LetterPlace(letter_id="d1", partition=0, offset=3)
BROKEN = {"ticket_id": "T", "channel": "email", "text": "x"}


def letter(value: bytes | None = json.dumps(BROKEN).encode(), **about: Any) -> DeadLetter:
    envelope = Envelope(id="e1", type="TicketOpened", source="shop", time=NOW)
    died = RecordDied(
        stage="triage", error="InvalidBody", message="m", topic=Topic.TICKETS_EVENTS, topic_id="id", partition=1,
        offset=5, timestamp_ms=0, key=b"T", headers=tuple(encode_headers(envelope)),
    )  # fmt: skip
    return DeadLetter(id="d1", about=replace(died, **about), died_at=NOW, partition=0, value=value)


class Kafka:
    """What the desk needs of a Replayer, without Kafka; `failures` come first. It sends once it is let go on."""

    def __init__(self, found: DeadLetter, failures: list[Exception]) -> None:
        self.found, self.failures = found, failures
        self.sent: list[tuple[Repair, Word]] = []
        self.closed = 0
        self.sending, self.goes_on = threading.Event(), threading.Event()
        self.goes_on.set()

    def letter(self, letter_id: str, partition: int, offset: int) -> DeadLetter:
        """Return the letter."""
        if (letter_id, partition, offset) != ("d1", 0, 3):
            raise LetterUnknown("none")
        return self.found

    def send_back(self, letter: DeadLetter, repair: Repair, *, now: datetime, word: Word) -> Sent:
        """Keep what was sent."""
        self.sending.set()
        assert self.goes_on.wait(PATIENCE_S)
        if self.failures:
            raise self.failures.pop()
        self.sent.append((repair, word))
        about = letter.about
        replayed = DeadLetterReplayed(
            letter_id=letter.id, stage=about.stage, topic=about.topic, topic_id=about.topic_id,
            partition=about.partition, offset=about.offset, replayed_to_offset=8,
        )  # fmt: skip
        return Sent(replayed=replayed, note_id=note_id(letter.id, word.key or 8), partition=0, offset=4)

    def close(self) -> None:
        """Count."""
        self.closed += 1


def desk_of(found: DeadLetter, *failures: Exception, **settings: Any) -> tuple[LetterDesk, Kafka]:
    kafka = Kafka(found, list(failures))
    connect = cast("Callable[[StreamSettings], Replayer]", lambda _: kafka)
    return LetterDesk(
        StreamSettings(bootstrap_servers="nowhere:1", **settings), connect=connect, clock=lambda: NOW
    ), kafka


def asked(**changes: Any) -> ReplayAsked:
    return ReplayAsked(by="Ann", reason="why", **changes)


def test_a_letter_is_sent_once_for_each_key() -> None:
    """Who lost the answer asks again with the same key; another key is another wish."""
    desk, kafka = desk_of(letter())
    first = asyncio.run(desk.replay(PLACE, asked(), "act-1"))
    assert asyncio.run(desk.replay(PLACE, asked(), "act-1")) == first
    assert (first.topic, first.partition, first.offset, first.note_id) == (
        "tickets.events",
        1,
        8,
        note_id("d1", "act-1"),
    )
    asyncio.run(desk.replay(PLACE, asked(), "act-2"))
    asyncio.run(desk.replay(PLACE, asked(), None))
    assert [word for _, word in kafka.sent] == [
        Word(by="Ann", reason="why", key="act-1"),
        Word(by="Ann", reason="why", key="act-2"),
        Word(by="Ann", reason="why", key=None),
    ]


def test_two_requests_at_the_same_time_send_a_letter_once() -> None:
    """The second asked what is known before the first was through, waited for its turn, and sent the letter again."""
    desk, kafka = desk_of(letter())
    kafka.goes_on.clear()

    async def both() -> list[LetterReplayed]:
        asking = [asyncio.create_task(desk.replay(PLACE, asked(), "act-1")) for _ in range(2)]
        await asyncio.to_thread(kafka.sending.wait, PATIENCE_S)
        kafka.goes_on.set()
        return await asyncio.gather(*asking)

    first, second = asyncio.run(both())
    assert first == second
    assert len(kafka.sent) == 1


@pytest.mark.parametrize("failures", [(), (Transient("no word"),)])
def test_who_gives_up_leaves_the_work_to_its_end(failures: tuple[Exception, ...]) -> None:
    """The turn was free while the thread still worked, so the next used the same connection beside it."""
    desk, kafka = desk_of(letter(), *failures)
    kafka.goes_on.clear()

    async def given_up() -> None:
        first = asyncio.create_task(desk.replay(PLACE, asked(), "act-1"))
        await asyncio.to_thread(kafka.sending.wait, PATIENCE_S)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        kafka.sending.clear()
        again = asyncio.create_task(desk.replay(PLACE, asked(), "act-1"))
        look = asyncio.create_task(desk.show(PLACE))
        await asyncio.sleep(0)  # both have begun
        assert not kafka.sending.is_set()
        kafka.goes_on.set()
        await asyncio.gather(again, look)

    asyncio.run(given_up())
    assert len(kafka.sent) == 1


def test_whoever_asks_is_answered_in_time_and_may_ask_again() -> None:
    """Pages gave up after 15 s while the door waited for a minute and more; the letter was then sent twice."""
    desk, kafka = desk_of(letter(), intake_timeout_s=0.05)
    kafka.goes_on.clear()

    async def slow() -> LetterReplayed:
        for _ in range(2):
            with pytest.raises(BrokerFailed, match="ask again, with the same idempotency-key"):
                await desk.replay(PLACE, asked(), "act-1")
        kafka.goes_on.set()
        while True:
            with suppress(BrokerFailed):
                return await desk.replay(PLACE, asked(), "act-1")

    assert asyncio.run(slow()).offset == 8
    assert len(kafka.sent) == 1


def test_what_is_repaired_must_fit_and_what_is_not_goes_as_it_is() -> None:
    """The stage may have been mended; whoever edits has no such excuse."""
    desk, kafka = desk_of(letter())
    with pytest.raises(InvalidBody, match="customer_id"):
        asyncio.run(desk.replay(PLACE, asked(value=json.dumps(BROKEN | {"more": 1})), "a"))
    assert kafka.sent == []
    asyncio.run(desk.replay(PLACE, asked(), "b"))
    asyncio.run(desk.replay(PLACE, asked(value=json.dumps(sample("TicketOpened"))), "c"))
    assert [bool(repair) for repair, _ in kafka.sent] == [False, True]


@pytest.mark.parametrize(
    ("found", "changes", "error"),
    [
        (letter(), {"value": "{"}, InvalidBody),
        (letter(), {"headers": {"ce_type": "TicketEaten"}}, EventError),
        (
            letter(),
            {"headers": {"ce_type": "AgentUpdated"}, "value": json.dumps(sample("AgentUpdated"))},
            UnknownEventType,
        ),
        (
            letter(),
            {"headers": {"ce_time": "2031-01-01T00:00:00Z"}, "value": json.dumps(sample("TicketOpened"))},
            EventFromTheFuture,
        ),
        (letter(), {"value": '"' + "x" * 3_000_000 + '"'}, EventTooLarge),
        (letter(), {"without": ("ce_id",), "value": json.dumps(sample("TicketOpened"))}, NotAnEvent),
        (
            letter(topic=Topic.TICKETS_ENRICHED),
            {"value": "{}", "headers": {"ce_type": "TicketTriaged"}},
            InvalidBody,
        ),
    ],
)
def test_what_would_die_again_is_refused(
    found: DeadLetter, changes: dict[str, Any], error: type[Exception]
) -> None:
    desk, _ = desk_of(found)
    with pytest.raises(error):
        asyncio.run(desk.check(PLACE, asked(**changes)))


def test_another_place_has_no_such_letter() -> None:
    """A topic that was created again has another letter there."""
    desk, _ = desk_of(letter())
    with pytest.raises(LetterUnknown):
        asyncio.run(desk.show(LetterPlace(letter_id="d1", partition=0, offset=4)))


def test_after_a_failure_the_connection_is_made_anew() -> None:
    """A producer that has failed for good would fail for ever."""
    desk, kafka = desk_of(letter(), Transient("no word"))
    with pytest.raises(Transient):
        asyncio.run(desk.replay(PLACE, asked(), "a"))
    assert kafka.closed == 1
    asyncio.run(desk.replay(PLACE, asked(), "a"))
    asyncio.run(desk.close())
    assert kafka.closed == 2


@pytest.mark.parametrize(
    ("value", "text", "is_text", "whole"),
    [
        (b'{"a": 1}', '{"a": 1}', True, True),
        (None, None, True, True),
        (b"", "", True, True),
        (b"\xff{", "\\xff{", False, True),
        ("é".encode() * HEAD_BYTES, "é" * (HEAD_BYTES // 2), True, False),
        (b"a" + "é".encode() * HEAD_BYTES, "a" + "é" * (HEAD_BYTES // 2 - 1), True, False),
    ],
)
def test_a_record_is_shown_as_far_as_people_can_read(
    value: bytes | None, text: str | None, is_text: bool, whole: bool
) -> None:
    found = shown(letter(value))
    assert (found.value, found.is_text, found.whole) == (text, is_text, whole)
    assert found.value_bytes == (None if value is None else len(value))


def test_the_head_of_a_record_that_was_too_large_is_no_whole() -> None:
    found = shown(letter(b"{", value_bytes=9_000_000, value_sha256="s"))
    assert (found.value_bytes, found.whole) == (9_000_000, False)
