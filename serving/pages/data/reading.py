"""What the page of data shows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from serving.foundation.errors import QueryRefused
from serving.merge.answers import Snapshot
from serving.pages.figures import tile, values
from serving.pages.listing import MOST, Column, Listing, read_listing

_QUALITY: Final = Listing(
    name="quality_of_sources",
    source=(
        "FROM data_quality WHERE affected > 0 AND day >= (SELECT MAX(day) FROM data_quality) - 6 "
        "GROUP BY event_source, problem ORDER BY affected DESC, event_source, problem"
    ),
    columns=(
        Column("event_source"),
        Column("problem"),
        Column("CAST(SUM(affected) AS BIGINT) AS affected", "count"),
        Column("CAST(SUM(records) AS BIGINT) AS records", "count"),
        Column("SUM(affected) / CAST(SUM(records) AS DOUBLE) AS rate", "share"),
    ),
)
_KIND: Final = ("stage", "error", "topic")
"""What letters are told apart and chosen by."""

_STATES: Final = ("waiting", "all")
_LETTERS: Final = """
SELECT
  letter_id, died_at, stage, error, message, event_source, waits, replayed_at, replayed_by,
  topic || '/' || source_partition || '/' || source_offset AS place
FROM dead_letter_outcomes
WHERE ($stage IS NULL OR stage = $stage)
  AND ($error IS NULL OR error = $error)
  AND ($topic IS NULL OR topic = $topic)
  AND (waits OR $state = 'all')
ORDER BY died_at DESC, log_partition, log_offset
"""

_TO_SEND: Final = """
SELECT COUNT(*) AS letters
FROM dead_letter_outcomes
WHERE waits
  AND letter_id IS NOT NULL
  AND ($stage IS NULL OR stage = $stage)
  AND ($error IS NULL OR error = $error)
  AND ($topic IS NULL OR topic = $topic)
"""
"""Those that died before letters had ids wait, too, and cannot be sent from here before the next batch run."""


def read_data(snapshot: Snapshot, asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return what the template needs. Raises QueryRefused where the address asks for what there is not."""
    state = asked.get("state", "waiting")
    if state not in _STATES:
        raise QueryRefused(f"state={state} is not one of {', '.join(_STATES)}")
    chosen: dict[str, str | None] = {name: asked.get(name) or None for name in _KIND}
    kinds = _kinds(snapshot)
    letters = snapshot.rows(_LETTERS, {**chosen, "state": state}, most=MOST + 1).table.to_pylist()
    return {
        "lists": [read_listing(snapshot, _QUALITY)],
        "tile": tile("dead_letters_waiting", sum(one["dead_letters_waiting"] for one in kinds), now),
        "kinds": kinds,
        "chosen": chosen,
        "state": state,
        "waiting": snapshot.rows(_TO_SEND, chosen).table.to_pylist()[0]["letters"],
        "letters": letters[:MOST],
        "more": len(letters) > MOST,
        "before": now,
    }


def _kinds(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return how many letters there are of each stage, error and topic, and how many of them wait, most first."""
    found = values(snapshot, "dead_letters", by=_KIND)
    waiting = {
        tuple(row[name] for name in _KIND): row["dead_letters_waiting"]
        for row in values(snapshot, "dead_letters_waiting", by=_KIND)
    }
    whole = [
        {**row, "dead_letters_waiting": waiting.get(tuple(row[name] for name in _KIND), 0)} for row in found
    ]
    return sorted(whole, key=lambda row: (-row["dead_letters_waiting"], *(row[name] for name in _KIND)))
