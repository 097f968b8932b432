"""The summary of a ticket for whoever takes it over, read from one snapshot: for its door and its page."""

from msgspec import convert

from casework.summary.story import Happening, Promised, Standing
from casework.summary.summary import Summary, summarise
from serving.foundation.errors import NotFound
from serving.foundation.json_values import json_rows
from serving.merge.answers import Snapshot
from serving.queries import read_query


def read_summary(snapshot: Snapshot, ticket_id: str) -> Summary:
    """Return what somebody must know who takes the ticket over. Raises NotFound."""
    found = json_rows(snapshot.rows(read_query("ticket"), [ticket_id]).table)
    if not found:
        raise NotFound(f"there is no ticket {ticket_id!r}")
    events = json_rows(snapshot.rows(read_query("summary_events"), [ticket_id]).table)
    clocks = json_rows(snapshot.rows(read_query("summary_clocks"), [ticket_id]).table)
    return summarise(
        convert(found[0], Standing),
        convert(events, list[Happening]),
        convert(clocks, list[Promised]),
        events_before=events[0]["events"] - len(events) if events else 0,
    )
