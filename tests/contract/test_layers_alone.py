"""A layer's unit tests import only what is there when that layer is installed alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import layer_environment
from tests.layer_environment import EXTRAS, packages_of

ROOT = layer_environment.ROOT
PACKAGES = {file.parent.name for file in ROOT.glob("*/__init__.py")}


def _imported(file: Path) -> Iterator[str]:
    """Each module that a file imports, in functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _test_file(module: str) -> Path | None:
    """Where a module of our tests lies; the last part of its name may be what is imported from it."""
    path = ROOT.joinpath(*module.split("."))
    return next(
        (file for file in (path.with_suffix(".py"), path.parent.with_suffix(".py")) if file.is_file()), None
    )


def foreign_imports(layer: str) -> dict[str, str]:
    """Return what a layer's unit tests import of layers that are not there, and which file does."""
    waiting, seen, foreign = set((ROOT / "tests" / "unit" / layer).rglob("*.py")), set[Path](), {}
    while waiting:
        file = waiting.pop()
        seen.add(file)
        for module in _imported(file):
            package = module.split(".")[0]
            if package == "tests" and (helper := _test_file(module)) and helper not in seen:
                waiting.add(helper)
            elif package in PACKAGES - packages_of(layer):
                foreign[module] = str(file.relative_to(ROOT))
    return foreign


@pytest.mark.parametrize("layer", EXTRAS)
def test_unit_tests_import_no_other_layer(layer: str) -> None:
    """`make test-layers` runs them and takes minutes; a test of streams that knew serving was first seen in CI."""
    assert not foreign_imports(layer)
