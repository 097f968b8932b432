"""The way to the log: an event goes over HTTP to `stream intake`, which checks it and waits for Kafka."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from serving.acting.acts import Event
from serving.foundation.errors import (
    ActRefused,
    IntakeAway,
    IntakeBusy,
    IntakeKeyRefused,
    NotFound,
    ServingError,
)

SOURCE: Final = "ticketyard/pages"
"""The source of every event that a page sends."""

_PATIENCE_S: Final = 15.0
"""Longer than the door takes by default to answer, of letters too, so that its own word is heard."""

_RETRY_S: Final = 1
_LONGEST_WAIT: Final = 6  # digits
_UNAUTHORIZED, _UNKNOWN, _BUSY, _FIRST_OF_SERVER = 401, 404, 429, 500
_JSON: Final = {"content-type": "application/json"}
_AGAIN: Final = "nothing is lost: it is sent again with its id and counts once"


class Place(msgspec.Struct, frozen=True):
    """Where Kafka keeps an event."""

    partition: int
    offset: int


class LetterPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter, and where tickets.dead has it."""

    letter_id: str
    partition: int
    offset: int

    def path(self, end: str = "") -> str:
        """Return its path at the door."""
        return f"/v1/dead-letters/{quote(self.letter_id, safe='')}{end}?partition={self.partition}&offset={self.offset}"


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter as the door tells it; `value` is the beginning alone where not `whole`, escaped where no text."""

    letter_id: str
    arrived_at: datetime
    key: str | None
    headers: list[tuple[str, str | None]]
    value: str | None
    value_bytes: int | None
    is_text: bool
    whole: bool


class LetterSent(msgspec.Struct, frozen=True, kw_only=True):
    """Where the record of a letter is now, and the id of the note in tickets.dead that says so."""

    partition: int
    offset: int
    note_id: str


T = TypeVar("T")


class Intake:
    """A client of the door, found by `url` or by the file in which a door of this home says where it listens."""

    def __init__(
        self, url: str, address_file: Path, key: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._address_file = address_file
        self._headers = {b"authorization": f"Bearer {key}".encode()} if key else {}
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def send(self, events: Sequence[Event]) -> list[Place]:
        """Send events; return where they lie once Kafka has acknowledged them.

        The door checks all before it sends any, so it refuses all or none. Kafka takes them one by one: where it fails
        between two, IntakeAway is raised although it has the first, and all are to be sent again with their ids.
        Raises IntakeAway, IntakeBusy, IntakeKeyRefused or ActRefused.
        """
        told = [{"specversion": "1.0", "source": SOURCE, **msgspec.structs.asdict(one)} for one in events]
        kind, body = ("", told[0]) if len(told) == 1 else ("-batch", told)
        headers = {"content-type": f"application/cloudevents{kind}+json"}
        return _places(await self._ask("POST", "/v1/events", body, headers), len(told))

    async def letter(self, place: LetterPlace) -> DeadLetter:
        """Return a dead letter with the head of its record. Raises NotFound, and what `send` raises."""
        return _read(await self._ask("GET", place.path(), None, {}), DeadLetter)

    async def check(self, place: LetterPlace, asked: Mapping[str, Any]) -> None:
        """Raise ActRefused where a letter would die again as it is asked for; raises what `send` raises, too."""
        _read(await self._ask("POST", place.path("/check"), asked, _JSON), dict)

    async def replay(self, place: LetterPlace, asked: Mapping[str, Any], key: str) -> LetterSent:
        """Send a letter back, once for each key. Raises ActRefused where it cannot go, and what `send` raises."""
        headers = {**_JSON, "idempotency-key": key}
        return _read(await self._ask("POST", place.path("/replay"), asked, headers), LetterSent)

    async def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> httpx.Response:
        """Return the door's answer, whatever it is. Raises IntakeAway."""
        address = self._address()
        if self._client is None:
            # Made in the loop that uses it; never by a proxy of the environment, which would learn the key.
            self._client = httpx.AsyncClient(
                timeout=_PATIENCE_S, trust_env=False, transport=self._transport, headers=self._headers
            )
        content = None if body is None else msgspec.json.encode(body)
        try:
            return await self._client.request(
                method, f"{address}{path}", content=content, headers=dict(headers)
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise IntakeAway(f"the door for events at {address} does not answer ({why}); {_AGAIN}") from error

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.aclose()

    def _address(self) -> str:
        if self._url:
            return self._url
        try:
            return str(json.loads(self._address_file.read_text(encoding="utf-8"))["url"])
        except FileNotFoundError as error:
            raise IntakeAway(
                "no door for events runs here: start `ticketyard stream intake`, or name one in "
                f"TICKETYARD_INTAKE_URL; {_AGAIN}"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise IntakeAway(
                f"{self._address_file} does not say where the door for events listens; start it again; {_AGAIN}"
            ) from error


class _Several(msgspec.Struct, frozen=True):
    events: list[Place]


def _read(answer: httpx.Response, kind: type[T]) -> T:
    """Return what the door says of a letter; raise what it refuses, NotFound where it has none."""
    if answer.is_success:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _stranger(answer) from error
    if answer.status_code == _UNKNOWN:
        raise NotFound(_message(answer))
    raise _refusal(answer)


def _places(answer: httpx.Response, count: int) -> list[Place]:
    """Return where `count` events lie by what the door says; raise what it refuses, in its own words."""
    if not answer.is_success:
        raise _refusal(answer)
    found = _told_places(answer, count)
    if len(found) != count:
        raise _stranger(answer)
    return found


def _stranger(answer: httpx.Response) -> IntakeAway:
    return IntakeAway(
        f"what answers at {answer.url} is not the door for events; check TICKETYARD_INTAKE_URL; {_AGAIN}"
    )


def _refusal(answer: httpx.Response) -> ServingError:
    """Return what the door refuses, in its own words."""
    message = _message(answer)
    if answer.status_code == _UNAUTHORIZED:
        return IntakeKeyRefused(
            "the door for events does not take this server's key; start both with the same TICKETYARD_INTAKE_KEY"
        )
    if answer.status_code == _BUSY:
        told = answer.headers.get("retry-after", "")  # something in between may say it as a date
        return IntakeBusy(message, int(told) if told.isdecimal() and len(told) < _LONGEST_WAIT else _RETRY_S)
    if answer.status_code >= _FIRST_OF_SERVER:
        return IntakeAway(f"the door for events could not hand it on: {message}; {_AGAIN}")
    return ActRefused(f"the door for events refuses it: {message}")


def _told_places(answer: httpx.Response, count: int) -> list[Place]:
    try:
        if count == 1:
            return [msgspec.json.decode(answer.content, type=Place)]
        return msgspec.json.decode(answer.content, type=_Several).events
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []


def _message(answer: httpx.Response) -> str:
    try:
        told: dict[str, Any] = answer.json()
        return str(told["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"  # something else listens there
