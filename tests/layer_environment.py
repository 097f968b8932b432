"""Prove that each layer needs only its own extra: run its unit tests where nothing else is installed.

`python tests/layer_environment.py [LAYER ...]` makes `.venv-layers/LAYER` for each layer, an environment whose packages
are hard links to those of `.venv` that the layer's extra (and pytest) require, and none other. So it has the locked
versions, needs no index and takes seconds. The layer's package and the shared ones are linked
beside them; other layers are not. Two layers at a time are tested; what pytest says is printed layer by layer.
"""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv-layers"
EXTRAS = {
    "schemas": "",
    "process": "process",
    "understanding": "scoring",
    "casework": "casework",
    "batch": "batch",
    "streams": "streams",
    "simulation": "simulation",
    "serving": "serving",
    "ticketyard": "",
}
BESIDE = {
    "schemas": (),
    "process": (),
    "understanding": ("schemas", "process"),
    "casework": ("schemas",),
    "simulation": ("schemas", "process", "understanding", "casework", "streams"),
    "ticketyard": ("schemas", "process"),
}
"""The packages that each shared one stands on; a layer stands on all of them."""

OF_A_LAYER = ("schemas", "process", "understanding", "casework", "ticketyard")
"""Tests of a layer may publish with the producers' client and simulator, which need no extra."""

AT_A_TIME = 2
TEST_TOOLS = ("pytest", "pytest-randomly", "pytest-timeout", "hypothesis")


def required(
    roots: Iterable[Requirement], requirements_of: Callable[[str], Iterable[Requirement]]
) -> set[str]:
    """Return the names of all distributions that the roots require, extras and markers observed."""
    seen: set[tuple[str, str]] = set()
    waiting = deque((root, "") for root in roots)
    while waiting:
        requirement, extra = waiting.popleft()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                waiting.extend((deeper, wanted) for deeper in requirements_of(name))
    return {name for name, _ in seen}


def packages_of(layer: str) -> set[str]:
    """Return our packages that are there when a layer is installed alone."""
    return {layer, *BESIDE.get(layer, OF_A_LAYER)}


def _requirements_of(name: str) -> list[Requirement]:
    if name == "ticketyard":
        return _own_requirements()
    return [Requirement(text) for text in importlib.metadata.requires(name) or ()]


def _own_requirements() -> list[Requirement]:
    """Read this project's own requirements where they are written, not where they were installed last."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    of_extras = (
        f"{text}; extra == '{extra}'"
        for extra, texts in project["optional-dependencies"].items()
        for text in texts
    )
    return [Requirement(text) for text in (*project["dependencies"], *of_extras)]


def _link(name: str, target: Path) -> None:
    """Hard-link a distribution's files that lie in site-packages."""
    distribution = importlib.metadata.distribution(name)
    for file in distribution.files or ():
        source = Path(str(file.locate()))
        if ".." in file.parts or "__pycache__" in file.parts or not source.is_file():
            continue
        link = target / file
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            os.link(source, link)


def build(layer: str) -> Path:
    """Make the layer's environment afresh; return its Python."""
    folder = FOLDER / layer
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    extra = f"[{EXTRAS[layer]}]" if EXTRAS[layer] else ""
    roots = [Requirement(f"ticketyard{extra}"), *map(Requirement, TEST_TOOLS)]
    for name in sorted(required(roots, _requirements_of) - {"ticketyard"}):
        _link(name, site)
    for package in packages_of(layer):
        (site / package).symlink_to(ROOT / package)
    return folder / "bin" / "python"


def run_tests(layer: str) -> subprocess.CompletedProcess[str]:
    """Run a layer's unit tests in an environment of its own, from a folder where no other layer is in sight."""
    python = build(layer)
    place = FOLDER / f"{layer}-tests"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(ROOT / "tests", place / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/unit/{layer}"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command,
        cwd=place,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def main(layers: list[str]) -> int:
    """Test the given layers, or all; return 1 if a test of one fails."""
    if not set(layers) <= set(EXTRAS):
        sys.exit(f"usage: python tests/layer_environment.py [{' | '.join(EXTRAS)}] ...")
    failed = 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for layer, done in zip(layers or EXTRAS, pool.map(run_tests, layers or EXTRAS), strict=True):
            print(f"{layer}, with only its own extra installed:\n{done.stdout}", flush=True)  # noqa: T201 - a script's output
            failed |= done.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
