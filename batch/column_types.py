"""The contract's SQL types as Spark's and Arrow's."""

from collections.abc import Iterable
from typing import Final

import pyarrow as pa
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from schemas.base_columns import Column

_SPARK: Final[dict[str, DataType]] = {
    "VARCHAR": StringType(),
    "BIGINT": LongType(),
    "DOUBLE": DoubleType(),
    "BOOLEAN": BooleanType(),
    "TIMESTAMPTZ": TimestampType(),
    "DATE": DateType(),
    "VARCHAR[]": ArrayType(StringType()),
}
_ARROW: Final[dict[str, pa.DataType]] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
    "DATE": pa.date32(),
    "VARCHAR[]": pa.list_(pa.string()),
}


def spark_schema(columns: Iterable[Column]) -> StructType:
    """Return the columns as a Spark schema."""
    return StructType([StructField(column.name, _SPARK[column.type]) for column in columns])


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """Return the columns as an Arrow schema."""
    return pa.schema([pa.field(column.name, _ARROW[column.type]) for column in columns])
