"""The benchmark's busy machine leaves nothing behind."""

from pathlib import Path

import psutil
import pytest

from tests.bench.spinning import spinning


def test_spinning_processes_end_with_the_block_however_it_ends(tmp_path: Path) -> None:
    """They are gone after the block even if what was measured beside them failed."""
    found: list[int] = []

    def fail_beside_them() -> None:
        with spinning(tmp_path, 2) as pids:
            found.extend(pids)
            assert all(psutil.pid_exists(pid) for pid in pids)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_beside_them()
    assert len(found) == 2
    assert not any(psutil.pid_exists(pid) for pid in found)
