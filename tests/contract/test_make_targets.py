"""What a target of the Makefile starts needs no package that the set-up before it does not install.

`make bench` failed in a fresh clone: a section imported Playwright, which `make setup` does not bring. Nobody who had
run the tests before saw it.
"""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "linux-x86_64-py311"
IMPORT_WITHOUT = """
import importlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

absent = set(sys.argv[2:])
sys.meta_path.insert(0, Absent())
importlib.import_module(sys.argv[1])
"""


def _locked(name: str) -> set[str]:
    text = Path(f"{LOCK}-{name}.txt").read_text()
    return {found.replace("_", "-").lower() for found in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


def _without_tools() -> list[str]:
    """Return the modules that `make setup-all` brings and `make setup` does not."""
    missing = _locked("all") - _locked("demo")
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if {owner.replace("_", "-").lower() for owner in owners} <= missing
    )


def _started_after(set_up: str) -> list[str]:
    """Return the modules that targets start which ask for this set-up alone."""
    targets = re.findall(
        r"^[\w-]+: (.+?)(?: +##.*)?\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    return sorted(
        {
            module
            for needs, lines in targets
            if needs.split() == [set_up]
            for module in re.findall(r"-m (tests\.[\w.]+)", lines)
        }
    )


@pytest.mark.parametrize("module", _started_after("setup"))
def test_what_a_target_starts_is_installed(module: str) -> None:
    """The module is imported as if the tools for tests were not there."""
    name = f"{module}.__main__" if (ROOT / module.replace(".", "/") / "__main__.py").exists() else module
    command = [sys.executable, "-c", IMPORT_WITHOUT, name, *_without_tools()]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_the_rule_sees_what_is_missing() -> None:
    """Playwright is among what `make setup` does not bring, and targets were found in the Makefile."""
    assert "playwright" in _without_tools()
    assert "tests.bench.signals_quality" in _started_after("setup")
