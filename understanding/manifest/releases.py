"""Which model decides, and which are tried beside it: an append-only history of small files, the newest one holds.

`<models>/releases/<number>.json` is made by whoever changes anything: the gate, or a person by `ticketyard models` or
on a page. It makes the change count; the pointer and the announcement follow from it (`batch.releases.effects`),
whoever wrote it and died. `<models>/announced.json` says up to which release that has been done. Batch alone writes
them (`batch.releases.releases`); pages read them too.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from schemas.records.derived import ModelPublished, ModelTrial
from schemas.records.identity import derived_id
from understanding.arrays.errors import ModelsDamaged
from understanding.manifest.pointer import CurrentModel, read_current

T = TypeVar("T")

RELEASES: Final = "releases"
ANNOUNCED_NAME: Final = "announced.json"

Kind = Literal["gate", "promote", "rollback", "shadow", "canary", "found"]
"""Who or what changed something; `found` is a pointer that was not written by any release."""


_MEND: Final = "restore it from a copy; deleting it would undo what it says, a rollback perhaps"


class Release(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole picture after one change, with when, what and why; `cause` is the id of the gate's verdict.

    `leaves` is the version that a person rolled back from, where the gate's winner came between. `by` is who that
    person is, `act` the id of what they did on a page, where they said so: one id is done once.
    """

    number: int
    decided_at: datetime
    kind: Kind
    reason: str
    model: CurrentModel
    accuracy: float
    taxonomy_version: str
    replaced_version: str | None = None
    shadow: ModelTrial | None = None
    canary: ModelTrial | None = None
    cause: str | None = None
    leaves: str | None = None
    by: str | None = None
    act: str | None = None

    @property
    def id(self) -> str:
        """The id of the release, and of the event that announces it."""
        return derived_id("release", self.number, self.model.version, self.decided_at.isoformat())

    def event(self) -> ModelPublished:
        """Return what is announced to the workers."""
        what = f"{self.kind} by {self.by}" if self.by else self.kind
        return ModelPublished(
            version=self.model.version,
            uri=self.model.uri,
            sha256=self.model.sha256,
            accuracy=self.accuracy,
            taxonomy_version=self.taxonomy_version,
            replaced_version=self.replaced_version,
            reason=f"{what}: {self.reason}",
            shadow=self.shadow,
            canary=self.canary,
        )


class Announced(msgspec.Struct, frozen=True):
    """Up to which release all that follows has been done, by its id."""

    release: str = ""


def read_releases(models: Path) -> tuple[Release, ...]:
    """Return the history, oldest first. Raises ModelsDamaged where a file of it cannot be read."""
    paths = sorted((models / RELEASES).glob("*.json"))
    found = [read_record(path, Release, mend=_MEND) for path in paths]
    return tuple(release for release in found if release is not None)


def is_announced(models: Path, release: Release) -> bool:
    """Tell whether all that follows from a release has been done."""
    found = read_record(models / ANNOUNCED_NAME, Announced)
    return found is not None and found.release == release.id


def champion_of(models: Path, releases: Sequence[Release]) -> CurrentModel | None:
    """Return the model that is to decide: the newest release's where its pointer is yet to be written."""
    if releases and not is_announced(models, releases[-1]):
        return releases[-1].model
    return read_current(models)


def barred_versions(releases: Sequence[Release]) -> dict[str, Release]:
    """Return the versions that were rolled back, each with the release that did.

    The gate does not publish them again, whatever the test says, until a person promotes one by hand.
    """
    barred: dict[str, Release] = {}
    before: Release | None = None
    for release in releases:
        if release.kind == "rollback" and before is not None and before.model != release.model:
            barred[before.model.version] = release
            if release.leaves is not None:
                barred[release.leaves] = release
        if release.kind in ("rollback", "promote"):
            barred.pop(release.model.version, None)
        before = release
    return barred


def champion_before(releases: Sequence[Release]) -> Release | None:
    """Return the last release of another model than the current one that was not itself rolled back."""
    barred = barred_versions(releases)
    for release in reversed(releases):
        if release.model.version != releases[-1].model.version and release.model.version not in barred:
            return release
    return None


def last_rollback(releases: Sequence[Release]) -> Release | None:
    """Return the rollback that still stands: no model was promoted by hand after it."""
    for release in reversed(releases):
        if release.kind == "rollback":
            return release
        if release.kind == "promote":
            return None
    return None


def read_record(path: Path, kind: type[T], *, mend: str = "delete it and train again") -> T | None:
    """Return what a file of the models folder records, None where it is missing. Raises ModelsDamaged, with `mend`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise ModelsDamaged(f"{path} cannot be read ({error}): {mend}") from error
