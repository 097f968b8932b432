"""Records too large to be passed on: refused by what they are when decompressed, before anything is decoded.

Nothing that a step writes may exceed what its topic takes, or its partition would stop at it for ever.
"""

import hashlib
from typing import Final, Protocol

from msgspec.structs import replace

from schemas.records.derived import RecordDied
from schemas.records.envelope import EventError, Headers
from schemas.records.topics import DERIVED_BYTES
from streams.foundation.record import Record

LARGEST_OUTPUT_BYTES: Final = DERIVED_BYTES - 16 * 1024
"""The most of key, value and headers that a step may write as one record; Kafka and the outbox add a little."""

HEAD_BYTES: Final = 64 * 1024
"""How much of a value the dead letter of a record that is too large keeps; of headers and key, all or nothing."""


class EventTooLarge(EventError):  # noqa: N818 - named as it appears in dead letters
    """A record is larger than any that this topic may carry.

    Kafka's own limit counts what is sent: 9 MB that compress to 39 kB pass it, and no topic behind takes them.
    """


class OutputTooLarge(Exception):  # noqa: N818 - named as it appears in dead letters
    """What the logic wants to write fits into no topic; the record behind it dies alone (streams.steps.isolation)."""


class Carried(Protocol):
    """What has the parts of a Kafka record, whether it was read or is to be sent."""

    @property
    def key(self) -> bytes | None:
        """The key."""

    @property
    def value(self) -> bytes | None:
        """The body."""

    @property
    def headers(self) -> Headers:
        """The headers."""


def require_room(what: str, size: int) -> None:
    """Raise OutputTooLarge where an output of so many bytes cannot be written."""
    if size > LARGEST_OUTPUT_BYTES:
        raise OutputTooLarge(f"{what} would have {size:,} bytes, {LARGEST_OUTPUT_BYTES:,} are the most")


def require_size(record: Carried, largest: int) -> None:
    """Raise EventTooLarge where key, value and headers of a record have more than `largest` bytes."""
    size = len(record.key or b"") + len(record.value or b"") + size_of_headers(record.headers)
    if size > largest:
        raise EventTooLarge(
            f"the record has {size:,} bytes, {largest:,} are the most (TICKETYARD_LARGEST_EVENT_BYTES); "
            "send what it is about, and the rest by a link"
        )


def cut_letter(letter: RecordDied, record: Record) -> tuple[RecordDied, bytes]:
    """Return the letter of a record that is too large, and the head of its value.

    The letter says how long the value was and its sha256, so that the original is known again where it is kept.
    """
    value = record.value or b""
    cut = replace(
        letter,
        key=record.key if len(record.key or b"") <= HEAD_BYTES else None,
        headers=tuple(record.headers) if size_of_headers(record.headers) <= HEAD_BYTES else (),
        value_bytes=len(value),
        value_sha256=hashlib.sha256(value).hexdigest(),
    )
    return cut, value[:HEAD_BYTES]


def size_of_headers(headers: Headers) -> int:
    """Return how many bytes headers have."""
    return sum(len(name) + len(value or b"") for name, value in headers)
