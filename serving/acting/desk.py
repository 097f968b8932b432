"""Everything behind the doors by which people act: sessions, what was said meanwhile, the way to the log."""

import os
import secrets
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import msgspec

from process.http_names import is_loopback
from schemas.taxonomy import Taxonomy, load_taxonomy
from serving.acting.acts import Act, Event, events_of, subject_of
from serving.acting.choices import known_intents
from serving.acting.intake import Intake, Place
from serving.acting.meanwhile import Recent, Word, contradicting, told_in_log
from serving.acting.sessions import Session, Sessions
from serving.assembly.service import Serving
from serving.foundation.errors import OtherName, SignInOff
from serving.foundation.settings import ServingSettings

_SECRET_BYTES = 32


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an act: the ids of its events and where Kafka has them; or, unsent, what others have said."""

    event_ids: list[str]
    places: list[Place]
    meanwhile: list[Word]


class Desk:
    """Takes what people do. Used from one thread, that of the event loop."""

    def __init__(self, serving: Serving, intake: Intake | None = None) -> None:
        settings = serving.settings
        key = settings.intake_key.get_secret_value()
        self._serving = serving
        self._recent = Recent()
        self.intake = intake or Intake(settings.intake_url, settings.intake_address_file, key)
        self.sessions = Sessions(
            kept_secret(settings.session_secret_file), key, length=timedelta(hours=settings.session_hours)
        )

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The intents that people know, and whose they are; read when first needed."""
        return load_taxonomy(self._serving.settings.taxonomy)

    def sign_in(self, name: str, key: str) -> Session:
        """Begin a session. Raises SignInOff, NameRefused or WrongKey."""
        require_key(self._serving.settings)
        return self.sessions.begin(name, key, secrets.token_hex(16), self._serving.clock())

    async def take(self, act: Act, session: Session) -> Sent:
        """Send the events of an act, unless others have said something meanwhile. Raises ServingError."""
        if act.by != session.name:
            raise OtherName(f"{act.by} wrote this and you are {session.name}: sign in as {act.by} to send it")
        known, told = await self._serving.ask(
            lambda snapshot: (known_intents(snapshot, self.taxonomy), told_in_log(snapshot, act))
        )
        events = events_of(act, session.name, known)
        found = contradicting(act, told, self._recent.of(act.ticket_id))
        if found:
            return Sent(event_ids=[], places=[], meanwhile=found)
        # Noted before it is sent: of two acts at the same moment one must hear of the other.
        self._note(act, events, session.name)
        try:
            places = await self.intake.send(events)
        except BaseException:
            self._recent.forget(events[0].id)
            raise
        return Sent(event_ids=[event.id for event in events], places=places, meanwhile=[])

    def _note(self, act: Act, events: list[Event], name: str) -> None:
        word = Word(
            event_id=events[0].id,
            by=name,
            at=self._serving.clock(),
            about=subject_of(act),
            value=act.value or None,
        )
        self._recent.note(act.ticket_id, word)


def require_key(settings: ServingSettings) -> None:
    """Raise SignInOff where others than this machine could write, and no key keeps strangers out."""
    if not settings.intake_key.get_secret_value() and not is_loopback(settings.http_host):
        raise SignInOff(
            f"these pages listen on {settings.http_host} and have no key, so nobody may write: "
            "set TICKETYARD_INTAKE_KEY for serving and the door for events"
        )


def kept_secret(file: Path) -> bytes:
    """Return what is in `file`, made where there is none: sessions outlive the process. Only its owner can read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = file.read_bytes()
        if len(found) >= _SECRET_BYTES:
            return found
        file.unlink()  # a process died while it wrote it
        return kept_secret(file)
    with os.fdopen(opened, "wb") as new:
        made = secrets.token_bytes(_SECRET_BYTES)
        new.write(made)
    return made
