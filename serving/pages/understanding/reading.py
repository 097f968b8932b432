"""What the page of understanding shows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from schemas.views.metrics import Period
from serving.foundation.errors import ModelUnusable
from serving.foundation.models_folder import read_models
from serving.foundation.settings import ServingSettings
from serving.merge.answers import Snapshot
from serving.pages.figures import DAYS, Group, compared, days_of, grouped
from serving.pages.listing import Column, Listing, read_listing

_TILES: Final = ("arrivals", "predicted", "reviewed", "overruled", "accuracy_reviewed", "accuracy_assumed")
_OF_MODELS: Final = ("predicted", "accuracy_reviewed")
_OF_BANDS: Final = (
    "predicted",
    "predicted_share",
    "reviewed",
    "overruled",
    "accuracy_reviewed",
    "accuracy_assumed",
)
_OF_INTENTS: Final = ("predicted", "reviewed", "overruled", "accuracy_reviewed")
_BANDS: Final = ("high", "medium", "low")
_MOST: Final = 30
_CHANGES: Final = 10
"""How many changes of which model decides the page shows; GET /v1/models/stored has more."""
_LISTS: Final = (
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
)


def read_understanding(
    snapshot: Snapshot, asked: Mapping[str, str], settings: ServingSettings, now: datetime
) -> dict[str, Any]:
    """Return what the template needs. Raises QueryRefused for a period that there is not."""
    days, now = days_of(asked.get("days", "28")), now.replace(microsecond=0)
    length = timedelta(days=days)
    period = Period(start=now - length, end=now)
    bands = grouped(snapshot, _OF_BANDS, ["band"], period, now, most=_MOST)
    return {
        "days": days,
        "all_days": DAYS,
        "tiles": compared(snapshot, _TILES, length, now),
        "bands": msgspec.structs.replace(bands, rows=sorted(bands.rows, key=_by_band)),
        "confusions": grouped(
            snapshot, ("overruled",), ["predicted_intent", "intent"], period, now, most=_MOST
        ),
        "intents": grouped(snapshot, _OF_INTENTS, ["predicted_intent"], period, now, most=_MOST),
        "at_work": _at_work(snapshot, period, now),
        **_models(settings),
        "lists": [read_listing(snapshot, one) for one in _LISTS],
    }


def _models(settings: ServingSettings) -> dict[str, Any]:
    """Return the models of the home, or why they cannot be read."""
    try:
        found = read_models(settings.models_folder, settings.first_models_folder, most_changes=_CHANGES)
    except ModelUnusable as error:
        return {"models": None, "models_error": str(error)}
    return {"models": found, "models_error": None}


def _at_work(snapshot: Snapshot, period: Period, now: datetime) -> dict[str | None, Group]:
    """Return by version what became of the tickets that a model gave an intent."""
    found = grouped(snapshot, _OF_MODELS, ["model_version"], period, now, most=_MOST)
    return {row.keys["model_version"]: row for row in found.rows}


def _by_band(group: Group) -> int:
    band = group.keys["band"]
    return _BANDS.index(band) if band in _BANDS else len(_BANDS)
