"""What alerts of all types have in common, read without knowing the type."""

from typing import Final

import msgspec

from schemas.records.envelope import InvalidBody
from schemas.vocabulary import Priority


class AlertFields(msgspec.Struct, frozen=True, kw_only=True):
    """What any alert may say; one about no ticket lacks most of it."""

    ticket_id: str | None = None
    team: str | None = None
    priority: Priority | None = None
    assignee: str | None = None
    customer_id: str | None = None


_FIELDS: Final = msgspec.json.Decoder(AlertFields)


def alert_fields(value: bytes | None) -> AlertFields:
    """Decode what all alerts have in common, also of a type that is not known here. Raises InvalidBody."""
    try:
        return _FIELDS.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"an alert: {error}") from error
