"""What a person does to the models on a page: promote one, or roll back; each counts once, with who and why.

Serving changes nothing itself. Whoever starts it hands it a `ModelChanges`, which does what `ticketyard models` does.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec
import structlog

from schemas.errors import PipelineError
from serving.acting.acts import EventId, Number
from serving.acting.desk import require_key
from serving.acting.meanwhile import Word
from serving.acting.once import Once
from serving.acting.sessions import Session
from serving.foundation.errors import ActRefused, ModelUnusable, OtherName
from serving.foundation.settings import ServingSettings
from understanding.manifest.releases import Release, is_announced, read_releases

_log = structlog.get_logger(__name__)


class ModelAct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act as a page sends it: `release` is the number of the newest change that the person saw.

    `over` names later changes that the person has read of and means to overrule. An act that comes again with its
    `id` counts once.
    """

    id: EventId
    act: Literal["promote", "rollback"]
    by: str
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    release: Number
    reason: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    over: tuple[str, ...] = ()


class ModelActed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an act: the number of the newest change; or, not done, what others have changed."""

    release: int
    meanwhile: list[Word] = []


class ModelChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change to make, once for each `act`, and only if release `after` is the newest."""

    kind: Literal["promote", "rollback"]
    version: str
    reason: str
    by: str
    act: str
    after: int


class ModelChanges(Protocol):
    """Makes a change of which model decides."""

    async def make(self, change: ModelChange) -> None:
        """Return once it is made and announced. Raises ActRefused, or ModelsAway where it is to be tried again."""


class NoModelChanges:
    """Of a server that was started without a way to change models."""

    async def make(self, change: ModelChange) -> None:
        """Raise ActRefused."""
        raise ActRefused(
            f"this server cannot {change.kind} a model: start it by `ticketyard serve`, with batch installed beside it"
        )


class ModelDesk:
    """Takes what people do to the models. Used from one thread, that of the event loop."""

    def __init__(self, settings: ServingSettings, changes: ModelChanges) -> None:
        self._settings = settings
        self._changes = changes
        self._turn = asyncio.Lock()
        self._once: Once[ModelActed] = Once("models.unchanged")

    async def take(self, act: ModelAct, session: Session) -> ModelActed:
        """Make a change, unless others have changed something meanwhile. Raises ServingError.

        It takes seconds, in which the caller may leave, or ask again: it is made once, to its end, after those before.
        """
        require_key(self._settings)
        if act.by != session.name:
            raise OtherName(f"{act.by} wrote this and you are {session.name}: sign in as {act.by} to send it")
        if not act.reason.strip() or "\0" in act.reason + act.version:
            raise ActRefused("say why: it stays in the history of the models")
        return await self._once.make(act.id, lambda: self._in_turn(act))

    async def _in_turn(self, act: ModelAct) -> ModelActed:
        async with self._turn:  # each change loads a bundle in a process of its own
            return await self._make(act)

    async def _make(self, act: ModelAct) -> ModelActed:
        models = self._settings.models_folder
        releases = await asyncio.to_thread(_read, models)
        done = [one for one in releases if one.act == act.id]
        if done and is_announced(models, done[-1]):
            return ModelActed(release=done[-1].number)
        if not done and (found := unseen(act, releases)):
            return ModelActed(release=releases[-1].number, meanwhile=found)
        try:
            await self._changes.make(_change(act, releases))
        except ActRefused:
            releases = await asyncio.to_thread(_read, models)
            if found := unseen(act, releases):
                return ModelActed(release=releases[-1].number, meanwhile=found)
            raise
        releases = await asyncio.to_thread(_read, models)
        _log.info("models.changed", kind=act.act, version=act.version, by=act.by, act=act.id)
        return ModelActed(release=releases[-1].number if releases else 0)


def unseen(act: ModelAct, releases: Iterable[Release]) -> list[Word]:
    """Return what others changed after what the person saw, and does not say to have read."""
    return [
        Word(
            event_id=one.id,
            by=one.by or one.kind,
            at=one.decided_at,
            about="model",
            value=one.model.version,
        )
        for one in releases
        if one.number > act.release and one.id not in act.over and one.by != act.by
    ]


def _change(act: ModelAct, releases: tuple[Release, ...]) -> ModelChange:
    return ModelChange(
        kind=act.act,
        version=act.version,
        reason=act.reason.strip(),
        by=act.by,
        act=act.id,
        after=releases[-1].number if releases else 0,
    )


def _read(models: Path) -> tuple[Release, ...]:
    try:
        return read_releases(models)
    except (PipelineError, OSError) as error:
        raise ModelUnusable(str(error)) from error
