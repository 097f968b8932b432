"""Base views by Spark: each record through the contract's own row function, then the unique rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pyspark import Accumulator, AccumulatorParam
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from batch.views.column_types import spark_schema
from batch.views.gaps import UnreadableRange
from batch.views.row_batches import RowBatches
from schemas.views.tables import VIEWS, BaseView, unique_rows_sql

RECORDS: Final = StructType(
    [
        StructField("topic_id", StringType()),
        StructField("partition", LongType()),
        StructField("offset", LongType()),
        StructField("timestamp", TimestampType()),
        StructField(
            "headers",
            ArrayType(StructType([StructField("key", StringType()), StructField("value", BinaryType())])),
        ),
        StructField("value", BinaryType()),
    ]
)
"""The columns of the archive that views are made of."""


class _Ranges(AccumulatorParam[list[UnreadableRange]]):
    """Gathers ranges from Spark's workers."""

    def zero(self, value: list[UnreadableRange]) -> list[UnreadableRange]:  # noqa: ARG002 - Spark gives one
        """Return none."""
        return []

    def addInPlace(  # noqa: N802 - Spark's name of it
        self, value1: list[UnreadableRange], value2: list[UnreadableRange]
    ) -> list[UnreadableRange]:
        """Return both."""
        value1 += value2
        return value1


Unreadable = Accumulator[list[UnreadableRange]]
"""The records that were no event, in any order; those of a task that was repeated are in it twice."""


def no_unreadable(spark: SparkSession) -> Unreadable:
    """Return what a view's unreadable records are gathered in."""
    return spark.sparkContext.accumulator([], _Ranges())


def read_records(spark: SparkSession, files: Sequence[Path]) -> DataFrame:
    """Return the records of these files of the archive."""
    return spark.read.schema(RECORDS).parquet(*map(str, files))


def base_view(records: DataFrame, view: BaseView, unreadable: Unreadable) -> DataFrame:
    """Return a base view of the records of its topic; `unreadable` gathers those that are no event of it."""
    rows = _rows(records, view, unreadable)
    rows.createOrReplaceTempView("rows_of_topic")
    return records.sparkSession.sql(unique_rows_sql(view, "rows_of_topic"))


def tickets_view(records: DataFrame, ticket_events: DataFrame, unreadable: Unreadable) -> DataFrame:
    """Return the view `tickets` of the records of tickets.log, given the view `ticket_events` of the same.

    The events say which record has a ticket's newest row, so only those records are decoded a second time.
    """
    spark = records.sparkSession
    ticket_events.createOrReplaceTempView("events_of_tickets")
    newest = spark.sql(_newest_records_sql())
    chosen = records.join(newest, on=["partition", "offset"], how="left_semi")
    return _rows(chosen, _TICKETS, unreadable)


def _newest_records_sql() -> str:
    window = f"PARTITION BY {', '.join(_TICKETS.key)} ORDER BY {', '.join(_TICKETS.order)}"
    return (
        "SELECT log_partition AS partition, log_offset AS offset FROM "  # noqa: S608 - names of the contract
        f"(SELECT *, ROW_NUMBER() OVER ({window}) AS row_rank FROM events_of_tickets) WHERE row_rank = 1"
    )


def _base(name: str) -> BaseView:
    view = VIEWS[name]
    assert isinstance(view, BaseView)
    return view


_TICKETS: Final = _base("tickets")


def _rows(records: DataFrame, view: BaseView, unreadable: Unreadable) -> DataFrame:
    return records.mapInArrow(RowBatches(view.name, unreadable.add), spark_schema(view.columns))
