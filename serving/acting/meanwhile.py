"""What others have said of a ticket since a person saw it: the later of two hears of the former before it is sent."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from schemas.vocabulary import AutomaticDecision
from serving.acting.acts import Act, Event, subjects_of
from serving.acting.intake import Place
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

_UPDATED: Final = ("intent", "priority", "team", "assignee", "status")
"""What a TicketUpdated may change that the rows of events show."""


_SENT: Final[Mapping[str, tuple[str | None, str]]] = {
    "LabelCorrected": (AutomaticDecision.INTENT, "intent"),
    "TicketTransferred": (AutomaticDecision.TEAM, "team"),
    "TicketUpdated": (AutomaticDecision.ASSIGNEE, "assignee"),
    "TicketResolved": ("status", "status"),
    "DecisionOverridden": (None, "now"),
}
"""What each event of an act is about (None: its decision), and the field that holds what it says of that."""


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of one thing of a ticket; `value` is None where they took a decision back, or it has none."""

    event_id: str
    by: str
    at: datetime
    about: str
    value: str | None = None


class _Noted(msgspec.Struct, frozen=True):
    ticket_id: str
    word: Word
    place: Place | None = None


class Recent:
    """The newest acts that went through this server: the log shows them only after a moment, and not each name."""

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[str, _Noted] = OrderedDict()

    def __contains__(self, event_id: str) -> bool:
        """Tell whether an event is on its way, or Kafka has it."""
        return event_id in self._kept

    def note(self, ticket_id: str, word: Word) -> None:
        """Keep a word; the oldest goes where there are too many."""
        self._kept[word.event_id] = _Noted(ticket_id, word)
        self._kept.move_to_end(word.event_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def acknowledge(self, event_id: str, place: Place) -> None:
        """Keep where Kafka has an event."""
        noted = self._kept.get(event_id)
        if noted is not None:
            self._kept[event_id] = replace(noted, place=place)

    def place_of(self, event_id: str) -> Place | None:
        """Return where Kafka has an event; None where it has not acknowledged it, or that is too long ago."""
        noted = self._kept.get(event_id)
        return None if noted is None else noted.place

    def forget(self, event_id: str) -> None:
        """Drop a word that was not sent."""
        self._kept.pop(event_id, None)

    def of(self, ticket_id: str) -> list[Word]:
        """Return what was said of a ticket, oldest first."""
        return [noted.word for noted in self._kept.values() if noted.ticket_id == ticket_id]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What people said of a ticket by the log: words after the row that a person saw, ids of those before it."""

    after: list[Word]
    before: frozenset[str]


def words_of(act: Act, events: Iterable[Event], at: datetime) -> list[Word]:
    """Return a word for each event of an act: a correction that moves the ticket says two things."""
    found = []
    for event in events:
        about, field = _SENT[event.type]
        found.append(
            Word(
                event_id=event.id,
                by=act.by,
                at=at,
                about=about or str(act.decision),
                value=event.data.get(field),
            )
        )
    return found


def places_in_log(snapshot: Snapshot, act: Act, events: Iterable[Event]) -> dict[str, Place]:
    """Return where tickets.log has those of an act's events that it has."""
    found = {}
    for event in events:
        for row in snapshot.rows(
            read_query("acting/logged_event"), [act.ticket_id, event.id]
        ).table.to_pylist():
            found[event.id] = Place(row["log_partition"], row["log_offset"])
    return found


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
    sent, subjects = {word.event_id: word for word in recent}, subjects_of(act)
    found = {
        word.event_id: replace(word, by=sent[word.event_id].by) if word.event_id in sent else word
        for word in told.after
        if word.about in subjects
    }
    found |= {
        word.event_id: word
        for word in sent.values()
        if word.about in subjects and word.event_id not in told.before
    }
    return [word for word in found.values() if word.by != act.by and word.event_id not in act.over]


def _words(row: Mapping[str, Any]) -> Iterable[Word]:
    told = {
        one["decision"]: one for one in (msgspec.json.decode(row["overrides"]) if row["overrides"] else [])
    }
    for about, value in _changes(row):
        told.setdefault(about, {"decision": about, "now": value})
    for one in told.values():
        yield Word(
            event_id=row["event_id"],
            by=one.get("by") or row["said_by"],
            at=row["event_time"],
            about=one["decision"],
            value=one.get("now"),
        )


def _changes(row: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield what an event changed; no override tells it where people or another system had decided before."""
    by_type = _TYPES.get(row["event_type"])
    if by_type:
        yield by_type, row["team"] if by_type == "team" else None
    if row["event_type"] == "TicketUpdated":
        yield from ((name, row.get(name)) for name in _UPDATED if row[f"new_{name}"])
    elif row["event_type"] == "TicketTransferred" and row["new_assignee"] and row["assignee"]:
        yield AutomaticDecision.ASSIGNEE, row["assignee"]
