"""Follows models.published and keeps the newest bundle loaded: workers change models without a restart or a gap."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaError, TopicPartition

from schemas.derived import ModelPublished
from schemas.envelope import EventDecoder, EventError, decode_envelope
from schemas.errors import Transient
from schemas.model.bundle import Bundle
from schemas.model.registry import CurrentModel, load_published
from schemas.model.scoring import score
from schemas.triage import Triage
from streams.record import headers_of

_log = structlog.get_logger(__name__)
_POLL_S: Final = 0.5
_decoder = EventDecoder({"ModelPublished": ModelPublished})


class NoModel(Transient):
    """There is nothing to score with yet."""


class ModelWatch(threading.Thread):
    """Reads models.published without a group (every worker needs every announcement) and loads the last one.

    A bundle that cannot be loaded is refused by name, and the last one that can be stays, also for a worker that
    starts. A new one is warmed up before it is handed out, so the first ticket after a change waits no longer
    than any other.
    """

    def __init__(
        self, *, topic: str, new_reader: Callable[[], Consumer], models: Path, inference_threads: int
    ) -> None:
        super().__init__(name="model-watch", daemon=True)
        self._topic = topic
        self._new_reader = new_reader
        self._models = models
        self._threads = inference_threads
        self._bundle: Bundle | None = None
        self._ready = threading.Event()
        self._stopped = threading.Event()

    @property
    def bundle(self) -> Bundle | None:
        """The newest bundle that could be loaded; None before the first."""
        return self._bundle

    def wait(self, timeout_s: float) -> bool:
        """Wait for the first bundle; return whether there is one."""
        return self._ready.wait(timeout_s)

    def score(self, texts: Sequence[str | None]) -> list[Triage]:
        """Score with the newest bundle. Raises NoModel before the first: partitions wait for it as they open."""
        bundle = self._bundle
        if bundle is None:
            raise NoModel("no model has been published yet; run `ticketyard batch train`")
        return score(bundle, texts)

    def stop(self) -> None:
        """End the thread after its current poll."""
        self._stopped.set()

    def run(self) -> None:
        """Read announcements from the beginning, load the last known one, then every new one."""
        consumer = self._new_reader()
        consumer.assign([TopicPartition(self._topic, 0, 0)])
        announced: list[ModelPublished] = []
        while not self._stopped.is_set():
            caught_up = False
            for message in consumer.consume(100, timeout=_POLL_S):
                error = message.error()
                if error is None:
                    announced += self._announced(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    caught_up = True
                else:
                    _log.warning("models.unreadable", topic=self._topic, error=str(error))
            if caught_up:
                self._load_newest(announced)
                announced.clear()
        consumer.close()

    def _announced(self, message: Any) -> list[ModelPublished]:
        try:
            body = _decoder.decode(decode_envelope(headers_of(message)), message.value())
        except EventError as error:
            _log.error("models.bad_announcement", offset=message.offset(), error=str(error))
            return []
        return [body] if isinstance(body, ModelPublished) else []

    def _load_newest(self, announced: Sequence[ModelPublished]) -> None:
        """Load the last announced bundle that can be; a worker that starts must not wait because of a bad one."""
        for published in reversed(announced):
            if self._is_loaded(published) or self._load(published):
                return

    def _is_loaded(self, published: ModelPublished) -> bool:
        return self._bundle is not None and self._bundle.version == published.version

    def _load(self, published: ModelPublished) -> bool:
        pointer = CurrentModel(version=published.version, uri=published.uri, sha256=published.sha256)
        try:
            bundle = load_published(pointer, self._models, threads=self._threads)
            score(bundle, ["warm up", "warm up the encoder as well, please: " + "qx jv " * 20])
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a bundle, the one before stays
            kept = self._bundle.version if self._bundle else None
            _log.error(
                "model.refused",
                version=published.version,
                error=f"{type(error).__name__}: {error}",
                kept=kept,
            )
            return False
        _log.info("model.loaded", version=bundle.version)
        self._bundle = bundle
        self._ready.set()
        return True
