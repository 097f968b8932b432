"""What agents promised a customer: sentences of their replies with a phrase of the list, and which are still open."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Final

import msgspec
import yaml

from casework.summary.sentences import sentences_of
from casework.summary.story import Happening, Standing
from schemas.vocabulary import FINISHED

MOST: Final = 5


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence in which an agent said what will be done; `open` while nobody has written to the customer since."""

    at: datetime
    text: str
    by: str | None = None
    open: bool = False


def promises_of(ticket: Standing, story: Sequence[Happening]) -> tuple[Promise, ...]:
    """Return the newest promises, the oldest of them first."""
    replies = [happening for happening in story if happening.of_agent and happening.text]
    found = [
        Promise(
            at=reply.event_time,
            by=reply.author_id,
            text=sentence.text,
            open=reply is replies[-1] and ticket.status not in FINISHED,
        )
        for reply in replies
        for sentence in sentences_of(reply.text or "")
        if _phrases().search(sentence.text.casefold())
    ]
    return tuple(found[-MOST:])


@cache
def _phrases() -> re.Pattern[str]:
    text = resources.files("casework.summary").joinpath("promises.yaml").read_text(encoding="utf-8")
    listed: dict[str, list[str]] = yaml.safe_load(text)
    every = sorted({re.escape(phrase.casefold()) for phrases in listed.values() for phrase in phrases})
    return re.compile(rf"(?<!\w)(?:{'|'.join(every)})")
