"""OpenVINO tells its makers that it is used, unless it is kept from it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_IMPORTS = re.compile(r"^\s*(import|from) openvino\b", re.MULTILINE)
_SAYS_CI = ("CI", "NNCF_CI")


@pytest.mark.parametrize("module", ["schemas.model.encoder", "schemas.model.bundle"])
def test_importing_the_encoder_reports_to_nobody(module: str, tmp_path: Path) -> None:
    """Every worker did on every start, with an id of the machine that it wrote into the home folder."""
    outside = {name: value for name, value in os.environ.items() if name not in _SAYS_CI}
    code = f"import {module}, os; assert 'CI' not in os.environ, 'the environment was changed'"
    subprocess.run([sys.executable, "-c", code], env={**outside, "HOME": str(tmp_path)}, check=True, cwd=ROOT)
    assert list(tmp_path.rglob("*")) == []


def test_all_of_ours_take_it_from_one_place() -> None:
    """An import elsewhere that comes first would report."""
    parts = [ROOT / part for part in ("schemas", "batch", "streams", "serving", "infra")]
    files = [file for part in parts for file in part.rglob("*.py")]
    direct = [file.relative_to(ROOT).as_posix() for file in files if _IMPORTS.search(file.read_text())]
    assert direct == ["schemas/model/openvino_runtime.py"]
