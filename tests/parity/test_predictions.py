"""What a worker foretells is what batch's model foretells, and a worker goes on with what it has."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from batch.history.commits import HistoryFile
from batch.predictions.archived import histories_of
from batch.predictions.releases import train_and_release
from casework.predictions.known import known_at
from casework.rules import CaseRules
from schemas.predictions import Basis
from schemas.records.envelope import encode_body
from schemas.records.events import TicketResolved
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.foretelling import COURSE, Foretelling
from streams.stages.cases.partition import CasesPartition
from streams.stages.cases.prediction_shelf import LOOK_EVERY_S, PredictionShelf
from tests.unit.batch.predictions.test_training import NOW, histories, quiet
from tests.unit.schemas.ticket_facts import TICKET, from_agent, minute, opened
from tests.unit.streams.ticket_records import CasesRun, enriched
from understanding.bundle.registry import write_current
from understanding.manifest.pointer import CurrentModel, read_current
from understanding.predictions.folder import load_current

CLOCKS = Clocks(
    retire_after=timedelta(days=30), forget_after=timedelta(days=60), rules=CaseRules(predictions=True)
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictions")
    assert train_and_release(folder, histories(), now=NOW, progress=quiet).is_current
    return folder


class _Run(CasesRun):
    def __init__(self, shelf: PredictionShelf) -> None:
        self._foretelling = Foretelling(shelf)
        super().__init__(CLOCKS)

    def _new(self) -> CasesPartition:
        return CasesPartition(self._clocks, foretelling=self._foretelling)


def test_the_stage_logs_what_the_model_answers(models: Path) -> None:
    """One function says what is known, one evaluator answers: for a whole step, and for each ticket alone."""
    bodies = [opened(ticket_id=f"T-{n}", team=("slow", "quick", "new")[n % 3]) for n in range(9)]
    records = [enriched(body, n, at=n) for n, body in enumerate(bodies)]
    run = _Run(PredictionShelf(models))
    run.logic.prepare(records)
    run.step(records)
    pointer = read_current(models)
    assert pointer is not None
    model = load_current(pointer, models)
    for body, logged in zip(bodies, run.log(), strict=True):
        known = known_at(logged.after, body)
        (alone,) = model.score([known], [*COURSE, "satisfaction"])
        assert logged.predictions == alone
        assert logged.after.predictions_version == pointer.version
        assert logged.after.predicted_resolution_s == alone.forecasts["resolution"].value


def test_a_worker_goes_on_with_the_model_that_it_has(models: Path) -> None:
    """A pointer to what cannot be loaded changes nothing; no model at all leaves the formula."""
    now = [0.0]
    shelf = PredictionShelf(models, clock=lambda: now[0])
    targets, pointer = shelf.targets, read_current(models)
    assert pointer is not None
    write_current(models, CurrentModel(version="gone", uri="gone", sha256="0"))
    now[0] += LOOK_EVERY_S
    assert shelf.targets == targets
    write_current(models, pointer)
    run = _Run(PredictionShelf(models / "nothing here"))
    run.step([enriched(opened(), 0)])
    assert run.log()[0].after.predictions_basis is Basis.TOO_LITTLE_KNOWN
    assert run.log()[0].after.csat_basis is Basis.PRIOR


def test_what_is_archived_teaches_what_the_stage_logged(tmp_path: Path) -> None:
    """A ticket's events in their order, also where a record came twice or cannot be read."""
    run = CasesRun(CLOCKS)
    bodies = [opened(), from_agent(), TicketResolved(ticket_id=TICKET)]
    run.step([enriched(body, n, at=n) for n, body in enumerate(bodies)])
    logged = [encode_body(record) for record in run.log()]
    last = run.log()[2]
    newer = replace(last, ticket_id="T-9", event=replace(last.event, type="InventedLater"))
    values = [logged[2], b"no record", logged[0], logged[1], logged[0], encode_body(newer)]
    pq.write_table(pa.table({"value": pa.array(values, pa.binary())}), tmp_path / "part.parquet")
    file = HistoryFile(
        path="part.parquet",
        partition=0,
        first_offset=0,
        last_offset=5,
        last_timestamp_ms=0,
        rows=6,
        size_bytes=1,
    )
    (history,) = histories_of(tmp_path, [file])
    assert [(moment.time, moment.body) for moment in history] == [
        (minute(n), body) for n, body in enumerate(bodies)
    ]
    assert [moment.row for moment in history] == [record.after for record in run.log()]
