"""What the merge's database may take of the disk that others need."""

from pathlib import Path

import duckdb
import pytest

from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.merge.database import open_database
from serving.merge.spill import SpillFolder
from tests.unit.serving.memory_log import MemoryLog


def test_what_is_spilled_stays_below_its_limit(tmp_path: Path) -> None:
    """DuckDB may take nine tenths of a disk that the broker writes to; set as it opens, the limit was not heeded."""
    connection = open_database(
        views=tmp_path, spill=tmp_path / "spill", threads=1, memory_bytes=100_000_000, spill_size="20MB"
    )
    with pytest.raises(duckdb.OutOfMemoryException, match="offload"):
        connection.execute("CREATE TEMP TABLE large AS SELECT hash(range) AS number FROM range(40_000_000)")
    assert sum(file.stat().st_size for file in (tmp_path / "spill").rglob("*")) <= 20_000_000
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_servers_of_one_home_spill_beside_each_other(tmp_path: Path) -> None:
    """A second server once emptied the folder into which the first one was spilling."""
    first, second = SpillFolder(tmp_path / "duckdb"), SpillFolder(tmp_path / "duckdb")
    (first.path / "spilled").write_bytes(b"x")
    third = SpillFolder(tmp_path / "duckdb")
    assert len({first.path, second.path, third.path}) == 3
    assert (first.path / "spilled").is_file()
    for one in (first, second, third):
        one.close()
        assert not one.path.exists()


def test_what_the_dead_have_spilled_goes(tmp_path: Path) -> None:
    """A server that was killed can remove nothing, and its folder would fill the disk."""
    root = tmp_path / "duckdb"
    dead = root / "7-abc"
    dead.mkdir(parents=True)
    (dead / "lock").write_bytes(b"")
    (root / "sql" / "1").mkdir(parents=True)
    (root / "duckdb_temp_storage.tmp").write_bytes(b"x")
    own = SpillFolder(root)
    assert {path for path in root.iterdir() if path.name != ".lock"} == {own.path}
    own.close()


def test_a_server_leaves_nothing_spilled(tmp_path: Path) -> None:
    """Its databases lie in its folder, which goes as it stops."""
    settings = ServingSettings(home=tmp_path)
    serving = Serving(settings, connect=MemoryLog)
    assert len(list(settings.spill_folder.glob("*/merge"))) == 1
    serving.start()
    serving.stop()
    assert [path.name for path in settings.spill_folder.iterdir()] == [".lock"]
