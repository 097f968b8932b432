"""Whether a repaired record fits the contract, as the stage that reads it would ask; pure."""

from datetime import datetime
from typing import Final

import msgspec

from schemas.records.derived import DERIVED_EVENTS
from schemas.records.envelope import EventDecoder, Headers, InvalidBody, decode_envelope
from schemas.records.events import EXTERNAL_EVENTS
from schemas.records.topics import OPEN_TO_PRODUCERS, address
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.replaying import Repair, replayed_headers
from streams.foundation.checked_event import checked_event

_FROM_OUTSIDE: Final = EventDecoder(EXTERNAL_EVENTS)
_ANY: Final = EventDecoder({**EXTERNAL_EVENTS, **DERIVED_EVENTS})


class _Sent(msgspec.Struct, frozen=True):
    key: bytes | None
    value: bytes | None
    headers: Headers


def require_contract(letter: DeadLetter, repair: Repair, *, latest: datetime, largest: int) -> None:
    """Raise EventError where a letter, repaired so, would die again by what it says.

    `latest` is the latest time that an event may have, `largest` how many bytes a record from outside may have.
    """
    value = letter.value if repair.value is None else repair.value
    record = _Sent(letter.about.key, value, replayed_headers(letter, repair))
    if letter.about.topic not in OPEN_TO_PRODUCERS:
        _ANY.decode(decode_envelope(record.headers), value)
        return
    envelope, body = checked_event(record, _FROM_OUTSIDE, latest=latest, largest=largest)
    found = address(body)
    if found is None or found[0] != letter.about.topic:
        raise InvalidBody(f"{envelope.type} {envelope.id} does not belong into {letter.about.topic}")
