"""One definition of each derived view, two engines: Spark and DuckDB give the same rows."""

import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from batch.foundation.settings import BatchSettings
from batch.foundation.spark import COMPILED_FROM_RECORDS, FEW_RECORDS, spark_session, suit_records
from batch.views.column_types import spark_schema
from batch.views.row_batches import arrow_schema
from schemas.records.sla_clock import SlaMetric, SlaState
from schemas.views.base_columns import BaseColumn
from schemas.views.tables import (
    BASE_VIEWS,
    DERIVED_VIEWS,
    DUCKDB_MACROS,
    VIEWS,
    BaseView,
    View,
    unique_rows_sql,
)

START = datetime(2026, 2, 27, 21, tzinfo=UTC)
INTENTS = ("login", "refund", "shipping", "oos")
WORDS: dict[str, tuple[str | None, ...]] = {
    "status": ("new", "assigned", "in_progress", "resolved", "resolved", "closed"),
    "event_type": (
        "AgentUpdated",
        "AgentPerformanceMeasured",
        "TicketOpened",
        "MessageAdded",
        "LabelCorrected",
        "DecisionOverridden",
        "TicketEscalated",
        "TicketDeescalated",
    ),
    "rule": ("rule-0", "rule-1", None),
    "author": ("customer", "agent", None),
    "work": ("wanted", "wanted", "offered", "held", "none"),
    "subject": ("", "It broke", None),
    "text": ("", "  ", "Zeile eins\nline two", "naïve \\n 'quoted'", None),
    "merged_into": (None, None, None, None, "ticket_id-1"),
    "label_said_by": ("people", "model", "source"),
    "customer_id": tuple(f"customer_id-{n}" for n in range(12)),  # so many that some have not left
    "intent": INTENTS,
    "predicted_intent": INTENTS,
    "triage_reasons": ("unsure", "truncated", "empty_text"),
    **{f"sla_{metric}_state": (None, *SlaState) for metric in SlaMetric},
    "band": ("high", "medium", "low"),
    "merge_reasons": ("0.60; same_subject", "0.85; same_intent:a; same_order:1"),
    "repeat_of": (None, None, "ticket_id-1"),
    "links": ("related:T1", "duplicate:T2", "split_from:T:3", "problem_of:T4", "follow_up:T5"),
    "overrides": (
        None,
        None,
        '[{"decision":"priority","said_by":"model","was":"low","now":"high","by":"ann","team":"one"}]',
        '[{"decision":"intent","said_by":"model","was":"login","now":"refund"},{"decision":"team","now":"two"}]',
        '[{"decision":"intent","said_by":"people","was":"a \\"b\\" [0].decision","now":"oos","team":"one"}]',
        '[{"decision":"recommendation","said_by":"rules","was":"expedite","by":"bo"}]',
    ),
    "quality_marks": ("html", "spam", "empty_text"),
}
"""Columns whose values the views look into; any other text is one of a few, or missing."""


def value(column: BaseColumn, rng: random.Random, required: bool) -> Any:
    if not required and rng.random() < 0.15:
        return None
    words = WORDS.get(column.name, tuple(f"{column.name}-{n}" for n in range(3)))
    moment = START + timedelta(milliseconds=rng.randrange(20 * 86_400_000))
    return {
        "VARCHAR": rng.choice(words),
        "BIGINT": rng.randrange(1, 6) if column.name == "survey_score" else rng.randrange(4),
        "DOUBLE": rng.random(),
        "BOOLEAN": rng.random() < 0.5,
        "TIMESTAMPTZ": moment,
        "VARCHAR[]": rng.sample(words, rng.randrange(3)),
    }[column.type]


INTENT_MAP = VIEWS["intent_map"]
_INTENT_MAP_SQL = "CREATE VIEW intent_map AS FROM read_parquet('{folder}/intent_map.parquet')"
RENAMED = [
    {"intent": "login", "current_intent": "refund", "change": "merged", "split_into": []},
    {"intent": "shipping", "current_intent": "shipping", "change": "split", "split_into": ["a", "b"]},
]
"""So that some intents are called otherwise now, and some predictions mean what a person said."""

REQUIRED = {
    "tickets": {"opened_at", "status", "reassignments", "reopenings", "agent_replies", "corrected", "work"}
}


