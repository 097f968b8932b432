"""Folders of a home are each its own."""

from pathlib import Path

import pytest

from batch.foundation.errors import FoldersNested
from batch.foundation.storage import refuse_nested


@pytest.mark.parametrize(
    ("history", "views"),
    [("data", "data"), ("data/history", "data"), ("data", "data/views"), ("data", "data/../data")],
)
def test_folders_that_share_files_are_refused_by_name(tmp_path: Path, history: str, views: str) -> None:
    """`batch views` deleted what lay beside its runs: with views above the history, that was the archive."""
    with pytest.raises(FoldersNested, match=r"HISTORY=.*VIEWS=.*folder of its own"):
        refuse_nested({"HISTORY": tmp_path / history, "VIEWS": tmp_path / views})


def test_folders_side_by_side_are_fine(tmp_path: Path) -> None:
    """Also where the name of one begins with the other's."""
    refuse_nested({"HISTORY": tmp_path / "views-history", "VIEWS": tmp_path / "views"})
