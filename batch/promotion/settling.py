"""Makes a verdict count: puts its bundle in place or removes it, writes the verdict, deletes old challengers."""

import shutil
from collections.abc import Container
from pathlib import Path

import msgspec

from batch.foundation.reporting import Report
from batch.releases.bundles import place, released_versions, remove_old_challengers
from batch.releases.holds import PublishRules
from batch.releases.verdicts import Verdict, read_verdict, write_verdict
from understanding.manifest.pointer import CurrentModel
from understanding.manifest.releases import read_releases


def settle(
    models: Path,
    trained: Path,
    verdict: Verdict,
    current: CurrentModel | None,
    *,
    rules: PublishRules,
    progress: Report,
) -> Verdict:
    """Keep the bundle in `trained`, a loser's too, and let the verdict count; return it as it was written.

    A loser can be tried, or promoted by hand. An update that lost is not kept: one comes with every few corrections,
    and would take the place of a winner that waits for a person.
    """
    releases = read_releases(models)
    released, version = released_versions(releases), verdict.challenger.bundle_version
    pointer = None
    if _is_kept(verdict):
        progress("train 4: move the bundle to its place")
        pointer = place(models, trained, version, released)
    else:
        progress("train 4: remove the update that lost")
        shutil.rmtree(trained)
    progress("train 5: write the verdict")
    verdict = msgspec.structs.replace(
        verdict,
        pointer=pointer,
        replaced_version=current.version if current else None,
        waiting=_waiting(verdict, read_verdict(models), released),
    )
    write_verdict(models, verdict)
    spare = {version, verdict.waiting}
    remove_old_challengers(models, releases, spare=spare, keep=rules.keep_challengers)
    return verdict


def _is_kept(verdict: Verdict) -> bool:
    return verdict.update_of is None or verdict.publish or verdict.waiting is not None


def _waiting(verdict: Verdict, last: Verdict | None, released: Container[str | None]) -> str | None:
    """Return the newest winner that waits: a later one that is published ends its wait, as its own release does."""
    if verdict.publish or verdict.waiting is not None:
        return verdict.waiting
    return last.waiting if last is not None and last.waiting not in released else None
