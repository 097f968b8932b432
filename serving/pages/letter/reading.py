"""What the page of one dead letter shows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from serving.acting.intake import DeadLetter
from serving.acting.letters import letter_row
from serving.merge.answers import Snapshot

REPAIRED: Final = ("ce_type", "ce_id", "ce_source", "ce_time")
"""Headers that a person may mend on the page; `ticketyard dead replay` mends any."""

_REPLAYS: Final = (
    "SELECT replayed_at, replayed_by, reason, repaired, topic || '/' || source_partition || '/' || replayed_to_offset "
    "AS place FROM letter_replays WHERE letter_id = ? ORDER BY log_partition DESC, log_offset DESC"
)


def read_letter(
    snapshot: Snapshot, letter_id: str, record: DeadLetter | None, now: datetime
) -> dict[str, Any]:
    """Return what the template needs. Raises NotFound."""
    row = letter_row(snapshot, letter_id)
    replays = snapshot.rows(_REPLAYS, [letter_id]).table.to_pylist()
    return {
        "letter": row,
        "before": now,
        "place": f"{row['topic']}/{row['source_partition']}/{row['source_offset']}",
        "record": record,
        "mendable": [] if record is None else list(_mendable(record)),
        "editable": record is not None and record.whole and record.is_text,
        "replays": replays,
    }


def _mendable(record: DeadLetter) -> list[tuple[str, str]]:
    told: Mapping[str, str | None] = dict(record.headers)
    return [(name, told.get(name) or "") for name in REPAIRED]
