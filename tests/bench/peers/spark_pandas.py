"""Spark Structured Streaming: Kafka to Kafka through a function over pandas frames, one task at a time."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession

from tests.bench.peers.work import TIME_HEADER, PeerArguments, work_of

_ROOT = Path(__file__).parents[3]


def main(given: PeerArguments) -> None:
    """Run until the process is ended."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = str(_ROOT)
    spark = _session(given)
    bundle = given.bundle

    def answer(frames: Iterable[Any]) -> Iterator[Any]:
        for frame in frames:
            times = [_time(headers) for headers in frame["headers"]]
            values = work_of(bundle).answers(list(zip(map(bytes, frame["value"]), times, strict=True)))
            yield pd.DataFrame({"key": frame["key"], "value": values})

    kafka = {"kafka.bootstrap.servers": given.bootstrap}
    source = spark.readStream.format("kafka").options(**kafka)
    source = source.options(subscribe=given.source, startingOffsets="earliest", includeHeaders="true")
    answered = source.load().mapInPandas(answer, schema="key binary, value binary")
    sink = answered.writeStream.format("kafka").options(**kafka)
    sink = sink.options(topic=given.target, checkpointLocation=str(given.folder / "checkpoint"))
    sink.start().awaitTermination()


def _time(headers: Iterable[dict[str, Any]]) -> bytes:
    return next(bytes(header["value"]) for header in headers if header["key"] == TIME_HEADER)


def _session(given: PeerArguments) -> SparkSession:
    options = {
        "spark.master": "local[1]",
        "spark.jars": ",".join(str(path) for path in sorted(given.jars.glob("*.jar"))),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": str(given.folder),
        "spark.sql.warehouse.dir": str(given.folder / "warehouse"),
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


if __name__ == "__main__":
    main(PeerArguments.parsed())
