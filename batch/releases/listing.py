"""What there is to say about the stored models: figures from their manifests, uses from the history; pure."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from batch.releases.bundles import StoredBundle
from batch.releases.releases import Release, barred_versions, champion_before


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One stored model; `test_accuracy` is on its own test rows, None where it had none."""

    version: str
    created_at: datetime
    labels: int
    train_rows: int
    test_rows: int
    test_accuracy: float | None
    marks: tuple[str, ...]


def summaries(bundles: Sequence[StoredBundle], releases: Sequence[Release]) -> list[ModelSummary]:
    """Return the stored models in their order, each with what it is used for."""
    return [
        ModelSummary(
            version=manifest.version,
            created_at=manifest.created_at,
            labels=len(manifest.labels),
            train_rows=manifest.rows.train + manifest.rows.val,
            test_rows=manifest.rows.test,
            test_accuracy=manifest.test.accuracy if manifest.test else None,
            marks=tuple(_marks(manifest.version, releases)),
        )
        for _, manifest in bundles
    ]


def _marks(version: str, releases: Sequence[Release]) -> list[str]:
    """Return champion, previous (what a rollback goes to), shadow or canary with its share, rolled back."""
    if not releases:
        return []
    last, before = releases[-1], champion_before(releases)
    marks = ["champion"] if last.model.version == version else []
    if before is not None and before.model.version == version:
        marks.append("previous")
    for kind, trial in (("shadow", last.shadow), ("canary", last.canary)):
        if trial is not None and trial.version == version:
            marks.append(f"{kind} {trial.share:.1%}")
    if version in barred_versions(releases):
        marks.append("rolled back")
    return marks
