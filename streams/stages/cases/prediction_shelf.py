"""The current model of predictions: read from its pointer, and again when that names another one."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from schemas.predictions import Known, Predictions, Target
from streams.foundation.backoff import Backoff
from understanding.arrays.errors import BundleError
from understanding.manifest.pointer import CurrentModel, read_current

if TYPE_CHECKING:
    from understanding.predictions.model import PredictionModel

_log = structlog.get_logger(__name__)
LOOK_EVERY_S: Final = 5.0
RETRY_S: Final = 60.0
LONGEST_RETRY_S: Final = 900.0
"""The first and the longest pause before a model that could not be loaded is tried again; another one is at once."""


def _load(pointer: CurrentModel, folder: Path) -> "PredictionModel":
    # Imported where there is a model: arrays and networks cost a worker without one a third of its start.
    from understanding.predictions.folder import load_current  # noqa: PLC0415 - see above

    return load_current(pointer, folder)


class PredictionShelf:
    """Holds the model that batch has released last; one that cannot be loaded leaves the one before.

    As long as the pointer names that one it is tried again: a share may have been away.

    A pointer is looked at every few seconds, by whichever partition asks first. What was foretold is in the log, so
    partitions that change models at different records lose nothing.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._look_at = float("-inf")
        self._pointer: CurrentModel | None = None  # to the model that is loaded
        self._refused: CurrentModel | None = None
        self._retry = Backoff(first_s=RETRY_S, most_s=LONGEST_RETRY_S, clock=clock)
        self._model: PredictionModel | None = None
        self._lock = threading.Lock()

    @property
    def targets(self) -> frozenset[Target]:
        """Return what the current model knows enough about."""
        with self._lock:
            self._look()
            return frozenset(self._model.targets) if self._model is not None else frozenset()

    def score(self, tickets: Sequence[Known], targets: Sequence[Target]) -> list[Predictions]:
        """Return what the current model foretells of each ticket; it must know one of the targets."""
        assert self._model is not None  # whoever asks has seen a target
        return self._model.score(tickets, targets)

    def _look(self) -> None:
        now = self._clock()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        pointer = None
        try:
            pointer = read_current(self._folder)
            if pointer is None or pointer == self._pointer:
                return
            if pointer != self._refused:
                self._retry.reset()
            elif not self._retry.due:
                return
            self._model = model = _load(pointer, self._folder)
        except (BundleError, OSError) as error:
            if pointer is None and self._refused is None and not self._retry.due:
                return  # a pointer that cannot be read is looked at with each look, and told of as seldom as a model
            self._refused = pointer
            kept = None if self._model is None else self._model.version
            _log.error("predictions.refused", error=str(error), kept=kept, again_in_s=self._retry.failed())
        else:
            self._pointer, self._refused = pointer, None
            self._retry.reset()
            _log.info("predictions.loaded", version=model.version)