def generate(view: BaseView, rows: int, seed: int) -> pa.Table:
    """Each column has randomness of its own, so that a new one changes no other."""
    required = {*view.key, *(order.split()[0] for order in view.order), *REQUIRED.get(view.name, set())}
    chance = {column.name: random.Random(f"{seed}/{view.name}/{column.name}") for column in view.columns}
    rng = random.Random(f"{seed}/{view.name}")
    made = []
    for number in range(rows):
        row = {
            column.name: value(column, chance[column.name], column.name in required)
            for column in view.columns
        }
        # Positions are unique, as in a log; keys repeat, as where a record was delivered twice.
        made.append({**row, "log_partition": number % 4, "log_offset": number // 4})
    if view.name in {"tickets", "ticket_events"}:
        made = [{**row, "ticket_id": f"T{rng.randrange(rows // 2)}"} for row in made]
    if view.name == "agent_events":
        made = [{**row, "event_id": f"E{rng.randrange(rows)}"} for row in made]
    return pa.Table.from_pylist(made, schema=arrow_schema(view.columns))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one Parquet file of generated rows per base view."""
    target = tmp_path_factory.mktemp("generated")
    for view in BASE_VIEWS:
        # Drift is judged on weeks of 200 tickets and more.
        rows = 7_000 if view.name == "tickets" else 600
        pq.write_table(generate(view, rows, seed=20_260_302), target / f"{view.name}.parquet")
    pq.write_table(
        pa.Table.from_pylist(RENAMED, schema=arrow_schema(INTENT_MAP.columns)), target / "intent_map.parquet"
    )
    return target


@pytest.fixture(scope="module", params=[FEW_RECORDS - 1, COMPILED_FROM_RECORDS], ids=["few", "many"])
def spark(folder: Path, request: pytest.FixtureRequest) -> Iterator[SparkSession]:
    """Spark with every view defined by the shared SQL, as it works on few and on many records."""
    settings = BatchSettings(spark_master="local[1]", spark_shuffle_partitions=2)
    with spark_session(settings) as session:
        suit_records(session, request.param)
        for view in BASE_VIEWS:
            rows = session.read.schema(spark_schema(view.columns)).parquet(
                str(folder / f"{view.name}.parquet")
            )
            rows.createOrReplaceTempView(f"all_{view.name}")
            session.sql(unique_rows_sql(view, f"all_{view.name}")).createOrReplaceTempView(view.name)
        given = session.read.schema(spark_schema(INTENT_MAP.columns))
        given.parquet(str(folder / "intent_map.parquet")).createOrReplaceTempView("intent_map")
        for derived in DERIVED_VIEWS:
            session.sql(derived.sql).createOrReplaceTempView(derived.name)
        yield session


@pytest.fixture(scope="module")
def duck(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with every view defined by the shared SQL."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(DUCKDB_MACROS)
        for view in BASE_VIEWS:
            source = f"read_parquet('{folder / view.name}.parquet')"
            connection.execute(f"CREATE VIEW {view.name} AS {unique_rows_sql(view, source)}")
        connection.execute(_INTENT_MAP_SQL.format(folder=folder))
        for derived in DERIVED_VIEWS:
            connection.execute(f"CREATE VIEW {derived.name} AS {derived.sql}")
        yield connection


def comparable(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Sort rows, times as UTC."""
    plain = [tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in row) for row in rows]
    return sorted(plain, key=lambda row: [_rank(v) for v in row])


def _rank(item: Any) -> tuple[bool, Any]:
    return (item is not None, str(round(item, 6) if isinstance(item, float) else item))


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-6)
    return type(left) is type(right) and left == right


every_view = pytest.mark.parametrize(
    "view", [*BASE_VIEWS, INTENT_MAP, *DERIVED_VIEWS], ids=lambda view: view.name
)


@every_view
def test_both_engines_give_the_same_rows(
    view: View, spark: SparkSession, duck: duckdb.DuckDBPyConnection
) -> None:
    """Spark and DuckDB, given equal base rows, give equal rows of every view; durations and shares to nine digits."""
    names = ", ".join(column.name for column in view.columns)
    table = spark.sql(f"SELECT {names} FROM {view.name}").toArrow()
    by_spark = comparable([tuple(row.values()) for row in table.to_pylist()])
    by_duck = comparable(duck.execute(f"SELECT {names} FROM {view.name}").fetchall())
    assert len(by_spark) == len(by_duck) > 0
    for one, other in zip(by_spark, by_duck, strict=True):
        assert all(map(equal, one, other)), (one, other)


