"""Everything behind the doors by which people act: sessions, what was said meanwhile, the way to the log."""

import os
import secrets
import tempfile
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import msgspec

from process.http_names import is_loopback
from schemas.taxonomy import Taxonomy, load_taxonomy
from serving.acting.acts import Act, Event, events_of, with_team
from serving.acting.attempts import Attempts
from serving.acting.choices import known_intents, team_of
from serving.acting.intake import Intake, Place
from serving.acting.meanwhile import Recent, Told, Word, contradicting, places_in_log, told_in_log, words_of
from serving.acting.sessions import Session, Sessions
from serving.assembly.service import Serving
from serving.foundation.errors import OtherName, SignInOff, WrongKey
from serving.foundation.settings import ServingSettings
from serving.merge.answers import Snapshot
from serving.queries import read_query

_SECRET_BYTES = 32


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an act: the ids of its events and where Kafka has them; or, unsent, what others have said.

    The place of an event that came a second time can be that in tickets.log.
    """

    event_ids: list[str]
    places: list[Place]
    meanwhile: list[Word]


class _Seen(msgspec.Struct, frozen=True):
    """What an act comes to by one snapshot: its events, what people said, where tickets.log has them already."""

    act: Act
    events: list[Event]
    told: Told
    places: dict[str, Place]


class Desk:
    """Takes what people do. Used from one thread, that of the event loop."""

    def __init__(self, serving: Serving, intake: Intake | None = None) -> None:
        settings = serving.settings
        key = settings.intake_key.get_secret_value()
        self._serving = serving
        self._recent = Recent()
        self._attempts = Attempts()
        self.intake = intake or Intake(settings.intake_url, settings.intake_address_file, key)
        self.sessions = Sessions(
            kept_secret(settings.session_secret_file), key, length=timedelta(hours=settings.session_hours)
        )

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The intents that people know, and whose they are; read when first needed."""
        return load_taxonomy(self._serving.settings.taxonomy)

    def sign_in(self, name: str, key: str, address: str) -> Session:
        """Begin a session for somebody at `address`. Raises SignInOff, NameRefused, WrongKey or TooManyKeys."""
        require_key(self._serving.settings)
        now = self._serving.clock()
        self._attempts.require_room(address, now)
        try:
            return self.sessions.begin(name, key, secrets.token_hex(16), now)
        except WrongKey:
            self._attempts.note(address, now)
            raise

    async def take(self, act: Act, session: Session) -> Sent:
        """Send the events of an act, unless others have said something meanwhile. Raises ServingError.

        An act that came before is not held up by what others have said since: its answer was lost, and it counts.
        """
        require_key(self._serving.settings)
        if act.by != session.name:
            raise OtherName(f"{act.by} wrote this and you are {session.name}: sign in as {act.by} to send it")
        seen = await self._serving.ask(lambda snapshot: self._see(snapshot, act))
        ids = [event.id for event in seen.events]
        known = [seen.places.get(one) or self._recent.place_of(one) for one in ids]
        places = [place for place in known if place is not None]
        if len(places) == len(ids):
            return Sent(event_ids=ids, places=places, meanwhile=[])
        if ids[0] not in seen.places and ids[0] not in self._recent:
            found = contradicting(seen.act, seen.told, self._recent.of(act.ticket_id))
            if found:
                return Sent(event_ids=[], places=[], meanwhile=found)
        return Sent(event_ids=ids, places=await self._send(seen), meanwhile=[])

    def _see(self, snapshot: Snapshot, act: Act) -> _Seen:
        tickets = snapshot.rows(read_query("acting/team"), [act.ticket_id]).table.to_pylist()
        owner = team_of(self.taxonomy, (act.value or "").strip())
        whole = with_team(act, owner, tickets[0]["team"] if tickets else None)
        events = events_of(whole, act.by, known_intents(snapshot, self.taxonomy))
        return _Seen(whole, events, told_in_log(snapshot, act), places_in_log(snapshot, act, events))

    async def _send(self, seen: _Seen) -> list[Place]:
        # Noted before it is sent: of two acts at the same moment one must hear of the other.
        for word in words_of(seen.act, seen.events, self._serving.clock()):
            self._recent.note(seen.act.ticket_id, word)
        try:
            places = await self.intake.send(seen.events)
        except Exception:  # not where the caller has left: the door has it, most likely
            for event in seen.events:
                self._recent.forget(event.id)
            raise
        for event, place in zip(seen.events, places, strict=True):
            self._recent.acknowledge(event.id, place)
        return places


def require_key(settings: ServingSettings) -> None:
    """Raise SignInOff where others than this machine could write, and no key keeps strangers out."""
    if not settings.intake_key.get_secret_value() and not is_loopback(settings.http_host):
        raise SignInOff(
            f"these pages listen on {settings.http_host} and have no key, so nobody may write: "
            "set TICKETYARD_INTAKE_KEY for serving and the door for events"
        )


def kept_secret(file: Path) -> bytes:
    """Return what is in `file`, made where there is none: sessions outlive the process. Only its owner can read it.

    Of two processes that start together, one makes it and both have the same.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and len(found := file.read_bytes()) >= _SECRET_BYTES:
        return found
    opened, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # for its owner's eyes
    with os.fdopen(opened, "wb") as new:
        new.write(secrets.token_bytes(_SECRET_BYTES))
    try:
        if file.exists() and file.stat().st_size < _SECRET_BYTES:
            Path(name).replace(file)  # a former version died while it wrote it
        else:
            os.link(name, file)
    except FileExistsError:
        pass  # another process was first
    finally:
        Path(name).unlink(missing_ok=True)
    return file.read_bytes()
