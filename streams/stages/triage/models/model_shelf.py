"""The bundles that a worker has loaded, each once, and warmed up before it is used."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from schemas.records.derived import ModelPublished, ModelTrial
from understanding.arrays.errors import BundleError
from understanding.bundle.bundle import Bundle
from understanding.bundle.registry import first_model, load_published
from understanding.manifest.pointer import CurrentModel, read_current
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage, understand

_log = structlog.get_logger(__name__)


class ModelShelf:
    """Bundles by version; for one thread.

    `refused` are those that could not be loaded since `ask_anew`, by version and sum: until then they are not asked
    for twice, however many announcements name them.
    """

    def __init__(self, models: Path, first_models: Path, *, threads: int, priorities: PriorityTable) -> None:
        self.refused: set[tuple[str, str]] = set()
        self._models, self._first_models = models, first_models
        self._threads, self._priorities = threads, priorities
        self._loaded: dict[str, Bundle] = {}

    def ask_anew(self) -> None:
        """Forget what was refused: it may be there now."""
        self.refused.clear()

    def pointed(self) -> ModelPublished | None:
        """Return what the pointer of the models folder names, as if it were announced; None where there is none."""
        try:
            pointer = read_current(self._models)
        except (BundleError, OSError) as error:
            _log.error("pointer.unreadable", error=str(error), act="run `ticketyard batch run`")
            return None
        if pointer is None:
            return None
        return ModelPublished(
            version=pointer.version,
            uri=pointer.uri,
            sha256=pointer.sha256,
            accuracy=0.0,
            taxonomy_version="",
            reason="the pointer names it",
        )

    def first(self) -> Bundle | None:
        """Return the model of the first day, which set-up made; None where there is none, or it cannot be loaded."""
        try:
            pointer = first_model(self._first_models)
        except BundleError as error:
            _log.error("first_model.refused", error=str(error), act="run `make setup`")
            return None
        return None if pointer is None else self.take(pointer, instead=None)

    def take(
        self, published: ModelPublished | ModelTrial | CurrentModel, *, instead: str | None
    ) -> Bundle | None:
        """Return a bundle ready for use, the one at hand if it is; None if it cannot be loaded.

        `instead` is the version that goes on deciding then, for the log.
        """
        if published.version in self._loaded:
            return self._loaded[published.version]
        known = (published.version, published.sha256)
        if known in self.refused:
            return None
        pointer = CurrentModel(version=published.version, uri=published.uri, sha256=published.sha256)
        try:
            bundle = load_published(pointer, self._models, threads=self._threads)
            self._warm_up(bundle)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a bundle, the one before stays
            self.refused.add(known)
            _log.error(
                "model.refused",
                version=published.version,
                error=f"{type(error).__name__}: {error}",
                kept=instead,
            )
            return None
        _log.info("model.loaded", version=bundle.version)
        self._loaded[bundle.version] = bundle
        return bundle

    def keep(self, bundles: Iterable[Bundle]) -> None:
        """Let go of all others."""
        self._loaded = {bundle.version: bundle for bundle in bundles}

    def _warm_up(self, bundle: Bundle) -> None:
        """Understand something, so that what loads at its first use is there: languages, words, the encoder."""
        texts = ("warm up", "warm up the encoder as well, please: " + "qx jv " * 20)
        messages = [CustomerMessage(text, datetime.now(UTC)) for text in texts]
        understand(bundle, messages, priorities=self._priorities)
