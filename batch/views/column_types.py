"""The contract's SQL types as Spark's."""

from collections.abc import Iterable
from typing import Final

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

from schemas.views.base_columns import BaseColumn

_SPARK: Final[dict[str, DataType]] = {
    "VARCHAR": StringType(),
    "BIGINT": LongType(),
    "DOUBLE": DoubleType(),
    "BOOLEAN": BooleanType(),
    "TIMESTAMPTZ": TimestampType(),
    "DATE": DateType(),
    "VARCHAR[]": ArrayType(StringType()),
}


def spark_schema(columns: Iterable[BaseColumn]) -> StructType:
    """Return the columns as a Spark schema."""
    return StructType([StructField(column.name, _SPARK[column.type]) for column in columns])
