"""OpenVINO tells its makers that it is used, unless it is kept from it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SAYS_CI = ("CI", "NNCF_CI")


@pytest.mark.parametrize("module", ["understanding.encoder.encoder", "understanding.bundle.bundle"])
def test_importing_the_encoder_reports_to_nobody(module: str, tmp_path: Path) -> None:
    """Every worker did on every start, with an id of the machine that it wrote into the home folder."""
    outside = {name: value for name, value in os.environ.items() if name not in _SAYS_CI}
    code = f"import {module}, os; assert 'CI' not in os.environ, 'the environment was changed'"
    subprocess.run([sys.executable, "-c", code], env={**outside, "HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.rglob("*")) == []
