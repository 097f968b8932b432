"""The incident log: replayed in event time, served, and compared with an independent recount of the file."""

import csv
import gzip
import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from infra.demo.serving_client import ServingClient
from ticketyard.replaying import EventTime, ReplayRequest, ReplaySummary, replay_file
from ticketyard.settings import ProducingSettings

MAPPING: Final = Path(__file__).parents[2] / "infra" / "mappings" / "servicenow_incidents.yaml"
DATA_FILE: Final = Path("servicenow_incidents") / "events_replay.csv.gz"
SOURCE: Final = "/replay/servicenow-incidents"

PIPELINE_SETTINGS: Final = {
    "TICKETYARD_CLOCK": "event",
    "TICKETYARD_RETIRE_AFTER_DAYS": "400",
    "TICKETYARD_ESCALATION": str(Path(__file__).with_name("no_escalation.yaml")),
}
"""How the pipeline must run: clocks in event time, closed tickets kept, as some rows come 240 days later, and the
priorities left as the log's own desk had them."""

_EVENTS: Final = "SELECT count(DISTINCT event_id) FROM ticket_events WHERE event_source = ?"
_BY_STATUS: Final = "SELECT status, count(*) FROM tickets WHERE ticket_id LIKE 'INC%' GROUP BY status"
_BY_PRIORITY: Final = """
SELECT priority, count(*), sum(reassignments), count(resolution_ms), coalesce(sum(resolution_ms), 0)
FROM ticket_outcomes WHERE ticket_id LIKE 'INC%' GROUP BY priority
"""

Figures = dict[str, Any]
Replayer = Callable[[ProducingSettings, ReplayRequest], ReplaySummary]


class IncidentsReport(msgspec.Struct, frozen=True, kw_only=True):
    """What serving answered, what the recount says, and what the replay did."""

    served: Figures
    recounted: Figures
    replay: ReplaySummary

    @property
    def agrees(self) -> bool:
        """Whether every figure is the same."""
        return self.served == self.recounted and not self.replay.rejected


def check_incidents(
    settings: ProducingSettings,
    serving_url: str,
    *,
    file: Path,
    recount: Path,
    within_s: float = 900.0,
    replayer: Replayer = replay_file,
) -> IncidentsReport:
    """Replay a log file, wait until serving has every event of it, and compare with the recount script.

    The pipeline must run with PIPELINE_SETTINGS and hold no other incidents.
    """
    request = ReplayRequest(file=file, mapping=MAPPING, pace=EventTime(0), by_time=True)
    summary = replayer(settings, request)
    serving = ServingClient(serving_url)
    serving.wait_for_count(summary.events, _EVENTS, SOURCE, stalled_s=within_s)
    return IncidentsReport(
        served=served_figures(serving), recounted=run_recount(recount, file), replay=summary
    )


def served_figures(serving: ServingClient) -> Figures:
    """Ask serving for the figures, in the recount's form."""
    by_priority = {
        priority: {
            "incidents": int(count),
            "reassignments": int(reassignments),
            "resolved": int(resolved),
            "resolution_s": int(total_ms) // 1000,
        }
        for priority, count, reassignments, resolved, total_ms in serving.rows(_BY_PRIORITY)
    }
    by_status = {status: int(count) for status, count in serving.rows(_BY_STATUS)}
    return {
        "incidents": sum(by_status.values()),
        "by_status": by_status,
        "by_priority": by_priority,
        "reassignments": sum(own["reassignments"] for own in by_priority.values()),
    }


def run_recount(script: Path, file: Path) -> Figures:
    """Run the recount in a process of its own, without any of our code on its path."""
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(file)], capture_output=True, check=True, timeout=300
    )
    return msgspec.json.decode(done.stdout, type=Figures)


def write_slice(file: Path, target: Path, *, share: float) -> int:
    """Write the whole histories of about `share` of the incidents, chosen by their number; return their rows."""
    rows = 0
    with (
        gzip.open(file, "rt", encoding="utf-8", newline="") as source,
        gzip.open(target, "wt", newline="") as out,
    ):
        reader = csv.DictReader(source)
        writer = csv.DictWriter(out, reader.fieldnames or [])
        writer.writeheader()
        for row in reader:
            digest = hashlib.sha256(row["number"].encode()).digest()
            if int.from_bytes(digest[:8], "big") < share * 2**64:
                writer.writerow(row)
                rows += 1
    return rows
