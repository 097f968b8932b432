"""What CONTRIBUTING.md promises of the sources, so that a room is never too full to find something in it."""

import ast
import subprocess
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePath

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["importlinter"]["root_packages"]
FILES_IN_A_FOLDER = 14
LINES_IN_A_MODULE = 300
LINES_IN_A_FUNCTION = 40

MODULES = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
TESTS = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests").rglob("*.py"))
}


def folders_of_imports(path: Path, source: str) -> Iterator[Path]:
    """Give the folder of each module of ours that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        names = (
            [f"{node.module}.{name.name}" for name in node.names]
            if isinstance(node, ast.ImportFrom) and node.module
            else [name.name for name in node.names]
            if isinstance(node, ast.Import)
            else []
        )
        for name in names:
            parts = name.split(".")
            if parts[0] not in PACKAGES:
                continue
            while not (ROOT / Path(*parts)).is_dir():
                parts.pop()
            if Path(*parts) != path.parent:
                yield Path(*parts)


def test_no_folder_has_more_files_than_a_reader_takes_in() -> None:
    sources = [
        *MODULES,
        *(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.sql")),
    ]
    full = {str(folder): files for folder, files in Counter(path.parent for path in sources).items()}
    assert {folder: files for folder, files in full.items() if files > FILES_IN_A_FOLDER} == {}


def test_every_kind_of_file_among_the_sources_is_in_a_wheel() -> None:
    taken = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    left_out = [
        path
        for path in listed.split()
        if not any(PurePath(path).match(pattern) for pattern in ("*.py", *taken))
    ]
    assert left_out == []


def test_no_module_is_longer_than_a_reader_takes_in() -> None:
    lines = {str(path): source.count("\n") for path, source in MODULES.items()}
    assert {path: count for path, count in lines.items() if count > LINES_IN_A_MODULE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    """Those of tests neither, as who reads a test that fails reads all of it."""
    lines = {
        f"{path}:{node.name}": node.end_lineno - node.lineno + 1
        for path, source in (MODULES | TESTS).items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }
    assert {name: count for name, count in lines.items() if count > LINES_IN_A_FUNCTION} == {}


def test_no_two_folders_import_each_other_in_a_circle() -> None:
    imports: defaultdict[Path, defaultdict[Path, set[Path]]] = defaultdict(lambda: defaultdict(set))
    for path, source in MODULES.items():
        for folder in folders_of_imports(path, source):
            beside = rooms_beside_each_other(path.parent, folder)
            if beside:
                imports[beside[0].parent][beside[0]].add(beside[1])
    for parent, rooms in imports.items():
        try:
            TopologicalSorter(rooms).prepare()
        except CycleError as error:
            circle = " imports ".join(str(folder) for folder in reversed(error.args[1]))
            raise AssertionError(f"in {parent}: {circle}: move what both need below them") from None


def rooms_beside_each_other(one: Path, other: Path) -> tuple[Path, Path] | None:
    """Return the two folders of one parent that hold these two; None where one holds the other."""
    for depth, (mine, its) in enumerate(zip(one.parts, other.parts, strict=False), start=1):
        if mine != its:
            return Path(*one.parts[:depth]), Path(*other.parts[:depth])
    return None
