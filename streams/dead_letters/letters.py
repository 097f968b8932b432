"""What tickets.dead holds: letters, notes of what was sent back since, and foreign records, which do no harm; pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from schemas.errors import Permanent
from schemas.records.derived import DeadLetterReplayed, RecordDied
from schemas.records.envelope import Envelope, EventDecoder, EventError, Headers, decode_envelope
from schemas.records.topics import Topic
from schemas.views.view_rows import decode_died

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
