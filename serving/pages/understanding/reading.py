"""What the page of understanding shows."""

from datetime import datetime, timedelta
from typing import Any, Final

from serving.merge.answers import Snapshot
from serving.pages.figures import compared
from serving.pages.listing import Column, Listing, read_listing

_WEEKS: Final = timedelta(days=28)
_LISTS: Final = (
    Listing(
        name="quality",
        source="FROM model_quality ORDER BY overruled DESC, tickets DESC, predicted_intent, model_version",
        columns=(
            Column("predicted_intent"),
            Column("model_version"),
            Column("tickets", "count"),
            Column("corrected", "count"),
            Column("overruled", "count"),
            Column("precision_reviewed", "share"),
        ),
        most=30,
    ),
    Listing(
        name="drift",
        source="FROM model_drift WHERE is_newest AND level IN ('alert', 'watch') ORDER BY level, week DESC, signal",
        columns=(
            Column("level"),
            Column("signal"),
            Column("model_version"),
            Column("week", "date"),
            Column("reference_week", "date"),
            Column("distance", "decimal"),
            Column("alert_from", "decimal"),
        ),
    ),
    Listing(
        name="clusters",
        source="FROM unlabelled_clusters ORDER BY week DESC, cluster",
        columns=(
            Column("week", "date"),
            Column("tickets", "count"),
            Column("words", "words"),
            Column("nearest_intent"),
            Column("ticket_ids[1] AS ticket_id", "ticket"),
        ),
        most=20,
    ),
    Listing(
        name="models",
        source="FROM models ORDER BY published_at DESC, version",
        columns=(
            Column("version"),
            Column("published_at", "moment"),
            Column("accuracy", "share"),
            Column("replaced_version"),
            Column("taxonomy_version"),
        ),
        most=20,
    ),
)


def read_understanding(snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "tiles": compared(snapshot, ("arrivals", "corrected"), _WEEKS, now),
        "lists": [read_listing(snapshot, one) for one in _LISTS],
    }
