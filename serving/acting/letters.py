"""What people do to dead letters on a page: look at one, repair it, send it back, or all of a kind.

A letter that has been sent back is not sent again by an act of many. So an act of many that was cut off goes on where
it was, and of two people who send all of a kind each sends what the other has not. What is known is looked at again in
the turn of the letter, just before it is sent.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from weakref import WeakValueDictionary

import msgspec

from schemas.records.identity import derived_id
from serving.acting.acts import EventId
from serving.acting.desk import require_key
from serving.acting.intake import DeadLetter, Intake, LetterPlace, Place
from serving.acting.meanwhile import Word
from serving.acting.once import Once
from serving.acting.sessions import Session
from serving.assembly.service import Serving
from serving.foundation.errors import (
    ActRefused,
    IntakeAway,
    IntakeBusy,
    IntakeKeyRefused,
    NotFound,
    OtherName,
    ServingError,
)
from serving.merge.answers import Snapshot
from serving.queries import read_query

LONGEST_S: Final = 5.0
"""How long one request sends letters back; the page asks again for those that are left."""

IN_VAIN: Final = 10
"""Letters that one request tries in vain: then it is the door that is away, and not a letter that cannot go."""

_MOST: Final = 10_000
_REMEMBERED: Final = 10_000
SENT_BACK: Final = "replay"
"""What a word is about that says that a letter was sent back."""


class Repaired(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a letter shall say instead: its whole body, single headers."""

    value: str | None = None
    headers: dict[str, str] = {}


class Replay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act as a page sends it: a letter to send back, perhaps repaired, or all of a kind that wait.

    `before` is the moment of the page that the person saw: what died later is not meant. `over` names notes of others
    that the person has read of and means to repeat. An act that comes again with its `id` counts once.
    """

    id: EventId
    act: Literal["replay"]
    by: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
    before: Annotated[datetime, msgspec.Meta(tz=True)]
    letter_id: str | None = None
    repaired: Repaired | None = None
    stage: str | None = None
    error: str | None = None
    topic: str | None = None
    over: tuple[str, ...] = ()


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that was not sent back, and why."""

    letter_id: str
    message: str


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an act: notes that letters were sent back and where the records are; `left` are yet to be sent."""

    event_ids: list[str]
    places: list[Place]
    left: int = 0
    refused: list[Refusal] = []
    meanwhile: list[Word] = []


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that went back through this server; the views show it only after a moment."""

    word: Word
    place: Place


class _Course(msgspec.Struct):
    """What an act of many knows of its letters: which cannot go back, and which could not yet, the latest last."""

    refused: set[str] = msgspec.field(default_factory=set)
    later: dict[str, None] = msgspec.field(default_factory=dict)

    def put_last(self, letter_id: str) -> None:
        """Let a letter wait behind all others."""
        self.later.pop(letter_id, None)
        self.later[letter_id] = None


