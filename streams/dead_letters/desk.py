"""Letters for those who look at them over HTTP: one connection to Kafka, made when it is first needed."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec

from schemas.errors import Transient
from streams.dead_letters.contract import require_contract
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.replaying import Repair, Replayer, Sent, Word
from streams.foundation.checked_event import horizon
from streams.foundation.errors import BrokerFailed
from streams.foundation.settings import StreamSettings

HEAD_BYTES: Final = 64 * 1024
"""So much of a record is shown; `ticketyard dead show --save` has all."""

LAST_PARTITION: Final = 2**31 - 1
LAST_OFFSET: Final = 2**63 - 1
"""Kafka can count so far, and its client takes no larger number."""

_REMEMBERED: Final = 10_000
T = TypeVar("T")


class LetterPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A letter's id, and its partition and offset in tickets.dead, as the view dead_letters names them."""

    letter_id: str
    partition: int
    offset: int


class LetterShown(msgspec.Struct, frozen=True, kw_only=True):
    """One letter for people: why and where its record died, and the record.

    `value` is text where the record is (`is_text`); else it has escapes for what is none. It is the beginning alone
    where `whole` is false. `value_bytes` is how long the record's value was; None where it had none.
    """

    letter_id: str
    stage: str
    error: str
    message: str
    topic: str
    partition: int
    offset: int
    arrived_at: datetime
    died_at: datetime
    key: str | None
    headers: list[tuple[str, str | None]]
    value: str | None
    value_bytes: int | None
    is_text: bool
    whole: bool


class ReplayAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who sends a letter back, why, and what is changed before: the whole value, headers, headers to leave out."""

    by: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
    value: str | None = None
    headers: dict[str, str] = {}
    without: tuple[str, ...] = ()

    def repair(self) -> Repair:
        """Return what is changed."""
        value = None if self.value is None else self.value.encode()
        return Repair(value=value, headers=self.headers, without=self.without)


class LetterFits(msgspec.Struct, frozen=True, kw_only=True):
    """A letter, repaired so, would not die again by what it says."""

    ok: bool = True


class LetterReplayed(msgspec.Struct, frozen=True, kw_only=True):
    """Where the record is now, and the id and place of the note in tickets.dead that says so."""

    letter_id: str
    topic: str
    partition: int
    offset: int
    note_id: str
    note_partition: int
    note_offset: int
    ok: bool = True


class LetterDesk:
    """Shows letters and sends them back, one after another. Used from one thread, that of the event loop.

    Whoever asks is answered within `intake_timeout_s`. What has begun by then goes on, and what is asked for next waits
    until it has ended: then it is known what became of it.
    """

    def __init__(
        self,
        settings: StreamSettings,
        *,
        connect: Callable[[StreamSettings], Replayer] = Replayer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._connect = connect
        self._clock = clock
        self._replayer: Replayer | None = None
        self._turn = asyncio.Lock()
        self._known: OrderedDict[tuple[str, str], LetterReplayed] = OrderedDict()

    async def show(self, place: LetterPlace) -> LetterShown:
        """Return a letter. Raises LetterUnknown, or Transient where Kafka does not answer."""
        return shown(await self._use(lambda replayer: _letter(replayer, place)))

    async def check(self, place: LetterPlace, asked: ReplayAsked) -> LetterFits:
        """Raise EventError where a letter would die again with what is asked for, LetterUnknown where there is none."""
        self._require_fit(await self._use(lambda replayer: _letter(replayer, place)), asked)
        return LetterFits()

    async def replay(self, place: LetterPlace, asked: ReplayAsked, key: str | None) -> LetterReplayed:
        """Send a letter back, once for each `key` that is remembered. What is repaired must fit the contract.

        Raises EventError, LetterUnknown, LetterReplaced or another Permanent where it cannot go back, Transient where
        Kafka does not answer.
        """

        def send(replayer: Replayer) -> LetterReplayed:
            known = self._known.get((place.letter_id, key)) if key else None
            if known is not None:
                return known
            letter = _letter(replayer, place)
            if asked.repair():
                self._require_fit(letter, asked)
            word = Word(by=asked.by, reason=asked.reason, key=key)
            told = _told(replayer.send_back(letter, asked.repair(), now=self._clock(), word=word))
            if key:
                self._known[place.letter_id, key] = told
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
            return told

        return await self._use(send)

    async def close(self) -> None:
        """Let go of Kafka."""
        async with self._turn:
            self._let_go()

    async def _use(self, work: Callable[[Replayer], T]) -> T:
        """Work with the connection on a thread, alone until it has ended, also where nobody waits any more."""
        limit_s = self._settings.intake_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                await self._turn.acquire()
                working = asyncio.get_running_loop().run_in_executor(None, self._worked, work)
                working.add_done_callback(self._ended)
                return await asyncio.shield(working)
        except TimeoutError as error:
            raise BrokerFailed(
                f"Kafka did not answer within {limit_s:g} s, or other letters came first; ask again, with the same "
                "idempotency-key"
            ) from error

    def _ended(self, working: "asyncio.Future[Any]") -> None:
        self._turn.release()
        working.exception()  # nobody may be left to hear of it

    def _worked(self, work: Callable[[Replayer], T]) -> T:
        """Work with the connection; one that failed is made anew the next time."""
        try:
            return work(self._connected())
        except Transient:
            self._let_go()
            raise

    def _connected(self) -> Replayer:
        if self._replayer is None:
            patience_s = self._settings.intake_timeout_s
            self._replayer = self._connect(
                self._settings.model_copy(update={"delivery_timeout_s": patience_s})
            )
        return self._replayer

    def _let_go(self) -> None:
        if self._replayer is not None:
            self._replayer.close()
            self._replayer = None

    def _require_fit(self, letter: DeadLetter, asked: ReplayAsked) -> None:
        settings = self._settings
        latest = horizon(self._clock(), settings.future_skew_s)
        require_contract(letter, asked.repair(), latest=latest, largest=settings.largest_event_bytes)


def shown(letter: DeadLetter) -> LetterShown:
    """Return a letter as people see it."""
    about, value = letter.about, letter.value
    whole_bytes = about.value_bytes if about.value_bytes is not None else value and len(value)
    text, is_text = _text(value)
    return LetterShown(
        letter_id=letter.id,
        stage=about.stage,
        error=about.error,
        message=about.message,
        topic=about.topic,
        partition=about.partition,
        offset=about.offset,
        arrived_at=datetime.fromtimestamp(about.timestamp_ms / 1000, UTC),
        died_at=letter.died_at,
        key=_text(about.key)[0],
        headers=[(name, _text(one)[0]) for name, one in about.headers],
        value=text,
        value_bytes=None if value is None else whole_bytes or 0,
        is_text=is_text,
        whole=about.value_sha256 is None and len(value or b"") <= HEAD_BYTES,
    )


def _text(value: bytes | None) -> tuple[str | None, bool]:
    """Return the head of bytes as text, and whether they are text."""
    if value is None:
        return None, True
    head = value[:HEAD_BYTES]
    cut = head.decode(errors="ignore") if len(head) < len(value) else None  # it may cut a character in two
    try:
        value.decode()
    except UnicodeDecodeError:
        return head.decode(errors="backslashreplace"), False
    return (head.decode() if cut is None else cut), True


def _letter(replayer: Replayer, place: LetterPlace) -> DeadLetter:
    return replayer.letter(place.letter_id, place.partition, place.offset)


def _told(sent: Sent) -> LetterReplayed:
    about = sent.replayed
    return LetterReplayed(
        letter_id=about.letter_id,
        topic=about.topic,
        partition=about.partition,
        offset=about.replayed_to_offset,
        note_id=sent.note_id,
        note_partition=sent.partition,
        note_offset=sent.offset,
    )
