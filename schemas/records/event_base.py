"""What every event is made of: its root, and the bounded words and numbers that its fields hold."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1, max_length=256)]
"""An identifier: not empty, 256 characters at most."""

MAX_TEAM_LENGTH: Final = 128
Team = Annotated[str, Meta(min_length=1, max_length=MAX_TEAM_LENGTH)]
Label = Annotated[str, Meta(max_length=256)]
"""A word for something, such as an intent or a product; every row of the ticket repeats it, so it is short."""

Header = Annotated[str, Meta(min_length=1, max_length=128)]
"""The name of a mail's header, in upper or lower case; its value is as the mail has it."""

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""An offset or a revision: a whole number as Kafka and the views can hold it."""

Moment = Annotated[datetime, Meta(tz=True)]
"""A point in time with its offset from UTC."""

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
"""A fraction from 0 to 1."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Root of every event body; the envelope around it carries id, type, source and time."""


class TicketEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An event about one ticket."""

    ticket_id: Id
