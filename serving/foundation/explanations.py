"""Explanations by the current model: loaded when first asked for, on a thread of its own, one at a time."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog

from schemas.errors import PipelineError
from schemas.triage import Triage
from serving.foundation.errors import ExplanationsOff, ModelUnusable, Stopping, TooManyExplanations
from understanding.explanation.result import Explanation

if TYPE_CHECKING:
    from understanding.bundle.bundle import Bundle
    from understanding.explanation.kept_examples import KeptExample
    from understanding.manifest.pointer import CurrentModel

Found = TypeVar("Found")
_log = structlog.get_logger(__name__)


class Explanations:
    """Explains texts with whatever model is current in the folder of models.

    Loading takes seconds and some 500 MB, and an encoder's explanation up to seconds of one core, so neither may hold
    up the event loop or a query, and only `most_waiting` questions wait for their turn.
    """

    def __init__(self, models: Path, first_models: Path, *, enabled: bool, most_waiting: int) -> None:
        self._models, self._first_models = models, first_models
        self._enabled = enabled
        self._most_waiting = most_waiting
        self._waiting = 0
        self._stopped = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="explain")
        self._current: CurrentModel | None = None
        self._model: tuple[Bundle, tuple[KeptExample, ...]] | None = None

    async def explain(self, text: str) -> Explanation:
        """Return why the current model answers as it does. Raises ServingError where there is none, or too many ask."""
        return await self._in_turn(self._explain, text)

    async def triage(self, text: str) -> Triage:
        """Return what the current model answers, without reasons, which take far longer. Raises as `explain` does."""
        return await self._in_turn(self._triage, text)

    async def _in_turn(self, answer: Callable[[str], Found], text: str) -> Found:
        if not self._enabled:
            raise ExplanationsOff("explanations are switched off here (TICKETYARD_EXPLAIN=false)")
        if self._stopped.is_set():
            raise Stopping("serving is stopping; ask again once it runs")
        if self._waiting >= self._most_waiting:
            raise TooManyExplanations(
                f"{self._waiting} explanations wait already (TICKETYARD_EXPLAIN_WAITING); ask again in a moment"
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, answer, text)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the one that runs end and take no more."""
        self._stopped.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _triage(self, text: str) -> Triage:
        with _needing_engine():
            from understanding.scoring.scoring import score  # noqa: PLC0415 - as in `_explain`
        bundle, _ = self._loaded()
        return score(bundle, [text])[0]

    def _explain(self, text: str) -> Explanation:
        with _needing_engine():
            # Imported here: it brings the encoder's engine, which serving needs for nothing else.
            from understanding.explanation.explain import explain  # noqa: PLC0415
        bundle, examples = self._loaded()
        return explain(bundle, text, examples=examples)

    def _loaded(self) -> "tuple[Bundle, tuple[KeptExample, ...]]":
        """Return the current model, loaded anew where it is another one than before."""
        from understanding.bundle.registry import load_published  # noqa: PLC0415 - as above
        from understanding.explanation.kept_examples import load_examples  # noqa: PLC0415 - as above

        models = self._models
        current = _current(models, self._first_models)
        if self._model is None or current != self._current:
            try:
                self._model = (load_published(current, models), load_examples(current.folder(models)))
            except (PipelineError, OSError) as error:
                raise ModelUnusable(f"the current model cannot explain: {error}") from error
            self._current = current
            _log.info("explaining with another model", version=current.version)
        return self._model


@contextmanager
def _needing_engine() -> Iterator[None]:
    """Import what scores in the block. Raises ExplanationsOff where it is not installed."""
    try:
        yield
    except ImportError as error:
        raise ExplanationsOff(
            f"explanations need {error.name}, which is not installed beside serving; "
            "install ticketyard[serving,scoring]"
        ) from error


def _current(models: Path, first_models: Path) -> "CurrentModel":
    from understanding.bundle.registry import current_or_first  # noqa: PLC0415 - as above

    try:
        current = current_or_first(models, first_models)
    except (PipelineError, OSError) as error:
        raise ModelUnusable(str(error)) from error
    if current is None:
        raise ModelUnusable(
            f"{models}: no model has been published there, and set-up made none; run `make setup`"
        )
    return current
