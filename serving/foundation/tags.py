"""Names of answers by what they are known by, so that whoever has one already is not sent it again."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

KnownBy = Literal["position", "ages", "ages and models", "models", "version"]
"""What an answer follows from: the snapshot's position alone; that and the time, as it shows spans up to now; these
and the folder of models; that folder alone; or nothing but the version of Ticketyard.
"""

KNOWN_BY: Final = "known_by"
"""The name in a handler's `opt` that says what its answers are known by; without it they have no tag."""

OF_MODELS: Final[frozenset[KnownBy]] = frozenset({"ages and models", "models"})
"""What changes where a file of the folder of models does."""

OF_NO_SNAPSHOT: Final[frozenset[KnownBy]] = frozenset({"models", "version"})
"""What stays as it is wherever the log goes on."""

_OF_TIME: Final[frozenset[KnownBy]] = frozenset({"ages", "ages and models"})

SLOT_S: Final = 10
"""An answer that shows spans of time is another one after so many seconds, although nothing has happened."""

POSITION: Final = "x-ticketyard-position"


def position_header(position: str, *, complete: bool) -> dict[str, str]:
    """Return the header by which an answer says which snapshot it was read from, and whether that was complete."""
    return {POSITION: f"{position}{'' if complete else '-partial'}"}


def entity_tag(position: str, asked: Iterable[str], known_by: KnownBy, now: datetime) -> str:
    """Return the weak tag of an answer to what was `asked`.

    Weak, as watermark and freshness say when the answer was made and are left out.
    """
    slot = int(now.timestamp() // SLOT_S) if known_by in _OF_TIME else 0
    named = "\n".join((position, str(slot), *asked)).encode()
    return f'W/"{hashlib.blake2b(named, digest_size=12).hexdigest()}"'


def has_tag(if_none_match: str, tag: str) -> bool:
    """Return whether a header If-None-Match names the tag."""
    return tag in (one.strip() for one in if_none_match.split(","))
