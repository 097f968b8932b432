"""What the page of data shows."""

from typing import Any, Final

from serving.merge.answers import Snapshot
from serving.pages.listing import Column, Listing, read_listing

_LISTS: Final = (
    Listing(
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
    ),
    Listing(
        name="letters",
        source="FROM dead_letters ORDER BY died_at DESC, log_partition, log_offset",
        columns=(
            Column("died_at", "moment"),
            Column("stage"),
            Column("error"),
            Column("message"),
            Column("topic || '/' || source_partition || '/' || source_offset AS place"),
            Column("event_source"),
        ),
    ),
)


def read_data(snapshot: Snapshot) -> dict[str, Any]:
    """Return what the template needs."""
    return {"lists": [read_listing(snapshot, one) for one in _LISTS]}