@every_view
def test_both_engines_agree_with_the_declared_types(
    view: View, spark: SparkSession, duck: duckdb.DuckDBPyConnection
) -> None:
    """The columns of each view have, in both engines, the declared names, order and types."""
    declared = spark_schema(view.columns)
    found = spark.table(view.name).schema
    assert [(f.name, f.dataType) for f in found] == [(f.name, f.dataType) for f in declared]
    described = duck.execute(f"DESCRIBE {view.name}").fetchall()
    duck_types = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
    assert [(row[0], row[1]) for row in described] == [
        (column.name, duck_types.get(column.type, column.type)) for column in view.columns
    ]


def test_generated_data_reaches_every_branch(duck: duckdb.DuckDBPyConnection) -> None:
    """The comparison is worth something only if the rows differ where the views look."""
    query = """
        SELECT COUNT(*) FILTER (WHERE first_contact_resolved), COUNT(*) FILTER (WHERE is_overruled),
            COUNT(resolution_ms), COUNT(*) FILTER (WHERE resolution_ms IS NULL), COUNT(survey_score),
            COUNT(*) FILTER (WHERE is_corrected AND intent <> predicted_intent AND NOT is_overruled),
            COUNT(*) FILTER (WHERE intent <> current_intent), MIN(opened_on)
        FROM ticket_outcomes
    """
    *counts, first_day = duck.execute(query).fetchone() or ()
    assert all(count > 0 for count in counts)
    assert first_day == date(2026, 2, 27)
    levels = duck.execute("SELECT DISTINCT level FROM model_drift").fetchall()
    assert {("steady",), ("unjudged",)} <= set(levels)
    assert duck.execute("SELECT COUNT(DISTINCT why) FROM unlabelled_tickets").fetchone() == (3,)
    query = "SELECT DISTINCT problem FROM data_quality WHERE affected BETWEEN 1 AND records - 1"
    problems = {problem for (problem,) in duck.execute(query).fetchall()}
    assert {"html", "spam", "truncated", "language_unknown", "low_band", "dead_letter"} <= problems
    query = "SELECT SUM(mixed) > 0, SUM(relabelled) > 0, COUNT(rate_reviewed) > 0 FROM intent_overlaps"
    assert duck.execute(query).fetchone() == (True, True, True)


def test_daily_analytics_add_up(folder: Path) -> None:
    """Of two disjoint sets of tickets, the measures sum to those of the union: so the tail adds and subtracts rows."""
    (analytics,) = (view for view in DERIVED_VIEWS if view.name == "daily_analytics")
    measures = [column.name for column in analytics.columns if column.type == "BIGINT"]
    dimensions = [column.name for column in analytics.columns if column.type != "BIGINT"]
    sums = ", ".join(f"SUM({name})" for name in measures)
    parts = {"whole": "TRUE", "one": "hash(ticket_id) % 3 = 0", "other": "hash(ticket_id) % 3 <> 0"}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(DUCKDB_MACROS)
        connection.execute(_INTENT_MAP_SQL.format(folder=folder))
        source = f"read_parquet('{folder / 'tickets.parquet'}')"
        connection.execute(f"CREATE TABLE all_tickets AS {unique_rows_sql(BASE_VIEWS[0], source)}")
        for name, condition in parts.items():
            connection.execute(
                f"CREATE OR REPLACE VIEW tickets AS SELECT * FROM all_tickets WHERE {condition}"
            )
            for view in DERIVED_VIEWS:
                if view.name in {"ticket_outcomes", "daily_analytics"}:
                    connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}")
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM daily_analytics")
        query = f"SELECT {', '.join(dimensions)}, {sums} FROM {{}} GROUP BY ALL ORDER BY ALL"
        united = connection.execute(query.format("(FROM one UNION ALL FROM other)")).fetchall()
        assert united == connection.execute(query.format("whole")).fetchall()
        assert len(united) > 100
