"""What the merge's database may take of the disk that others need."""

from pathlib import Path

import duckdb
import pytest

from serving.merge.database import open_database


def test_what_is_spilled_stays_below_its_limit(tmp_path: Path) -> None:
    """DuckDB may take nine tenths of a disk that the broker writes to; set as it opens, the limit was not heeded."""
    connection = open_database(
        views=tmp_path, spill=tmp_path / "spill", threads=1, memory_bytes=100_000_000, spill_size="20MB"
    )
    with pytest.raises(duckdb.OutOfMemoryException, match="offload"):
        connection.execute("CREATE TEMP TABLE large AS SELECT hash(range) AS number FROM range(40_000_000)")
    assert sum(file.stat().st_size for file in (tmp_path / "spill").rglob("*")) <= 20_000_000
    assert connection.execute("SELECT 1").fetchone() == (1,)
