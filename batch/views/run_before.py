"""Which views of the last run stay as they are: those whose inputs have not changed since."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.records.topics import Topic
from schemas.views.batch_views import INTENT_MAP
from schemas.views.definitions import sources
from schemas.views.manifest import Manifest, TopicBoundary, ViewGap
from schemas.views.tables import BASE_VIEWS, DERIVED_VIEWS


class RunBefore(NamedTuple):
    """A run of the same code: its folder, None where there is no such run, and the rows of those views that stay.

    `gaps` are what its views lack.
    """

    folder: Path | None
    stay: Mapping[str, int]
    gaps: tuple[ViewGap, ...] = ()

    def take_over(self, name: str, target: Path) -> bool:
        """Link a view's files into the folder `target`; False where it does not stay, or its files are not whole."""
        if self.folder is None or name not in self.stay:
            return False
        files = sorted((self.folder / name).glob("*.parquet"))
        try:
            if sum(pq.read_metadata(file).num_rows for file in files) != self.stay[name]:
                return False
        except (OSError, pa.ArrowInvalid):
            return False
        target.mkdir(parents=True)
        for file in files:
            os.link(
                file, target / file.name
            )  # a run's files never change, and outlive it in the other's folder
        return True


FROM_SCRATCH: Final = RunBefore(None, {})


def views_that_stay(
    manifest: Manifest,
    boundary: Mapping[str, TopicBoundary],
    intent_map: str,
    topic_names: Mapping[Topic, str],
) -> dict[str, int]:
    """Return the names and rows of a run's views that views up to this boundary, with this intent map, would equal."""
    known = manifest.boundary
    stay = {
        view.name
        for view in BASE_VIEWS
        if known.get(topic_names[view.topic]) == boundary.get(topic_names[view.topic])
    }
    if manifest.intent_map == intent_map:
        stay.add(INTENT_MAP.name)
    for view in DERIVED_VIEWS:
        if sources(view) <= stay:
            stay.add(view.name)
    return {name: files.rows for name, files in manifest.views.items() if name in stay}
