"""How Spark is configured."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from py4j.protocol import Py4JError

from batch.foundation import spark
from batch.foundation.errors import ArchivesMissing, SparkUnreachable
from batch.foundation.settings import BatchSettings
from batch.foundation.spark import kafka_archives, spark_options


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
