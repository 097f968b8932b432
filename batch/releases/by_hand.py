"""What a person does to the models in use: promote, roll back, try one beside the current; each with a reason.

Every act first finishes what an interrupted one has left, then writes a release, then does what follows from it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from batch.foundation.errors import ModelsChanged, ModelUnknown
from batch.foundation.reporting import Report
from batch.releases.bundles import checked_pointer, figures_of
from batch.releases.effects import follow
from batch.releases.models_lock import models_locked
from batch.releases.releases import append_release
from schemas.records.derived import ModelTrial
from understanding.bundle.registry import check_published
from understanding.manifest.pointer import CurrentModel
from understanding.manifest.releases import (
    Release,
    champion_before,
    is_announced,
    last_rollback,
    read_releases,
)

TrialKind = Literal["shadow", "canary"]


class ModelsInUse(NamedTuple):
    """The models folder, and the topic by which workers hear what is decided here."""

    models: Path
    client_options: Mapping[str, Any]
    prefix: str
    progress: Report


class StatedReason(NamedTuple):
    """A person's reason, when, and who they are, where they say so.

    What has the id `act` counts once. Where the newest release is not the one numbered `after`, which the person saw,
    nothing is done.
    """

    reason: str
    now: datetime
    by: str | None = None
    act: str | None = None
    after: int | None = None


def promote_version(home: ModelsInUse, version: str, why: StatedReason) -> Release:
    """Make a stored version the current one, and end trials; where it is current already, nothing changes.

    Raises ModelUnknown, BundleError where it is damaged, or ModelsChanged, with everything as it was.
    """
    pointer = checked_pointer(home.models, version)
    with _changing(home, "models promote", why) as (releases, _):
        if (done := _done(releases, why)) is not None:
            return done
        if releases and releases[-1].model == pointer and last_rollback(releases) is None:
            return releases[-1]
        return _release(home, releases, _champion(home, releases, "promote", pointer, why))


def roll_back(home: ModelsInUse, to: str | None, why: StatedReason) -> Release:
    """Go back to the champion before the current one, or to an earlier one by its version, and end trials.

    The version that is left is barred: from then on only a person publishes it. A rollback that was interrupted is
    finished, not done a second time. Raises ModelUnknown, BundleError where the target is damaged, or ModelsChanged.
    """
    with _changing(home, "models rollback", why) as (releases, before):
        if (done := _done(releases, why)) is not None:
            return done
        if to is None and before.interrupted and releases[-1].kind == "rollback":
            return releases[-1]
        # What a person leaves is what they saw, not a winner of the gate that was only just released.
        seen = releases[: before.releases] or releases
        pointer = _target(seen, to)
        if releases[-1].model == pointer:
            return releases[-1]
        check_published(pointer, home.models)  # it has been loaded before, and a rollback is urgent
        champion = _champion(home, releases, "rollback", pointer, why)
        left = seen[-1].model.version
        return _release(home, releases, msgspec.structs.replace(champion, leaves=left))


def try_beside(home: ModelsInUse, kind: TrialKind, version: str, share: float, why: StatedReason) -> Release:
    """Let a stored version score (shadow) or decide (canary) a share of the tickets, 0 < share <= 1.

    It takes the place of an earlier one of its kind; a larger share keeps the tickets of a smaller. Raises
    ModelUnknown where there is no such version or it is the current one, BundleError where it is damaged.
    """
    pointer = checked_pointer(
        home.models, version
    )  # loads it: seconds, for which nobody should be locked out
    trial = ModelTrial(
        version=version, uri=pointer.uri, sha256=pointer.sha256, share=share, salt=f"{kind}/{version}"
    )
    with _changing(home, f"models {kind}", why) as (releases, _):
        last = _last(releases)
        if last.model.version == version:
            raise ModelUnknown(f"{version} is the current model: there is nothing to compare it with")
        check_published(pointer, home.models)  # a training may have removed it since
        return _release(home, releases, _beside(last, kind, trial, why))


def end_trial(home: ModelsInUse, kind: TrialKind, why: StatedReason) -> Release:
    """End the shadow or canary; where there is none, nothing changes."""
    with _changing(home, f"models {kind}", why) as (releases, _):
        last = _last(releases)
        if getattr(last, kind) is None:
            return last
        return _release(home, releases, _beside(last, kind, None, why))


class _Before(NamedTuple):
    """How many releases there were before the lock was taken, and whether the last had been interrupted."""

    releases: int
    interrupted: bool


@contextmanager
def _changing(
    home: ModelsInUse, command: str, why: StatedReason
) -> Iterator[tuple[tuple[Release, ...], _Before]]:
    """Hold the lock; yield the history with all that was begun finished now, and what was there before."""
    with models_locked(home.models, command=command, now=why.now):
        before = read_releases(home.models)
        interrupted = bool(before) and not is_announced(home.models, before[-1])
        yield _follow(home), _Before(len(before), interrupted)


def _done(releases: Sequence[Release], why: StatedReason) -> Release | None:
    """Return the release that an act has made already. Raises ModelsChanged where the person saw an older one."""
    if why.act is not None and (done := [one for one in releases if one.act == why.act]):
        return done[-1]
    newest = releases[-1].number if releases else 0
    if why.after is not None and newest != why.after:
        raise ModelsChanged(
            f"release {newest} came after release {why.after}: see `ticketyard models history`, then decide again"
        )
    return None


def _follow(home: ModelsInUse) -> tuple[Release, ...]:
    return follow(home.client_options, home.models, prefix=home.prefix, progress=home.progress)


def _release(home: ModelsInUse, releases: Sequence[Release], release: Release) -> Release:
    home.progress("release: record it")
    append_release(home.models, releases, release)
    return _follow(home)[-1]


def _champion(
    home: ModelsInUse,
    releases: Sequence[Release],
    kind: Literal["promote", "rollback"],
    pointer: CurrentModel,
    why: StatedReason,
) -> Release:
    figures = figures_of(pointer, home.models)
    return Release(
        number=0,
        decided_at=why.now,
        kind=kind,
        reason=why.reason,
        by=why.by,
        act=why.act,
        model=pointer,
        accuracy=figures.accuracy,
        taxonomy_version=figures.taxonomy_version,
        replaced_version=releases[-1].model.version if releases else None,
    )


def _beside(last: Release, kind: TrialKind, trial: ModelTrial | None, why: StatedReason) -> Release:
    return msgspec.structs.replace(
        last,
        decided_at=why.now,
        kind=kind,
        reason=why.reason,
        by=why.by,
        act=None,
        replaced_version=None,
        cause=None,
        **{kind: trial},
    )


def _last(releases: Sequence[Release]) -> Release:
    if not releases:
        raise ModelUnknown("no model is current yet: run `ticketyard batch train`, or promote one")
    return releases[-1]


def _target(releases: Sequence[Release], to: str | None) -> CurrentModel:
    """Return the model to go back to. Raises ModelUnknown where there is none, or `to` was never current."""
    last = _last(releases)
    if to is None:
        before = champion_before(releases)
        if before is None:
            raise ModelUnknown(
                f"there is no earlier model than {last.model.version} to go back to; "
                "`ticketyard models promote` takes any that is stored"
            )
        return before.model
    for release in reversed(releases):
        if release.model.version == to:
            return release.model
    raise ModelUnknown(
        f"{to} was never current, so there is no going back to it; "
        f"`ticketyard models promote {to}` makes it current"
    )
