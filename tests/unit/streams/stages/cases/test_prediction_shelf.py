"""Which model of predictions a worker has, while loading goes wrong."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from streams.stages.cases import prediction_shelf
from streams.stages.cases.prediction_shelf import LONGEST_RETRY_S, LOOK_EVERY_S, RETRY_S, PredictionShelf
from understanding.arrays.errors import BundleError
from understanding.manifest.pointer import CurrentModel


class Yard:
    """A folder of models that need not be there, and a shelf that looks at it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.named: str | None = "m-1"  # None: the pointer cannot be read
        self.broken: set[str] = set()
        self.now = 0.0
        self.loads: list[tuple[float, str]] = []
        self.shelf = PredictionShelf(Path("models"), clock=lambda: self.now)
        patch.setattr(prediction_shelf, "read_current", self._read)
        patch.setattr(prediction_shelf, "_load", self._load)

    def _read(self, _models: Path) -> CurrentModel:
        if self.named is None:
            raise BundleError("the pointer is damaged")
        return CurrentModel(version=self.named, uri=self.named, sha256="0")

    def _load(self, pointer: CurrentModel, _models: Path) -> SimpleNamespace:
        self.loads.append((self.now, pointer.version))
        if pointer.version in self.broken:
            raise OSError("stale file handle")
        return SimpleNamespace(version=pointer.version, targets=[pointer.version])

    def look(self, seconds: float = 0.0) -> set[str]:
        """Let so long pass, with a look as often as there may be one; return what the model knows."""
        until, targets = self.now + seconds, self.shelf.targets
        while self.now < until:
            self.now += LOOK_EVERY_S
            targets = self.shelf.targets
        return set(targets)


def test_a_model_that_could_not_be_loaded_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A share was away for a moment while a worker looked: it had no model until it was started anew."""
    yard = Yard(monkeypatch)
    yard.broken = {"m-1"}
    assert yard.look(RETRY_S - LOOK_EVERY_S) == set()
    assert len(yard.loads) == 1
    yard.broken = set()
    assert yard.look(LOOK_EVERY_S) == {"m-1"}
    yard.look(LONGEST_RETRY_S)
    assert yard.loads == [(0.0, "m-1"), (RETRY_S, "m-1")]


def test_pauses_grow_and_another_model_is_tried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is damaged for good costs little, and the one before goes on meanwhile."""
    yard = Yard(monkeypatch)
    yard.look()
    yard.named, yard.broken = "m-2", {"m-2"}
    assert yard.look(RETRY_S * 4) == {"m-1"}
    assert [version for _, version in yard.loads] == ["m-1", "m-2", "m-2", "m-2"]
    yard.named = "m-3"
    assert yard.look(LOOK_EVERY_S) == {"m-3"}


def test_a_damaged_pointer_is_said_as_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was said with every look; once it can be read again, it counts at once."""
    yard = Yard(monkeypatch)
    yard.named = None
    with capture_logs() as logs:
        yard.look(RETRY_S + LOOK_EVERY_S)
    assert [log["event"] for log in logs] == ["predictions.refused"] * 2
    yard.named = "m-1"
    assert yard.look(LOOK_EVERY_S) == {"m-1"}
