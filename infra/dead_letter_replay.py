"""Sends dead letters back to where they were read, repaired or unchanged, and notes that in tickets.dead."""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from infra.dead_letters import DeadLetter
from infra.replaced_pictures import require_current
from schemas.errors import Permanent, Transient
from schemas.records.derived import DeadLetterReplayed
from schemas.records.envelope import Envelope, Headers, encode_body, encode_headers
from schemas.records.identity import derived_id
from schemas.records.topics import DERIVED_BYTES, Topic
from schemas.settings import CommonSettings

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


def replayed_headers(letter: DeadLetter, repair: Repair) -> Headers:
    """Return the headers to send: the record's own in their order, repaired, and the letter's id."""
    gone = {*repair.headers, *repair.without, REPLAY_OF}
    kept = [(name, value or b"") for name, value in letter.about.headers if name not in gone]
    new = [(name, text.encode()) for name, text in repair.headers.items()]
    return [*kept, *new, (REPLAY_OF, letter.id.encode())]


class Replayer:
    """A connection that letters go back through. A context manager."""

    def __init__(self, settings: CommonSettings) -> None:
        self._prefix = settings.topic_prefix
        self._client_options = settings.kafka_python_options()
        self._producer = KafkaProducer(
            **settings.kafka_python_options(),
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            max_request_size=DERIVED_BYTES,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._producer.close()

    def send_back(self, letter: DeadLetter, repair: Repair, *, now: datetime) -> DeadLetterReplayed:
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
        require_current(self._client_options, self._prefix, letter, value, vouched=repair.value is not None)
        sent = self._send(
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
            replayed_to_offset=sent.offset,
            repaired=bool(repair),
        )
        self._note(letter, replayed, now)
        return replayed

    def _note(self, letter: DeadLetter, replayed: DeadLetterReplayed, now: datetime) -> None:
        """Say in tickets.dead that a letter was sent back, in the partition that the letter is in."""
        envelope = Envelope(
            id=derived_id(letter.id, replayed.replayed_to_offset, "DeadLetterReplayed"),
            type="DeadLetterReplayed",
            source=SOURCE,
            time=now,
            subject=letter.id,
        )
        self._send(
            Topic.TICKETS_DEAD,
            letter.partition,
            key=letter.id.encode(),
            value=encode_body(replayed),
            headers=encode_headers(envelope),
        )

    def _send(
        self, topic: Topic, partition: int, *, key: bytes | None, value: bytes | None, headers: Headers
    ) -> Any:
        name = self._prefix + topic
        if key is None and value is None:  # the client refuses it
            raise Permanent("a record with neither key nor value cannot be sent back; give it one by --value")
        try:
            future = self._producer.send(name, value, key, list(headers), partition)
            return future.get(timeout=_SEND_S)
        except MessageSizeTooLargeError as error:
            size = len(value or b"")
            raise Permanent(f"{size:,} bytes are more than {name} takes: {error}") from error
        except (KafkaError, AssertionError) as error:  # kafka-python asserts that the partition exists
            raise Transient(
                f"{name}[{partition}] did not acknowledge the record ({error}); replaying it again does no harm"
            ) from error
