"""What lies in the folder of models, and which of it decides: read anew each time, as others write there."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from schemas.errors import PipelineError
from serving.foundation.errors import ModelUnusable, NotFound
from understanding.manifest.manifest import CARD_FOLDER, CARD_HTML, CARD_MARKDOWN, MANIFEST
from understanding.manifest.pointer import CURRENT, CurrentModel, read_current
from understanding.manifest.releases import (
    ANNOUNCED_NAME,
    RELEASES,
    Kind,
    Release,
    champion_before,
    champion_of,
    read_releases,
)
from understanding.manifest.stored import ModelSummary, StoredBundle, stored_bundles, summaries


class StoredModel(ModelSummary, frozen=True, kw_only=True):
    """One stored model with what it is used for, and whether it has a card."""

    card: bool


class ModelRelease(msgspec.Struct, frozen=True, kw_only=True):
    """One change of what decides: when, what, by whom if they said so, and why; `version` decides from then on."""

    number: int
    decided_at: datetime
    kind: Kind
    version: str
    reason: str
    by: str | None


class ModelOnTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A model beside the current one, and its share of the tickets."""

    version: str
    share: float


class ModelsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The models of this home, and which of them decides, is tried, or comes back by a rollback.

    `release` is the number of the newest change, 0 before the first. Without a `champion` none was published: then the
    model that set-up made decides, `first`, if there is one. `changes` are the newest first.
    """

    release: int
    champion: str | None
    first: str | None
    previous: str | None
    shadow: ModelOnTrial | None
    canary: ModelOnTrial | None
    models: list[StoredModel]
    changes: list[ModelRelease]
    ok: bool = True


def read_models(models: Path, first_models: Path, *, most_changes: int = 100) -> ModelsAnswer:
    """Return what the folders hold, the newest model first. Raises ModelUnusable where a file of theirs is damaged."""
    try:
        releases = read_releases(models)
        champion, first = champion_of(models, releases), read_current(first_models)
        stored = stored_bundles(models)
    except (PipelineError, OSError) as error:
        raise ModelUnusable(str(error)) from error
    last = releases[-1] if releases else None
    before = champion_before(releases) if releases else None
    return ModelsAnswer(
        release=last.number if last else 0,
        champion=champion.version if champion else None,
        first=first.version if first else None,
        previous=before.model.version if before else None,
        shadow=_trial(last, "shadow"),
        canary=_trial(last, "canary"),
        models=_newest_first(stored, releases, champion),
        changes=[_change(release) for release in reversed(releases[-most_changes:])],
    )


def current_version(models: Path) -> str | None:
    """Return which version is to decide; None where none was published, or a damaged file hides it."""
    try:
        champion = champion_of(models, read_releases(models))
    except (PipelineError, OSError):
        return None
    return champion.version if champion else None


def models_mark(models: Path, first_models: Path) -> str:
    """Return what differs wherever a file does that `read_models` or `card_file` reads; it looks into none."""
    about = [(str(file), *_written(file)) for file in _read_files(models, first_models)]
    return hashlib.blake2b(msgspec.json.encode(about), digest_size=8).hexdigest()


def card_file(models: Path, first_models: Path, version: str, name: str) -> Path:
    """Return a file of the card of a stored model, or of the one of the first day. Raises NotFound or ModelUnusable.

    The version is looked for among those that there are: no path is made of what somebody sends.
    """
    folders = [bundle.folder for bundle in stored_bundles(models) if bundle.manifest.version == version]
    for folder in folders:
        if (file := folder / CARD_FOLDER / name).is_file():
            return file
    if (first := _first_folder(first_models, version)) is not None:
        folders.append(first)
    if not folders:
        raise NotFound(
            f"there is no model {version[:80]!r}; GET /v1/models/stored names those that there are"
        )
    if first is not None and (file := first / CARD_FOLDER / name).is_file():
        return file
    raise NotFound(f"model {version} has no card; `ticketyard models card {version}` writes one")


def _read_files(models: Path, first_models: Path) -> Iterator[Path]:
    yield from (models / CURRENT, models / ANNOUNCED_NAME, first_models / CURRENT)
    yield from sorted((models / RELEASES).glob("*.json"))
    folders = sorted(file.parent for file in models.glob(f"*/{MANIFEST}"))
    try:
        first = read_current(first_models)
    except (PipelineError, OSError):
        first = None  # `read_models` says what is wrong with it
    for folder in folders if first is None else (*folders, first.folder(first_models)):
        yield from (folder / MANIFEST, folder / CARD_FOLDER / CARD_HTML, folder / CARD_FOLDER / CARD_MARKDOWN)


def _written(file: Path) -> tuple[int, ...]:
    """Return when a file or its rights changed, its length and its number on the disk; nothing where it is missing."""
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _first_folder(first_models: Path, version: str) -> Path | None:
    """Return the folder of the model of the first day, if it is this one. Raises ModelUnusable."""
    try:
        first = read_current(first_models)
    except (PipelineError, OSError) as error:
        raise ModelUnusable(str(error)) from error
    return first.folder(first_models) if first is not None and first.version == version else None


def _newest_first(
    stored: Sequence[StoredBundle], releases: Sequence[Release], champion: CurrentModel | None
) -> list[StoredModel]:
    found = []
    for bundle, about in zip(stored, summaries(stored, releases), strict=True):
        marks = about.marks
        if champion is not None and champion.version == about.version and "champion" not in marks:
            marks = ("champion", *marks)  # by a pointer that no release has written
        known = {name: getattr(about, name) for name in about.__struct_fields__}
        card = (bundle.folder / CARD_FOLDER / CARD_HTML).is_file()
        found.append(StoredModel(**{**known, "marks": marks}, card=card))
    return found[::-1]


def _trial(release: Release | None, kind: str) -> ModelOnTrial | None:
    trial = getattr(release, kind, None)
    return None if trial is None else ModelOnTrial(version=trial.version, share=trial.share)


def _change(release: Release) -> ModelRelease:
    return ModelRelease(
        number=release.number,
        decided_at=release.decided_at,
        kind=release.kind,
        version=release.model.version,
        reason=release.reason,
        by=release.by,
    )
