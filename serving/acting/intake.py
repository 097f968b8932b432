"""The way to the log: an event goes over HTTP to `stream intake`, which checks it and waits for Kafka."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from serving.acting.acts import Event
from serving.foundation.errors import ActRefused, IntakeAway, IntakeBusy, IntakeKeyRefused

SOURCE: Final = "ticketyard/pages"
"""The source of every event that a page sends."""

_PATIENCE_S: Final = 15.0
"""Longer than the door waits for Kafka, so that its own word is heard."""

_UNAUTHORIZED, _BUSY, _FIRST_OF_SERVER = 401, 429, 500
_AGAIN: Final = "nothing is lost: it is sent again with its id and counts once"


class Place(msgspec.Struct, frozen=True):
    """Where Kafka keeps an event."""

    partition: int
    offset: int


class Intake:
    """A client of the door, found by `url` or by the file in which a door of this home says where it listens."""

    def __init__(
        self, url: str, address_file: Path, key: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._address_file = address_file
        self._headers = {"authorization": f"Bearer {key}"} if key else {}
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def send(self, events: Sequence[Event]) -> list[Place]:
        """Send events, all or none; return where they lie once Kafka has acknowledged them.

        Raises IntakeAway, IntakeBusy, IntakeKeyRefused or ActRefused.
        """
        address = self._address()
        told = [{"specversion": "1.0", "source": SOURCE, **msgspec.structs.asdict(one)} for one in events]
        kind, body = ("", told[0]) if len(told) == 1 else ("-batch", told)
        headers = {"content-type": f"application/cloudevents{kind}+json"}
        if self._client is None:
            # Made in the loop that uses it; never by a proxy of the environment, which would learn the key.
            self._client = httpx.AsyncClient(
                timeout=_PATIENCE_S, trust_env=False, transport=self._transport, headers=self._headers
            )
        try:
            answer = await self._client.post(
                f"{address}/v1/events", content=msgspec.json.encode(body), headers=headers
            )
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise IntakeAway(f"the door for events at {address} does not answer ({why}); {_AGAIN}") from error
        return _places(answer)

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


def _places(answer: httpx.Response) -> list[Place]:
    """Return what the door says; raise what it refuses, in its own words."""
    if answer.is_success:
        said = answer.json()
        return [Place(one["partition"], one["offset"]) for one in said.get("events", [said])]
    message = _message(answer)
    if answer.status_code == _UNAUTHORIZED:
        raise IntakeKeyRefused(
            "the door for events does not take this server's key; start both with the same TICKETYARD_INTAKE_KEY"
        )
    if answer.status_code == _BUSY:
        raise IntakeBusy(message, int(answer.headers.get("retry-after", "1")))
    if answer.status_code >= _FIRST_OF_SERVER:
        raise IntakeAway(f"the door for events could not hand it on: {message}; {_AGAIN}")
    raise ActRefused(f"the door for events refuses it: {message}")


def _message(answer: httpx.Response) -> str:
    try:
        told: dict[str, Any] = answer.json()
        return str(told["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"  # something else listens there
