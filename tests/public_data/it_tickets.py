"""The IT help-desk tickets: train on 80 %, replay the rest, and compare serving's labels with `evaluate`."""

import csv
import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from infra.demo.serving_client import ServingClient
from ticketyard.reading.identity import file_id, file_sum
from ticketyard.replaying import Rate, ReplayRequest, ReplaySummary, replay_file
from ticketyard.settings import ProducingSettings
from understanding.scoring.text import split_of

MAPPING: Final = Path(__file__).parents[2] / "infra" / "mappings" / "it_service_tickets.yaml"
DATA_FILE: Final = Path("it_service_tickets") / "all_tickets_processed_improved_v3.csv.gz"
TEXT_COLUMN: Final = "Document"
LABEL_COLUMN: Final = "Topic_group"
TEST_SHARE: Final = 0.2
PIPELINE_SETTINGS: Final = {
    "TICKETYARD_SHRINK_ENCODER": "false",
    "TICKETYARD_AUTOMATIC_MAIL": str(Path(__file__).with_name("people_alone.yaml")),
}
"""`evaluate` knows neither pressure nor machines' mail, so here the stream heeds neither."""
_PAGE: Final = 5000
_PREDICTED: Final = """
SELECT ticket_id, predicted_intent, model_version FROM tickets
WHERE ticket_id LIKE ? AND ticket_id > ? ORDER BY ticket_id LIMIT ?
"""
_COUNT: Final = "SELECT count(*) FROM tickets WHERE ticket_id LIKE ? AND model_version IS NOT NULL"

Replayer = Callable[[ProducingSettings, ReplayRequest], ReplaySummary]


class SplitFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a split and their rows; equal texts are in one of them only."""

    train: Path
    test: Path
    train_rows: int
    test_rows: int


class ItTicketsReport(msgspec.Struct, frozen=True, kw_only=True):
    """How often serving's label is the file's, beside what `evaluate` says of the same rows and bundle."""

    tickets: int
    right: int
    model_versions: tuple[str, ...]
    evaluated_accuracy: float
    evaluated_rows: int
    replay: ReplaySummary

    @property
    def served_accuracy(self) -> float:
        """The share of tickets whose predicted intent is the file's label."""
        return self.right / self.tickets

    @property
    def agrees(self) -> bool:
        """Whether serving and `evaluate` are right equally often, on equally many rows, by one model."""
        return (
            self.tickets == self.evaluated_rows
            and self.right == round(self.evaluated_accuracy * self.evaluated_rows)
            and len(self.model_versions) == 1
        )


def write_split(file: Path, folder: Path, *, share: float = 1.0) -> SplitFiles:
    """Split a file by its texts' hashes, 80 to 20; with `share` below 1, so much of each part."""
    folder.mkdir(parents=True, exist_ok=True)
    train, test = folder / "train.csv.gz", folder / "test.csv.gz"
    counts = {"train": 0, "test": 0}
    with (
        gzip.open(file, "rt", encoding="utf-8", newline="") as source,
        gzip.open(train, "wt", encoding="utf-8", newline="") as train_out,
        gzip.open(test, "wt", encoding="utf-8", newline="") as test_out,
    ):
        reader = csv.DictReader(source)
        columns = reader.fieldnames or []
        writers = {"train": csv.DictWriter(train_out, columns), "test": csv.DictWriter(test_out, columns)}
        for writer in writers.values():
            writer.writeheader()
        for row in reader:
            text = row[TEXT_COLUMN]
            if split_of(text, val=0.0, test=share, salt="slice") == "test":
                split = split_of(text, val=0.0, test=TEST_SHARE)
                writers[split].writerow(row)
                counts[split] += 1
    return SplitFiles(train=train, test=test, train_rows=counts["train"], test_rows=counts["test"])


def check_it_tickets(
    settings: ProducingSettings,
    serving_url: str,
    *,
    test: Path,
    bundle: Path,
    rate: float = 200.0,
    within_s: float = 300.0,
    replayer: Replayer = replay_file,
) -> ItTicketsReport:
    """Replay the test file at `rate`, wait until serving has labelled all of it, and compare with `evaluate`.

    The pipeline must be running with `bundle`, trained on the other part of the split.
    """
    summary = replayer(settings, ReplayRequest(file=test, mapping=MAPPING, pace=Rate(rate)))
    prefix = f"IT-{file_id(file_sum(test))}-"
    serving = ServingClient(serving_url)
    serving.wait_for_count(summary.events, _COUNT, f"{prefix}%", stalled_s=within_s)
    labels = _labels(test, prefix)
    predicted = list(_predicted(serving, prefix))
    evaluated = _evaluate(bundle, test)
    return ItTicketsReport(
        tickets=len(predicted),
        right=sum(labels.get(ticket) == intent for ticket, intent, _ in predicted),
        model_versions=tuple(sorted({str(version) for _, _, version in predicted})),
        evaluated_accuracy=evaluated.accuracy,
        evaluated_rows=evaluated.n,
        replay=summary,
    )


class _Evaluated(msgspec.Struct, frozen=True):
    """What this check reads of `evaluate`'s answer."""

    accuracy: float
    n: int


def _labels(test: Path, prefix: str) -> dict[str, str]:
    with gzip.open(test, "rt", encoding="utf-8", newline="") as file:
        rows = enumerate(csv.DictReader(file), start=1)
        return {f"{prefix}{number}": row[LABEL_COLUMN] for number, row in rows}


def _predicted(serving: ServingClient, prefix: str) -> list[tuple[str, str | None, str | None]]:
    found: list[tuple[str, str | None, str | None]] = []
    last = ""
    while page := serving.rows(_PREDICTED, f"{prefix}%", last, _PAGE):
        found += [(ticket, intent, version) for ticket, intent, version in page]
        last = found[-1][0]
    return found


def _evaluate(bundle: Path, test: Path) -> _Evaluated:
    columns = ["--text-column", TEXT_COLUMN, "--label-column", LABEL_COLUMN]
    arguments = ["evaluate", "--bundle", str(bundle), "--labelled", str(test), *columns, "--json"]
    done = subprocess.run([sys.executable, "-m", "infra.cli", *arguments], stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=_Evaluated)
