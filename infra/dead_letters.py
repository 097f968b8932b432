"""Reads tickets.dead: the letters, notes of what was sent back since, and foreign records, which do no harm."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import stamina
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, RetriableError

from schemas.errors import Permanent, Transient
from schemas.records.derived import DeadLetterReplayed, RecordDied
from schemas.records.envelope import Envelope, EventDecoder, EventError, Headers, decode_envelope
from schemas.records.topics import DERIVED_BYTES, Topic
from schemas.settings import CommonSettings
from schemas.views.view_rows import decode_died
from serving.tail.lenient_records import read_leniently

_POLL_MS: Final = 500
_PATIENCE_S: Final = 30.0
"""A busy broker that its controller has missed for a moment names no broker at all, itself among them."""

_REPLAYED: Final = EventDecoder({"DeadLetterReplayed": DeadLetterReplayed})


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A record that no stage could handle, whole, with why and where it died; `id` names it in commands."""

    id: str
    about: RecordDied
    died_at: datetime
    partition: int  # of tickets.dead
    value: bytes | None  # None where the record had none


class LetterReplay(msgspec.Struct, frozen=True, kw_only=True):
    """Word that a letter was sent back, and when."""

    about: DeadLetterReplayed
    at: datetime


class ForeignRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record of tickets.dead that is neither; `place` names it, `error` says why."""

    place: str
    error: str


Found = DeadLetter | LetterReplay | ForeignRecord


class LetterFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which letters are wanted; None is any. `ids` are ids or their beginnings."""

    stage: str | None = None
    error: str | None = None
    topic: str | None = None
    since: datetime | None = None
    ids: tuple[str, ...] = ()

    def takes(self, letter: DeadLetter) -> bool:
        """Tell whether a letter is among them."""
        about = letter.about
        return (
            self.stage in (None, about.stage)
            and self.error in (None, about.error)
            and self.topic in (None, about.topic)
            and (self.since is None or letter.died_at >= self.since)
            and (not self.ids or letter.id.startswith(self.ids))
        )


class Letters(msgspec.Struct, kw_only=True):
    """Chosen letters by id without their values and headers, what was sent back, and how many strangers there are."""

    letters: dict[str, DeadLetter]
    replays: dict[str, LetterReplay]
    strangers: list[ForeignRecord]

    def newest_first(self, *, pending: bool = False) -> list[DeadLetter]:
        """Return the letters, or those that were not sent back."""
        chosen = [letter for letter in self.letters.values() if not (pending and letter.id in self.replays)]
        return sorted(chosen, key=lambda letter: (letter.died_at, letter.id), reverse=True)


def survey(found: Iterable[Found], wanted: LetterFilter) -> Letters:
    """Go through tickets.dead once and keep what a list needs; repeated letters count once."""
    letters = Letters(letters={}, replays={}, strangers=[])
    for record in found:
        if isinstance(record, ForeignRecord):
            letters.strangers.append(record)
        elif isinstance(record, LetterReplay):
            letters.replays[record.about.letter_id] = record
        elif wanted.takes(record):
            letters.letters.setdefault(record.id, _light(record))
    return letters


def _light(letter: DeadLetter) -> DeadLetter:
    about = msgspec.structs.replace(letter.about, headers=(), key=None)
    return msgspec.structs.replace(letter, about=about, value=b"")


def what_is(partition: int, offset: int, timestamp_ms: int, headers: Headers, value: bytes | None) -> Found:
    """Return what a record of tickets.dead is; whatever it holds, this never raises."""
    at = datetime.fromtimestamp(max(0, timestamp_ms) / 1000, UTC)
    try:
        envelope = decode_envelope(headers)
        if envelope.type == "DeadLetterReplayed":
            return LetterReplay(about=_replayed(envelope, value), at=at)
        about = decode_died(headers)
    except EventError as error:
        place = f"{Topic.TICKETS_DEAD}[{partition}]@{offset}"
        return ForeignRecord(place=place, error=f"{type(error).__name__}: {error}")
    whole = None if about.value_is_null else value or b""
    return DeadLetter(id=envelope.id, about=about, died_at=at, partition=partition, value=whole)


def _replayed(envelope: Envelope, value: bytes | None) -> DeadLetterReplayed:
    body = _REPLAYED.decode(envelope, value)
    assert isinstance(body, DeadLetterReplayed)  # the decoder knows no other type
    return body


def read_dead_letters(settings: CommonSettings, *, since: datetime | None = None) -> Iterator[Found]:
    """Yield every record of tickets.dead from `since`, or from the beginning, to the present end.

    Of one partition in order. Raises Permanent where the topic does not exist, Transient where Kafka does not tell.
    """
    read_leniently()
    name = settings.topic_prefix + Topic.TICKETS_DEAD
    consumer = KafkaConsumer(
        **settings.kafka_python_options(), enable_auto_commit=False, max_partition_fetch_bytes=DERIVED_BYTES
    )
    try:
        partitions = [TopicPartition(name, number) for number in partitions_of(consumer, name)]
        if not partitions:
            raise Permanent(f"topic {name} does not exist; create it with `ticketyard topics create`")
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        _seek(consumer, partitions, ends, since)
        yield from _read(consumer, ends)
    finally:
        consumer.close()


def partitions_of(consumer: Any, topic: str) -> set[int]:
    """Return the numbers of a topic's partitions, none where there is no such topic; waits for a busy broker."""
    try:
        for attempt in stamina.retry_context(on=RetriableError, attempts=None, timeout=_PATIENCE_S):
            with attempt:
                return set(consumer.partitions_for_topic(topic) or ())
    except KafkaError as error:
        raise Transient(
            f"Kafka does not tell of topic {topic} ({type(error).__name__}): see `ticketyard doctor`"
        ) from error
    raise AssertionError("stamina either returns or raises")


def _seek(consumer: Any, partitions: list[Any], ends: dict[Any, int], since: datetime | None) -> None:
    if since is None:
        consumer.seek_to_beginning(*partitions)
        return
    milliseconds = max(0, int(since.timestamp() * 1000))
    found = consumer.offsets_for_times(dict.fromkeys(partitions, milliseconds))
    for partition in partitions:
        first = found[partition]
        consumer.seek(partition, ends[partition] if first is None else first.offset)


def _read(consumer: Any, ends: dict[Any, int]) -> Iterator[Found]:
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for records in consumer.poll(timeout_ms=_POLL_MS).values():
            for record in records:
                yield what_is(record.partition, record.offset, record.timestamp, record.headers, record.value)


def one_id(letters: Letters, wanted: str) -> str:
    """Return the one letter's id that begins with `wanted`. Raises Permanent where there is none, or more."""
    found = (
        [wanted] if wanted in letters.letters else [id_ for id_ in letters.letters if id_.startswith(wanted)]
    )
    if not found:
        raise Permanent(f"there is no letter {wanted}; `ticketyard dead list` names them")
    if len(found) > 1:
        raise Permanent(f"{len(found)} letters begin with {wanted}; write more of the id")
    return found[0]


def whole_letters(found: Iterable[Found], ids: Iterable[str]) -> Iterator[DeadLetter]:
    """Yield the letters with these ids, each once, with their values: all at once would be too much to keep."""
    missing = set(ids)
    for record in found:
        if isinstance(record, DeadLetter) and record.id in missing:
            missing.discard(record.id)
            yield record
