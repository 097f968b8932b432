"""What serving shows as the batch run made it: clusters, and the alerts of drift for operators."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pyarrow as pa
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from schemas.views.tables import VIEWS
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.http.app import build_app
from serving.merge.answers import Readers
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.merge_bench import write_run
from tests.unit.serving.ticket_log import record, ticket_row
from tests.unit.serving.waiting import wait_for

TYPES = {
    "DATE": pa.date32(),
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR[]": pa.list_(pa.string()),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}
WEEK, BEFORE = date(2026, 3, 9), date(2026, 3, 2)


def view_table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """A view's rows as batch writes them; a column that a row leaves out is empty."""
    schema = pa.schema([(column.name, TYPES[column.type]) for column in VIEWS[name].columns])
    return pa.Table.from_pylist(rows, schema=schema)


def drift_row(signal: str, distance: float, level: str, *, is_newest: bool = True) -> dict[str, Any]:
    """A row of model_drift."""
    return {
        "model_version": "v1",
        "week": WEEK,
        "kind": "input",
        "signal": signal,
        "statistic": "population_stability_index",
        "distance": distance,
        "noise": 0.01,
        "watch_from": 0.1,
        "alert_from": 0.25,
        "level": level,
        "is_newest": is_newest,
        "tickets": 500,
        "reference_week": BEFORE,
        "reference_tickets": 400,
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a run that has drift and a cluster, and no ticket."""
    cluster = {
        "week": WEEK,
        "cluster": 1,
        "tickets": 12,
        "words": ["drone"],
        "ticket_ids": ["t1"],
        "as_of": datetime(2026, 3, 15, tzinfo=UTC),
    }
    drift = [
        drift_row("language", 0.5, "alert"),
        drift_row("channel", 0.01, "steady"),
        drift_row("customer_tier", 0.01, "unjudged"),
        drift_row("language", 0.6, "alert", is_newest=False),
    ]
    tables = {
        "model_drift": view_table("model_drift", drift),
        "unlabelled_clusters": view_table("unlabelled_clusters", [cluster]),
    }
    write_run(tmp_path / "views", "run-1", tables, {0: 0})
    return tmp_path


@pytest.fixture
def client(home: Path) -> Iterator[TestClient[Litestar]]:
    """A client of a server of that run, whose tail has a ticket that the run has not."""
    log = MemoryLog()
    log.add(record(ticket_row("t1", 1, 1), 0, 0))
    serving = Serving(
        ServingSettings(home=home, views_uri=str(home / "views"), tail_poll_ms=5), connect=lambda: log
    )
    serving.start()
    try:
        with TestClient(build_app(serving), base_url="http://127.0.0.1") as client:
            wait_for(lambda: client.get("/health").json()["answer"]["run_id"] == "run-1", "the run is served")
            yield client
    finally:
        serving.stop()


def test_clusters_are_those_of_the_run(client: TestClient[Litestar]) -> None:
    """A view that no SQL makes is what batch wrote; its description says that the tail is not in it."""
    (row,) = client.get("/v1/analytics/unlabelled_clusters").json()["rows"]
    assert (row["tickets"], row["words"], row["as_of"]) == (12, ["drone"], "2026-03-15T00:00:00Z")
    found = client.post("/v1/sql", json={"sql": "SELECT ticket_ids FROM unlabelled_clusters"}).json()
    assert found["rows"] == [[["t1"]]]
    described = {view["name"]: view["as_of_run"] for view in client.get("/v1/views").json()["views"]}
    assert {name for name, as_of_run in described.items() if as_of_run} == {
        "unlabelled_clusters",
        "intent_map",
    }


def test_operators_see_the_newest_alerts(client: TestClient[Litestar]) -> None:
    """Health names what has drifted and where to read on; metrics have every judged signal of the newest week."""
    (sentence,) = client.get("/health").json()["drift"]
    assert sentence.startswith("alert: language of model v1 has drifted: population_stability_index 0.500")
    text = client.get("/metrics").text
    labels = 'model_version="v1",signal="{}",statistic="population_stability_index"'
    for signal, distance, level in (("language", 0.5, 2.0), ("channel", 0.01, 0.0)):
        assert f"ticketyard_model_drift_distance{{{labels.format(signal)}}} {distance}" in text
        assert f"ticketyard_model_drift_level{{{labels.format(signal)}}} {level}" in text
    assert "customer_tier" not in text


def test_health_reads_no_file(client: TestClient[Litestar], home: Path) -> None:
    """Drift is read once, when a run is taken up: it stays known where the run's file goes."""
    (file,) = (home / "views" / "run-1" / "model_drift").glob("*.parquet")
    file.unlink()
    (sentence,) = client.get("/health").json()["drift"]
    assert sentence.startswith("alert: language")


def test_health_asks_no_database(client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch) -> None:
    """Load by analysts is no reason to restart a server.

    Health once waited in the line of queries and read drift from the database: behind four heavy queries it was
    silent for as long as they ran, and a liveness probe would have ended a server that worked.
    """
    before = client.get("/ready").status_code
    monkeypatch.setattr(Readers, "read", Mock(side_effect=AssertionError("the database was asked")))
    health, metrics = client.get("/health"), client.get("/metrics")
    assert (health.status_code, health.json()["ok"], metrics.status_code) == (200, True, 200)
    assert client.get("/ready").status_code == before
    assert "ticketyard_model_drift_level{" in metrics.text
