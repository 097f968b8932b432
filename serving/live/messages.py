"""What events of the live doors say, as JSON."""

import msgspec


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that changed, or all rows of a picture; `gone` are ids of tickets that changed and do not pass the filters.

    Where `complete` is false, `reasons` say what the snapshot that they were read in lacked.
    """

    rows: list[msgspec.Raw]
    complete: bool
    reasons: tuple[str, ...]
    gone: list[str] = []


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """Something changed after the id `after` that this server does not have any more: read the list at `door` again."""

    after: str
    door: str
    message: str
