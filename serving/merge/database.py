"""The one DuckDB database of a serving process: in memory, in UTC, with every door to the outside shut."""

import shutil
from pathlib import Path

import duckdb

from schemas.views.tables import DUCKDB_MACROS

BATCH = "batch"
"""Schema of the views over the current run's Parquet files."""

REALTIME = "realtime"
"""Schema of the tail's tables and of the state that says where they stand."""


def open_database(
    *, views: Path, spill: Path, threads: int, memory_bytes: int, spill_size: str
) -> duckdb.DuckDBPyConnection:
    """Open an empty database that can read files below `views` and nothing else of this machine.

    Its settings are locked, but for the time limit that each reader's connection sets. `spill` is an empty folder where
    DuckDB puts what exceeds `memory_bytes`, up to `spill_size`, such as '2GB': by itself it would take nine tenths of
    a disk that others need, the broker among them.
    """
    # A process that was killed leaves its spill behind; nobody can read it any more.
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir(parents=True)
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": f"{memory_bytes}B",
            "temp_directory": str(spill),
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_persistent_secrets": False,
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute(DUCKDB_MACROS)
    # None of these can be part of `config`: DuckDB takes them, or heeds them, only once it runs.
    connection.execute("SET GLOBAL max_temp_directory_size = ?", [spill_size])
    connection.execute("SET GLOBAL allowed_directories = ?", [[str(views)]])
    connection.execute("SET GLOBAL allowed_configs = ['max_execution_time']")
    connection.execute("SET GLOBAL enable_external_access = false")
    connection.execute("SET GLOBAL lock_configuration = true")
    return connection
