"""`ticketyard simulate`: what it could not write at the end is refused before it begins."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.cli.root import run

Told = Callable[[], str]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    """Return what was said on stderr, as one line; a simulation that begins fails the test."""
    monkeypatch.setattr("infra.cli.operating.simulate.read_world", lambda _file: pytest.fail("it began"))
    return lambda: " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("option", [("--json", "out.json"), ("--picture", "out.svg")])
def test_a_missing_folder_is_told_before_the_first_run(
    option: tuple[str, str], tmp_path: Path, told: Told
) -> None:
    """It was told after all seeds had run, and their figures were lost."""
    name, file = option
    assert run(["simulate", name, str(tmp_path / "none" / file)]) != 0
    said = told()
    assert name in said
    assert "is no folder that can be written to; make it first" in said


@pytest.mark.parametrize("name", ["out.gifx", "out", "svg"])
def test_an_unknown_kind_of_picture_is_told_before_the_first_run(
    name: str, tmp_path: Path, told: Told
) -> None:
    """As above, with the kinds that there are."""
    assert run(["simulate", "--picture", str(tmp_path / name)]) != 0
    assert "a picture's name ends in .svg, .png, .pdf" in told()


def test_a_picture_without_matplotlib_is_told_before_the_first_run(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an extra: the figures of hours were lost for want of it, although --json was given too."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "matplotlib.figure", raising=False)
    assert run(["simulate", "--picture", str(tmp_path / "out.svg")]) != 0
    assert "needs matplotlib" in told()
