"""The manifest of a batch run: which views it made, and the exact offsets up to which they are complete."""

from datetime import datetime
from typing import Final, Literal

import msgspec

FORMAT_VERSION: Final = 1
MANIFEST_NAME: Final = "manifest.json"
CURRENT_NAME: Final = "CURRENT.json"


class TopicBoundary(msgspec.Struct, frozen=True, kw_only=True):
    """Per partition (a string, for JSON) the first offset that is not in the views, and when the last came.

    `watermarks_ms` has the broker's time of the last record below the boundary; a partition without records has none.
    """

    topic_id: str
    offsets: dict[str, int]
    watermarks_ms: dict[str, int] = {}


class ViewFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Where a view lies, relative to the manifest's folder, how many rows it has, and by which definition.

    `definition` is the sum of `schemas.views.definitions`; it is empty where an earlier version made the run.
    """

    path: str
    rows: int
    definition: str = ""


class ViewGap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Records below a run's boundary that are in none of its views: `records` of the offsets from first to last.

    expired: Kafka deleted them before they were archived, and whatever they were is gone. undecodable: they are no
    event of their topic to the version that made the run; `error` says why the first is not. acknowledged: a person
    has said that the views are whole without them.
    """

    kind: Literal["expired", "undecodable"]
    topic: str
    partition: int
    first_offset: int
    last_offset: int
    records: int
    error: str = ""
    acknowledged: bool = False


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What one batch run made: written last, into `<views>/<run_id>/manifest.json`, never changed.

    `boundary` is by full topic name; `gaps` are what the views lack below it. `history_commit` is the number of the
    archive's commit that the run read, `intent_map` the sha256 of the file that its view `intent_map` is made of.
    """

    run_id: str
    created_at: datetime
    history_commit: int
    boundary: dict[str, TopicBoundary]
    views: dict[str, ViewFiles]
    code_version: str
    intent_map: str = ""
    gaps: tuple[ViewGap, ...] = ()
    format_version: int = FORMAT_VERSION


class CurrentRun(msgspec.Struct, frozen=True, kw_only=True):
    """`<views>/CURRENT.json`: the run to serve, swapped by an atomic rename; `sha256` is its manifest's sum."""

    run_id: str
    manifest: str
    sha256: str