class LetterActs:
    """Takes what people do to letters. Used from one thread, that of the event loop."""

    def __init__(self, serving: Serving, intake: Intake, timer: Callable[[], float] = time.monotonic) -> None:
        self._serving = serving
        self._intake = intake
        self._timer = timer
        self._once: Once[Returned] = Once("letters.unsent")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._recent: OrderedDict[str, _Known] = OrderedDict()
        self._courses: OrderedDict[str, _Course] = OrderedDict()

    async def show(self, letter_id: str) -> DeadLetter:
        """Return a letter with the head of its record. Raises NotFound, and what the door raises."""
        return await self._intake.letter(await self._place(letter_id))

    async def check(self, letter_id: str, repaired: Repaired) -> None:
        """Raise ActRefused where a letter would die again with what it says now, NotFound where there is none.

        Raises SignInOff, too, and what the door raises.
        """
        require_key(self._serving.settings)
        await self._intake.check(await self._place(letter_id), _asked("-", "-", repaired))

    async def take(self, act: Replay, session: Session) -> Returned:
        """Send letters back, some of them where there are many. Raises ServingError.

        It takes seconds, in which the caller may leave, or ask again: an act is made once at a time.
        """
        require_key(self._serving.settings)
        if act.by != session.name:
            raise OtherName(f"{act.by} wrote this and you are {session.name}: sign in as {act.by} to send it")
        if not act.reason.strip():
            raise ActRefused("say why the letter may go back")
        letter_id = act.letter_id
        return await self._once.make(
            act.id, lambda: self._many(act) if letter_id is None else self._one(act, letter_id)
        )

    async def _one(self, act: Replay, letter_id: str) -> Returned:
        place = await self._place(letter_id)
        async with self._turn(letter_id):
            told = await self._serving.ask(
                lambda snapshot: snapshot.rows(
                    read_query("acting/letter_replays"), [letter_id]
                ).table.to_pylist()
            )
            own = note_of(letter_id, act.id)
            found = {row["event_id"]: _known(row) for row in told}
            recent = self._recent.get(letter_id)
            if recent is not None:
                found.setdefault(recent.word.event_id, recent)
            if own in found:
                return Returned(event_ids=[own], places=[found[own].place])
            others = [
                one.word
                for note, one in found.items()
                if one.word.by != act.by and one.word.at > act.before and note not in act.over
            ]
            if others:
                return Returned(event_ids=[], places=[], meanwhile=others)
            return Returned(event_ids=[own], places=[await self._send(act, place)])

    async def _many(self, act: Replay) -> Returned:
        if act.repaired is not None:
            raise ActRefused("a repair is of one letter; name it")
        course = self._course(act.id)
        wanted = await self._wanted(act, course)
        notes, places, refused, failed = [], [], [], list[ServingError]()
        tried, ends_at = 0, self._timer() + LONGEST_S
        for place in wanted:
            tried += 1
            try:
                where = await self._send_unless_sent(act, place)
            except (ActRefused, NotFound) as error:
                refused.append(Refusal(letter_id=place.letter_id, message=str(error)))
            except (IntakeAway, IntakeBusy, IntakeKeyRefused) as error:
                failed.append(error)
                course.put_last(place.letter_id)
            else:
                if where is not None:
                    notes.append(note_of(place.letter_id, act.id))
                    places.append(where)
            if len(failed) == IN_VAIN or self._timer() >= ends_at:
                break
        course.refused |= {one.letter_id for one in refused}
        if failed and not notes and not refused:
            raise failed[-1]
        left = len(wanted) - tried + len(failed)
        if not left:
            self._courses.pop(act.id, None)
        return Returned(event_ids=notes, places=places, left=left, refused=refused)

    async def _wanted(self, act: Replay, course: _Course) -> list[LetterPlace]:
        """Return the letters of an act that nobody has sent back, those last that it has tried in vain."""
        waiting = await self._serving.ask(lambda snapshot: _waiting(snapshot, act))
        fitting = [
            place
            for place in waiting
            if place.letter_id not in self._recent and place.letter_id not in course.refused
        ]
        order = {letter_id: number for number, letter_id in enumerate(course.later)}
        return sorted(fitting, key=lambda place: order.get(place.letter_id, -1))

    def _course(self, act_id: str) -> _Course:
        course = self._courses.setdefault(act_id, _Course())
        while len(self._courses) > _REMEMBERED:
            self._courses.popitem(last=False)
        return course

    def _turn(self, letter_id: str) -> asyncio.Lock:
        """Return what only one sending of a letter holds at a time."""
        return self._turns.setdefault(letter_id, asyncio.Lock())

    async def _send_unless_sent(self, act: Replay, place: LetterPlace) -> Place | None:
        """Send a letter, unless it went back while this one waited for its turn."""
        async with self._turn(place.letter_id):
            return None if place.letter_id in self._recent else await self._send(act, place)

    async def _send(self, act: Replay, place: LetterPlace) -> Place:
        sent = await self._intake.replay(place, _asked(act.by, act.reason.strip(), act.repaired), act.id)
        where = Place(sent.partition, sent.offset)
        word = Word(event_id=sent.note_id, by=act.by, at=self._serving.clock(), about=SENT_BACK)
        self._recent[place.letter_id] = _Known(word=word, place=where)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return where

    async def _place(self, letter_id: str) -> LetterPlace:
        return _place(await self._serving.ask(lambda snapshot: letter_row(snapshot, letter_id)))


def letter_row(snapshot: Snapshot, letter_id: str) -> dict[str, Any]:
    """Return the row of a letter. Raises NotFound."""
    rows = snapshot.rows(read_query("acting/letter"), [letter_id], most=1).table.to_pylist()
    if not rows:
        raise NotFound(f"there is no dead letter {letter_id[:80]!r}; the page Data lists them")
    found: dict[str, Any] = rows[0]
    return found


def note_of(letter_id: str, act_id: str) -> str:
    """Return the id of the note that an act sent a letter back, as the door makes it of the act's id."""
    return derived_id(letter_id, act_id, "DeadLetterReplayed")


def _waiting(snapshot: Snapshot, act: Replay) -> list[LetterPlace]:
    chosen = {"before": act.before, "stage": act.stage, "error": act.error, "topic": act.topic}
    rows = snapshot.rows(read_query("acting/letters_waiting"), chosen, most=_MOST).table.to_pylist()
    return [_place(row) for row in rows]


def _place(row: dict[str, Any]) -> LetterPlace:
    return LetterPlace(letter_id=row["letter_id"], partition=row["log_partition"], offset=row["log_offset"])


def _known(row: dict[str, Any]) -> _Known:
    by = row["replayed_by"] or "somebody by `ticketyard dead replay`"
    word = Word(event_id=row["event_id"], by=by, at=row["replayed_at"], about=SENT_BACK)
    return _Known(word=word, place=Place(row["source_partition"], row["replayed_to_offset"]))


def _asked(by: str, reason: str, repaired: Repaired | None) -> dict[str, Any]:
    changed = {} if repaired is None else msgspec.structs.asdict(repaired)
    return {"by": by, "reason": reason, **changed}
