"""What a run of the views announces: that it is to be served, and how agents did."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from batch.foundation.publishing import Announcement
from batch.views.runs import CompleteRun
from schemas.records.derived import AgentPerformanceMeasured, ViewsPublished
from schemas.records.identity import derived_id
from schemas.records.topics import Topic
from schemas.views.manifest import MANIFEST_NAME

LEAST_CHANGE: Final = 0.01
"""A smaller change of performance decides nothing in routing, and is not published."""


def performance_announcements(views: Path, run: CompleteRun, prefix: str) -> Iterator[Announcement]:
    """Yield an event for each agent whose performance is new or has changed since it was last published.

    Both are read from the run's own files, so a run that died is announced later with the same events.
    """
    known = {row["agent_id"]: row["performance"] for row in read_view(views, run, "agents")}
    for row in read_view(views, run, "agent_performance"):
        if row["agent_id"] in known and is_news(known[row["agent_id"]], row):
            yield Announcement(
                topic=prefix + Topic.AGENTS_EVENTS,
                key=row["agent_id"],
                id=derived_id(run.run_id, row["agent_id"], AgentPerformanceMeasured.__name__),
                time=run.manifest.created_at,
                event=AgentPerformanceMeasured(
                    agent_id=row["agent_id"],
                    performance=row["performance"],
                    run_id=run.run_id,
                    tickets=row["resolved"],
                ),
            )


def is_news(published: float | None, row: Mapping[str, Any]) -> bool:
    """Tell whether a measured performance is worth publishing: on some ticket, and not what is known already."""
    if not row["resolved"]:
        return False
    return published is None or abs(published - row["performance"]) >= LEAST_CHANGE


def views_announcement(views_uri: str, run: CompleteRun, prefix: str) -> Announcement:
    """Return the event that says that this run is to be served."""
    return Announcement(
        topic=prefix + Topic.VIEWS_PUBLISHED,
        key=run.run_id,
        id=derived_id(run.run_id, ViewsPublished.__name__),
        time=run.manifest.created_at,
        event=ViewsPublished(
            run_id=run.run_id, uri=f"{views_uri}/{run.run_id}/{MANIFEST_NAME}", sha256=run.sha256
        ),
    )


def read_view(views: Path, run: CompleteRun, name: str) -> list[dict[str, Any]]:
    """Return the rows of a small view of a run; none where an older version of the product made the run without it."""
    files = run.manifest.views.get(name)
    if files is None or not files.rows:
        return []
    rows: list[dict[str, Any]] = pq.read_table(views / run.run_id / files.path).to_pylist()
    return rows
