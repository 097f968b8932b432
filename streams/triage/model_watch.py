"""Follows models.published and keeps what it names loaded: workers change models without a restart or a gap."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaError, TopicPartition

from schemas.derived import ModelPublished, ModelTrial
from schemas.envelope import EventDecoder, EventError, decode_envelope
from schemas.errors import Transient
from schemas.model.bundle import Bundle
from schemas.model.registry import CurrentModel, load_published
from schemas.signals.priority import PriorityTable
from schemas.triage import Triage
from schemas.understanding import CustomerMessage, understand
from streams.record import headers_of
from streams.triage.deployment import Deployment, Message, Trial
from streams.triage.encoder_budget import encoder_budget
from streams.triage.shadow import ShadowScoring
from streams.triage.trial_metrics import TrialMetrics

_log = structlog.get_logger(__name__)
_POLL_S: Final = 0.5
STANDBY_S: Final = 3600.0
"""For so long a champion that was replaced stays loaded: a rollback then takes no loading, only hearing of it."""
RETRY_S: Final = 60.0
"""So long after a bundle could not be loaded it is tried again: a share may have been away, a copy unfinished."""

_decoder = EventDecoder({"ModelPublished": ModelPublished})


class NoModel(Transient):
    """There is nothing to score with yet."""


class ModelWatch(threading.Thread):
    """Reads models.published without a group (every worker needs every announcement) and does what the last one says.

    A bundle that cannot be loaded is refused by name: the last champion that can stays, also for a worker that
    starts, and a model on trial is left out; each is tried again every RETRY_S until it loads or another announcement
    takes its place, so that workers do not go on with different models after a passing fault. A new one is warmed up
    before it is handed out, so the first ticket after a change waits no longer than any other. A call of `shrink_at`
    messages has no room for the encoder (`encoder_budget`); None: it reads whatever the model asks it for.
    """

    def __init__(
        self,
        *,
        topic: str,
        new_reader: Callable[[], Consumer],
        models: Path,
        inference_threads: int,
        shadow: ShadowScoring,
        metrics: TrialMetrics,
        priorities: PriorityTable,
        shrink_at: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="model-watch", daemon=True)
        self._topic = topic
        self._new_reader = new_reader
        self._models = models
        self._threads = inference_threads
        self._shadow = shadow
        self._metrics = metrics
        self._priorities = priorities
        self._shrink_at = shrink_at
        self._clock = clock
        self._standby: Bundle | None = None
        self._standby_until = 0.0
        self._deployment: Deployment | None = None
        self._loaded: dict[str, Bundle] = {}
        self._refused = False
        self._again: Sequence[ModelPublished] = ()
        self._again_at = 0.0
        self._loading = False
        self._ready = threading.Event()
        self._stopped = threading.Event()

    @property
    def loading(self) -> bool:
        """Whether what was announced is being loaded, which takes seconds; otherwise nothing new was."""
        return self._loading

    def wait(self, timeout_s: float) -> bool:
        """Wait for the first bundle; return whether there is one."""
        return self._ready.wait(timeout_s)

    def score(self, messages: Sequence[Message]) -> list[Triage]:
        """Score with what was last announced. Raises NoModel before that: partitions wait for it as they open."""
        deployment = self._deployment
        if deployment is None:
            raise NoModel("no model has been published yet; run `ticketyard batch train`")
        budget = None if self._shrink_at is None else encoder_budget(len(messages), self._shrink_at)
        results = deployment.decide(messages, self._priorities, budget)
        self._shadow.offer(deployment, messages, results)
        if deployment.canary is not None:
            version = deployment.canary.bundle.version
            decided = sum(result.model_version == version for result in results)
            self._metrics.count("canary", version, "decided", decided)
        return results

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
                self._loading = bool(announced)
                self.deploy(announced)
                self._loading = False
                announced.clear()
            self.try_again()
            self.forget_standby()
        consumer.close()

    def _warm_up(self, bundle: Bundle) -> None:
        """Understand something, so that what loads at its first use is there: languages, words, the encoder."""
        texts = ("warm up", "warm up the encoder as well, please: " + "qx jv " * 20)
        messages = [CustomerMessage(text, datetime.now(UTC)) for text in texts]
        understand(bundle, messages, priorities=self._priorities)

    def _announced(self, message: Any) -> list[ModelPublished]:
        try:
            body = _decoder.decode(decode_envelope(headers_of(message)), message.value())
        except EventError as error:
            _log.error("models.bad_announcement", offset=message.offset(), error=str(error))
            return []
        return [body] if isinstance(body, ModelPublished) else []

    def deploy(self, announced: Sequence[ModelPublished]) -> None:
        """Do what the last announcement says; of champions, the last that can be loaded, whoever announced it.

        A worker that starts must not wait because of a bad bundle.
        """
        if not announced:
            return
        known = [*self._again, *announced]
        self._refused = False
        champion = self._champion(known)
        if champion is not None:
            self._hand_out(champion, known[-1])
        self._again = known if self._refused else ()
        self._again_at = self._clock() + RETRY_S

    def try_again(self) -> None:
        """Do once more what announcements say of which something could not be loaded, when it is time."""
        if self._again and self._clock() >= self._again_at:
            again, self._again = self._again, ()
            self.deploy(again)

    def _hand_out(self, champion: Bundle, last: ModelPublished) -> None:
        canary, shadow = self._trial("canary", last.canary), self._trial("shadow", last.shadow)
        if self._deployment is not None and self._deployment.champion is not champion:
            self._standby, self._standby_until = self._deployment.champion, self._clock() + STANDBY_S
        self._deployment = Deployment(champion, canary, shadow)
        self._keep_what_is_used()
        self._ready.set()
        _log.info(
            "models.deployed",
            champion=champion.version,
            canary=canary and canary.bundle.version,
            shadow=shadow and shadow.bundle.version,
        )

    def forget_standby(self) -> None:
        """Let go of the champion before the current one, once a rollback to it is no longer likely."""
        if self._standby is not None and self._clock() >= self._standby_until:
            self._standby = None
            self._keep_what_is_used()

    def _keep_what_is_used(self) -> None:
        deployment = self._deployment
        assert deployment is not None  # called once there is one
        trials = [trial.bundle for trial in (deployment.canary, deployment.shadow) if trial is not None]
        standby = [self._standby] if self._standby is not None else []
        self._loaded = {bundle.version: bundle for bundle in (deployment.champion, *trials, *standby)}

    def _champion(self, announced: Sequence[ModelPublished]) -> Bundle | None:
        for published in reversed(announced):
            bundle = self._bundle(published)
            if bundle is not None:
                return bundle
        return self._deployment.champion if self._deployment else None

    def _trial(self, kind: str, announced: ModelTrial | None) -> Trial | None:
        if announced is None:
            return None
        bundle = self._bundle(announced)
        if bundle is None:
            _log.error("trial.left_out", kind=kind, version=announced.version)
            return None
        return Trial(bundle, announced.share, announced.salt)

    def _bundle(self, published: ModelPublished | ModelTrial) -> Bundle | None:
        """Return a bundle ready for use, the one at hand if it is; None if it cannot be loaded."""
        if published.version in self._loaded:
            return self._loaded[published.version]
        pointer = CurrentModel(version=published.version, uri=published.uri, sha256=published.sha256)
        try:
            bundle = load_published(pointer, self._models, threads=self._threads)
            self._warm_up(bundle)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a bundle, the one before stays
            self._refused = True
            kept = self._deployment.champion.version if self._deployment else None
            _log.error(
                "model.refused",
                version=published.version,
                error=f"{type(error).__name__}: {error}",
                kept=kept,
                again_in_s=RETRY_S,
            )
            return None
        _log.info("model.loaded", version=bundle.version)
        self._loaded[bundle.version] = bundle
        return bundle
