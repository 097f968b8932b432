"""Files of rows, where what reads a format is not installed."""

import sys
from pathlib import Path

import pytest

from ticketyard.reading import RowFile, UnreadableFile


def test_without_pyarrow_a_parquet_file_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A producer's install reads CSV and JSON lines; for Parquet the error says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    file = tmp_path / "rows.parquet"
    file.write_bytes(b"PAR1")
    with pytest.raises(UnreadableFile, match=r"pip install 'ticketyard\[arrow\]'"):
        RowFile.open(file)
