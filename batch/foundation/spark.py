"""The Spark session of a batch run."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

import schemas
from batch.foundation.errors import ArchivesMissing, SparkUnreachable
from batch.foundation.settings import BatchSettings

_LOG_FILE: Final = Path(__file__).with_name("log4j2.properties")
_JAVA_OPTIONS: Final = f"-Duser.timezone=UTC -Dlog4j2.configurationFile=file:{_LOG_FILE}"

FEW_RECORDS: Final = 50_000
"""Below so many, what Spark does for a query (jobs, tasks, Java code for each expression) costs more than the rows."""

COMPILED_FROM_RECORDS: Final = 1_000_000
"""From so many on, compiling each query to Java code takes less time than it saves."""

_FOR_FEW: Final = {
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
    # Nothing is to be adapted in one partition, and each table that is broadcast is a job of its own.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
}


def are_few(records: int) -> bool:
    """Tell whether so many records go through one task."""
    return records < FEW_RECORDS


def suit_records(session: SparkSession, records: int) -> None:
    """Have a session answer queries of so many records as is quickest for them; the answers are the same."""
    session.conf.set("spark.sql.codegen.wholeStage", records >= COMPILED_FROM_RECORDS)
    if are_few(records):
        for name, value in _FOR_FEW.items():
            session.conf.set(name, value)


def spark_options(settings: BatchSettings, archives: Sequence[Path]) -> dict[str, str]:
    """Return Spark's configuration; only a local master is kept on loopback."""
    options = {
        "spark.app.name": "ticketyard-batch",
        "spark.master": settings.spark_master,
        "spark.jars": ",".join(str(path) for path in archives),
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.extraJavaOptions": f"{settings.spark_driver_java_options} {_JAVA_OPTIONS}",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.executorEnv.PYTHONPATH": str(Path(schemas.__path__[0]).parent),
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        # The plain local file system would put a .crc file beside each file.
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.local.dir": str(settings.spark_folder),
        "spark.sql.warehouse.dir": str(settings.spark_folder / "warehouse"),
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.catalogImplementation": "in-memory",
        # A batch of records with a megabyte of text each must fit into a Python worker.
        "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(settings.spark_shuffle_partitions),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if settings.spark_master.startswith("local"):
        options |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    return options


def kafka_archives(settings: BatchSettings, *, required: bool = True) -> list[Path]:
    """Return the Java archives of Spark's Kafka source. Raises ArchivesMissing if they are required and not there."""
    folder = settings.jars_folder / "spark"
    archives = sorted(folder.glob("*.jar"))
    if required and not archives:
        raise ArchivesMissing(f"{folder} has no Java archives of Spark's Kafka source: run `make setup`")
    return archives


@contextmanager
def spark_session(settings: BatchSettings, *, reads_kafka: bool = True) -> Iterator[SparkSession]:
    """Start Spark, and stop it at the end of the block. Raises SparkUnreachable where none starts.

    A process keeps its first session's Java machine, whose data sources later sessions cannot add to: so Kafka's
    archives are loaded wherever they are there, and missing ones are an error where the session `reads_kafka`.
    """
    session = start_session(settings, reads_kafka=reads_kafka)
    try:
        yield session
    finally:
        session.stop()


def start_session(settings: BatchSettings, *, reads_kafka: bool = True) -> SparkSession:
    """Start Spark, for whoever stops it. Raises SparkUnreachable where none starts at the master.

    Executors on this machine run this Python; those of a cluster the one that PYSPARK_PYTHON names, this one's path
    where it names none.
    """
    if settings.spark_master.startswith("local"):
        os.environ["PYSPARK_PYTHON"] = sys.executable
    else:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings.spark_folder.mkdir(parents=True, exist_ok=True)
    builder = SparkSession.builder
    for name, value in spark_options(settings, kafka_archives(settings, required=reads_kafka)).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (Py4JError, PySparkException) as error:
        cause = next((line for line in str(error).splitlines() if line.startswith(": ")), str(error)[:200])
        raise SparkUnreachable(
            f"No Spark starts at {settings.spark_master} ({cause.removeprefix(': ')}): "
            "check --master or TICKETYARD_SPARK_MASTER, and whether it runs"
        ) from error
