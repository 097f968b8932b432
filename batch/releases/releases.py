"""Writes the history of which model decides (`understanding.manifest.releases`): one file a change, never rewritten."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from batch.foundation.storage import replace, write_new
from understanding.manifest.releases import ANNOUNCED_NAME, RELEASES, Announced, Release


def append_release(models: Path, releases: Sequence[Release], release: Release) -> tuple[Release, ...]:
    """Make a change count, as the next after `releases`; return all. Raises CommitConflict for the second of two."""
    number = releases[-1].number + 1 if releases else 1
    numbered = msgspec.structs.replace(release, number=number)
    data = msgspec.json.format(msgspec.json.encode(numbered), indent=1)
    write_new(models / RELEASES / f"{number:08d}.json", data)
    return (*releases, numbered)


def note_announced(models: Path, release: Release) -> None:
    """Note that all that follows from a release has been done."""
    replace(models / ANNOUNCED_NAME, msgspec.json.encode(Announced(release.id)))
