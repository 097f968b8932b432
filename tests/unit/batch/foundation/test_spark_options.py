"""How Spark is configured."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from batch.foundation import spark
from batch.foundation.errors import ArchivesMissing, SparkUnreachable
from batch.foundation.settings import BatchSettings
from batch.foundation.spark import (
    COMPILED_FROM_RECORDS,
    FEW_RECORDS,
    kafka_archives,
    spark_options,
    suit_records,
)


def test_local_spark_stays_on_loopback() -> None:
    """A local master binds to loopback; another is left to the cluster's own settings."""
    local = spark_options(BatchSettings(spark_master="local[2]"), [])
    cluster = spark_options(BatchSettings(spark_master="spark://host:7077"), [])
    assert local["spark.driver.bindAddress"] == "127.0.0.1"
    assert "spark.driver.bindAddress" not in cluster


def test_session_is_in_utc() -> None:
    """Dates and casts mean UTC, as in the serving layer."""
    assert spark_options(BatchSettings(), [])["spark.sql.session.timeZone"] == "UTC"


def test_archives_are_passed_on() -> None:
    """Every Java archive of the Kafka source is given to Spark by its path."""
    assert spark_options(BatchSettings(), [Path("/a.jar"), Path("/b.jar")])["spark.jars"] == "/a.jar,/b.jar"


def test_missing_archives_are_one_sentence() -> None:
    """Where set-up has not run, the error says what to run."""
    with pytest.raises(ArchivesMissing, match="run `make setup`"):
        kafka_archives(BatchSettings(home=Path("/nowhere/at/all")))


def test_a_session_without_kafka_needs_no_archives() -> None:
    """Training on Spark runs on a machine where set-up has not fetched them."""
    assert kafka_archives(BatchSettings(home=Path("/nowhere/at/all")), required=False) == []


class _NoMaster:
    """A builder of sessions whose master does not answer."""

    def config(self, *_option: str) -> "_NoMaster":
        return self

    def getOrCreate(self) -> None:  # noqa: N802 - Spark's name
        raise Py4JError(
            "An error occurred while calling None.x.\n: java.lang.IllegalStateException: stopped\n\tat x"
        )


def test_a_master_that_does_not_answer_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which master, what Spark says in one line of its hundred, and what to check."""
    monkeypatch.setattr(spark, "SparkSession", SimpleNamespace(builder=_NoMaster()))
    settings = BatchSettings(home=tmp_path, spark_master="spark://nowhere:7077")
    with (
        pytest.raises(SparkUnreachable, match=r"nowhere:7077 \(java\S+: stopped\): check --master"),
        spark.spark_session(settings, reads_kafka=False),
    ):
        pass


@pytest.mark.parametrize(
    ("records", "expressions", "queries", "partitions"),
    [
        (FEW_RECORDS - 1, "NO_CODEGEN", False, "1"),
        (FEW_RECORDS, None, False, None),
        (COMPILED_FROM_RECORDS, None, True, None),
    ],
)
def test_what_costs_more_than_the_rows_is_left_out(
    records: int, expressions: str | None, queries: bool, partitions: str | None
) -> None:
    """A cycle of 8,000 records made Java code of hundreds of expressions: 40 % of what its tasks did."""
    given: dict[str, object] = {}
    suit_records(cast("SparkSession", SimpleNamespace(conf=SimpleNamespace(set=given.__setitem__))), records)
    assert given["spark.sql.codegen.wholeStage"] is queries
    assert given.get("spark.sql.codegen.factoryMode") == expressions
    assert given.get("spark.sql.shuffle.partitions") == partitions
