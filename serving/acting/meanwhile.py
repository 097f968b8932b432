"""What others have said of a ticket since a person saw it: the later of two hears of the former before it is sent."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from schemas.vocabulary import AutomaticDecision
from serving.acting.acts import Act, subject_of
from serving.merge.answers import Snapshot
from serving.queries import read_query

_MOST_KEPT: Final = 10_000
_MOST_EVENTS: Final = 100
_TYPES: Final[Mapping[str, str]] = {
    "TicketTransferred": AutomaticDecision.TEAM,
    "TicketResolved": "status",
    "TicketClosed": "status",
    "TicketReopened": "status",
    "LabelCorrected": AutomaticDecision.INTENT,
}
"""What an event is about that says so by its type."""


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of one thing of a ticket; `value` is None where they took a decision back, or it has none."""

    event_id: str
    by: str
    at: datetime
    about: str
    value: str | None = None


class Recent:
    """The newest acts that went through this server: the log shows them only after a moment, and not each name."""

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[str, Word]] = OrderedDict()

    def note(self, ticket_id: str, word: Word) -> None:
        """Keep a word; the oldest goes where there are too many."""
        self._kept[word.event_id] = (ticket_id, word)
        self._kept.move_to_end(word.event_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, event_id: str) -> None:
        """Drop a word that was not sent."""
        self._kept.pop(event_id, None)

    def of(self, ticket_id: str) -> list[Word]:
        """Return what was said of a ticket, oldest first."""
        return [word for ticket, word in self._kept.values() if ticket == ticket_id]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What people said of a ticket by the log: words after the row that a person saw, ids of those before it."""

    after: list[Word]
    before: frozenset[str]


def told_in_log(snapshot: Snapshot, act: Act) -> Told:
    """Return what people said of the act's ticket, before and after what the person saw."""
    parameters = [act.life, act.revision, act.ticket_id]
    rows = snapshot.rows(read_query("acting/people_said"), parameters, most=_MOST_EVENTS).table.to_pylist()
    after = [word for row in rows if row["unseen"] for word in _words(row)]
    return Told(after=after, before=frozenset(row["event_id"] for row in rows if not row["unseen"]))


def contradicting(act: Act, told: Told, recent: Iterable[Word]) -> list[Word]:
    """Return the words of others about the same thing that the person has not seen, and does not say to have read.

    `recent` are those that went through this server, which the log may not have yet.
    """
    sent = {word.event_id: word for word in recent}
    found = {
        word.event_id: replace(word, by=sent[word.event_id].by) if word.event_id in sent else word
        for word in told.after
        if word.about == subject_of(act)
    }
    found |= {
        word.event_id: word
        for word in sent.values()
        if word.about == subject_of(act) and word.event_id not in told.before
    }
    return [word for word in found.values() if word.by != act.by and word.event_id not in act.over]


def _words(row: Mapping[str, Any]) -> Iterable[Word]:
    told = msgspec.json.decode(row["overrides"]) if row["overrides"] else []
    by_type = _TYPES.get(row["event_type"])
    if by_type and not any(one["decision"] == by_type for one in told):
        told = [*told, {"decision": by_type, "now": row["team"] if by_type == "team" else None}]
    for one in told:
        yield Word(
            event_id=row["event_id"],
            by=one.get("by") or row["said_by"],
            at=row["event_time"],
            about=one["decision"],
            value=one.get("now"),
        )
