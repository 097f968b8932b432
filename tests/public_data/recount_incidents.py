"""Recount the ServiceNow incident log from its file alone, sharing no code with the pipeline.

    python tests/public_data/recount_incidents.py events_replay.csv.gz

Prints one JSON object with what serving must answer after the log has been replayed:

- by_status: incidents by the state of their last row, in Ticketyard's words.
- by_priority: by the priority of an incident's last row: how many there are, the sum of their reassignments (the
  reassignment_count of each one's last row), how many have a resolution time, and the sum of these in seconds.
- reassignments: the sum over all incidents.

An incident's resolution time is the time between its opening and its resolution. It was opened at opened_at, but no
later than its first row (five incidents claim to have been opened after they were first seen). It was resolved by the
first row in state Resolved behind the last row in which it was open, so a reopening starts the search again. One that
went straight to Closed has no resolution time. Rows of state -100 say nothing about the state.
"""

import csv
import gzip
import io
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

STATUS = {
    "New": "new",
    "Active": "in_progress",
    "Awaiting User Info": "pending_customer",
    "Awaiting Problem": "in_progress",
    "Awaiting Vendor": "in_progress",
    "Awaiting Evidence": "in_progress",
    "Resolved": "resolved",
    "Closed": "closed",
}
PRIORITY = {"1 - Critical": "critical", "2 - High": "high", "3 - Moderate": "medium", "4 - Low": "low"}
FINISHED = {"Resolved", "Closed"}


def recount(rows: Iterable[dict[str, str]]) -> dict[str, object]:
    """Return the counts; the rows of an incident come in their order."""
    incidents: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        incidents[row["number"]].append(row)
    by_status: dict[str, int] = defaultdict(int)
    by_priority: dict[str, dict[str, int]] = defaultdict(
        lambda: {"incidents": 0, "reassignments": 0, "resolved": 0, "resolution_s": 0}
    )
    for history in incidents.values():
        stated = [row for row in history if row["incident_state"] != "-100"]
        by_status[STATUS[stated[-1]["incident_state"]]] += 1
        own = by_priority[PRIORITY[history[-1]["priority"]]]
        own["incidents"] += 1
        own["reassignments"] += int(history[-1]["reassignment_count"])
        seconds = resolution_seconds(stated)
        if seconds is not None:
            own["resolved"] += 1
            own["resolution_s"] += seconds
    return {
        "incidents": len(incidents),
        "by_status": dict(sorted(by_status.items())),
        "by_priority": dict(sorted(by_priority.items())),
        "reassignments": sum(own["reassignments"] for own in by_priority.values()),
    }


def resolution_seconds(history: Sequence[dict[str, str]]) -> int | None:
    """Return the seconds from an incident's opening to its last resolution, None if it was not resolved."""
    opened = min(minute(history[0]["opened_at"]), minute(history[0]["ts"]))
    resolved = None
    for row in history:
        if row["incident_state"] not in FINISHED:
            resolved = None
        elif row["incident_state"] == "Resolved" and resolved is None:
            resolved = minute(row["ts"])
    if history[-1]["incident_state"] not in FINISHED or resolved is None:
        return None
    return round((resolved - opened).total_seconds())


def minute(text: str) -> datetime:
    """Read one of the log's times, which are all of one zone."""
    return datetime.fromisoformat(f"{text}+00:00")


def main(path: Path) -> None:
    """Print the counts of a file, gzip or not."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = csv.DictReader(io.StringIO(data.decode(), newline=""))
    print(json.dumps(recount(rows), indent=2))  # noqa: T201 - this is a script's output


if __name__ == "__main__":
    main(Path(sys.argv[1]))
