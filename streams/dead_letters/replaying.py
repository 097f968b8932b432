"""Sends dead letters back to where they were read, repaired or unchanged, and notes that in tickets.dead."""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from confluent_kafka import KafkaError, KafkaException

from schemas.errors import Permanent, PipelineError, Transient
from schemas.records.derived import DeadLetterReplayed
from schemas.records.envelope import Envelope, Headers, encode_body, encode_headers
from schemas.records.identity import derived_id
from schemas.records.topics import Topic
from streams.broker.clients import idempotent_producer, reader
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.reading import for_good, letter_at
from streams.dead_letters.replaced_pictures import require_current
from streams.foundation.settings import StreamSettings

REPLAY_OF: Final = "ticketyard_replay_of"
"""The header of a record that was sent back; names its letter."""

SOURCE: Final = "ticketyard/dead"
_SEND_S: Final = 30.0


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """What to change before a record goes back: its whole value, single headers, headers to leave out."""

    value: bytes | None = None
    headers: Mapping[str, str] = {}
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.value is not None or bool(self.headers) or bool(self.without)


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends a letter back and why; `key` is the same where the same is asked for again, so it is noted once."""

    by: str | None = None
    reason: str | None = None
    key: str | None = None


_NO_WORD: Final = Word()


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent back, and where tickets.dead says so: the note's id, partition and offset."""

    replayed: DeadLetterReplayed
    note_id: str
    partition: int
    offset: int


def replayed_headers(letter: DeadLetter, repair: Repair) -> Headers:
    """Return the headers to send: the record's own in their order, repaired, and the letter's id."""
    gone = {*repair.headers, *repair.without, REPLAY_OF}
    kept = [(name, value or b"") for name, value in letter.about.headers if name not in gone]
    new = [(name, text.encode()) for name, text in repair.headers.items()]
    return [*kept, *new, (REPLAY_OF, letter.id.encode())]


class Replayer:
    """A connection that letters go back through. A context manager; blocking, used from one thread at a time."""

    def __init__(self, settings: StreamSettings) -> None:
        self._prefix = settings.topic_prefix
        waiting_s = min(settings.delivery_timeout_s, _SEND_S)
        self._producer = idempotent_producer(settings.model_copy(update={"delivery_timeout_s": waiting_s}))
        self._reader = reader(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of Kafka."""
        self._reader.close()

    def letter(self, letter_id: str, partition: int, offset: int) -> DeadLetter:
        """Return a letter whole, by its id and its place in tickets.dead. Raises LetterUnknown or BrokerFailed."""
        return letter_at(self._reader, self._prefix + Topic.TICKETS_DEAD, partition, offset, letter_id)

    def send_back(self, letter: DeadLetter, repair: Repair, *, now: datetime, word: Word = _NO_WORD) -> Sent:
        """Publish a letter again in its topic and partition, and then that this was done; return where it went.

        Awaits the broker both times. An event keeps its id, so sending it twice does no harm. Raises Permanent
        where it cannot go back (LetterReplaced where that could do harm), Transient where Kafka did not answer.
        """
        about = letter.about
        if about.topic not in set(Topic):
            raise Permanent(
                f"letter {letter.id} is from topic {about.topic}, which the pipeline does not have"
            )
        if about.value_sha256 is not None and repair.value is None:
            raise Permanent(
                f"letter {letter.id} holds the first {len(letter.value or b''):,} of {about.value_bytes:,} bytes; "
                "send a smaller event by `--value FILE`, or the original from where it is kept"
            )
        value = letter.value if repair.value is None else repair.value
        require_current(self._reader, self._prefix, letter, value, vouched=repair.value is not None)
        sent_to = self._send(
            Topic(about.topic),
            about.partition,
            key=about.key,
            value=value,
            headers=replayed_headers(letter, repair),
        )
        replayed = DeadLetterReplayed(
            letter_id=letter.id,
            stage=about.stage,
            topic=about.topic,
            topic_id=about.topic_id,
            partition=about.partition,
            offset=about.offset,
            replayed_to_offset=sent_to,
            repaired=bool(repair),
            by=word.by,
            reason=word.reason,
        )
        return self._note(letter, replayed, now, word.key)

    def _note(self, letter: DeadLetter, replayed: DeadLetterReplayed, now: datetime, key: str | None) -> Sent:
        """Say in tickets.dead that a letter was sent back, in the partition that the letter is in."""
        envelope = Envelope(
            id=note_id(letter.id, key or replayed.replayed_to_offset),
            type="DeadLetterReplayed",
            source=SOURCE,
            time=now,
            subject=letter.id,
        )
        offset = self._send(
            Topic.TICKETS_DEAD,
            letter.partition,
            key=letter.id.encode(),
            value=encode_body(replayed),
            headers=encode_headers(envelope),
        )
        return Sent(replayed=replayed, note_id=envelope.id, partition=letter.partition, offset=offset)

    def _send(
        self, topic: Topic, partition: int, *, key: bytes | None, value: bytes | None, headers: Headers
    ) -> int:
        """Return the offset that the broker has acknowledged."""
        name = self._prefix + topic
        heard: list[tuple[KafkaError | None, Any]] = []
        try:
            self._producer.produce(
                name,
                value=value,
                key=key,
                partition=partition,
                headers=list(headers),
                on_delivery=lambda failed, message: heard.append((failed, message)),
            )
        except KafkaException as error:
            raise _refusal(f"{name}[{partition}]", len(value or b""), error.args[0]) from error
        self._producer.flush(2 * _SEND_S)  # the producer itself gives up before
        failed, message = heard[0] if heard else (KafkaError(KafkaError.REQUEST_TIMED_OUT), None)
        if failed is not None or message is None:
            raise _refusal(f"{name}[{partition}]", len(value or b""), failed)
        return int(message.offset())


def note_id(letter_id: str, key: str | int) -> str:
    """Return the id of the note that a letter was sent back, as `key` asked for it or to that offset."""
    return derived_id(letter_id, key, "DeadLetterReplayed")


def _refusal(place: str, size: int, error: KafkaError | None) -> PipelineError:
    if error is not None and error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return Permanent(f"{size:,} bytes are more than {place} takes: {error}")
    never = None if error is None else for_good(place, error)
    return never or Transient(
        f"{place} did not acknowledge the record ({error}); replaying it again does no harm"
    )
