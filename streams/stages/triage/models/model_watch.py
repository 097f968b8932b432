"""Follows models.published and keeps what it names loaded: workers change models without a restart or a gap."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaError, TopicPartition

from schemas.errors import Transient
from schemas.records.derived import ModelPublished, ModelTrial
from schemas.records.envelope import EventDecoder, EventError, decode_envelope
from schemas.triage import Triage
from streams.foundation.backoff import Backoff
from streams.foundation.record import headers_of
from streams.stages.triage.models.deployment import Deployment, LoadedTrial, TicketMessage
from streams.stages.triage.models.model_shelf import ModelShelf
from streams.stages.triage.models.shadow import ShadowScoring
from streams.stages.triage.models.trial_metrics import TrialMetrics
from streams.stages.triage.pressure.encoder_budget import EncoderBudget
from understanding.bundle.bundle import Bundle
from understanding.signals.priority import PriorityTable

_log = structlog.get_logger(__name__)
_POLL_S: Final = 0.5
STANDBY_S: Final = 3600.0
"""How long a replaced champion stays loaded: a rollback within that time needs no loading."""
RETRY_S: Final = 60.0
LONGEST_RETRY_S: Final = 900.0
"""The first and the longest pause before a bundle that could not be loaded is tried again; pauses grow.

A share may have been away or a copy unfinished; or the bundle is damaged for good, and loading it costs the cores that
scoring needs.
"""

_decoder = EventDecoder({"ModelPublished": ModelPublished})


class NoModel(Transient):
    """There is nothing to score with yet."""


class _Inbox:
    """What was announced and is not done yet; `complete` once the end of the topic was reached behind it."""

    def __init__(self) -> None:
        self.announced: list[ModelPublished] = []
        self.complete = False


class ModelWatch(threading.Thread):
    """Reads models.published without a group (every worker needs every announcement) and does what the last one says.

    A worker that starts believes the pointer of the models folder before the topic, which may be new. A bundle that
    cannot be loaded is refused by name. The last champion that can be loaded then decides, also in a worker that
    starts, or else the model that set-up made, with which a worker begins where nothing is published. A
    model on trial that cannot be loaded is left out. As long as the last announcement names such a bundle, it is
    tried again, so that workers do not go on with different models after a passing fault. A new model is warmed up
    before it is handed out, so the first ticket after a change waits no longer than any other. `budget` says how many
    texts of a call the encoder may read.
    """

    def __init__(
        self,
        *,
        topic: str,
        new_reader: Callable[[], Consumer],
        models: Path,
        first_models: Path,
        inference_threads: int,
        shadow: ShadowScoring,
        metrics: TrialMetrics,
        priorities: PriorityTable,
        budget: EncoderBudget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="model-watch", daemon=True)
        self._topic = topic
        self._new_reader = new_reader
        self._shelf = ModelShelf(models, first_models, threads=inference_threads, priorities=priorities)
        self._shadow = shadow
        self._metrics = metrics
        self._priorities = priorities
        self._budget = budget
        self._clock = clock
        self._standby: Bundle | None = None
        self._standby_until = 0.0
        self._deployment: Deployment | None = None
        self._to_retry: Sequence[ModelPublished] = ()
        self._retry = Backoff(first_s=RETRY_S, most_s=LONGEST_RETRY_S, clock=clock)
        self._loading = False
        self._ready = threading.Event()
        self._stopped = threading.Event()

    @property
    def loading(self) -> bool:
        """Whether what was announced is being loaded, which takes seconds."""
        return self._loading

    @property
    def refusing(self) -> bool:
        """Whether something that was announced could not be loaded and will be tried again."""
        return bool(self._to_retry)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the first bundle; return whether there is one."""
        return self._ready.wait(timeout_s)

    def score(self, messages: Sequence[TicketMessage]) -> list[Triage]:
        """Score with what was last announced. Raises NoModel before that: partitions wait for it as they open."""
        deployment = self._deployment
        if deployment is None:
            raise NoModel("no model has been published yet; run `ticketyard batch train`")
        budget = self._budget.for_call(sum(message.said.text is not None for message in messages))
        began = self._clock()
        results = deployment.decide(messages, self._priorities, budget)
        self._budget.decided(results, deployment.validations, seconds=self._clock() - began)
        self._shadow.offer(deployment, messages, results)
        if deployment.canary is not None:
            version = deployment.canary.bundle.version
            decided = sum(result.model_version == version for result in results)
            self._metrics.count("canary", version, "decided", decided)
        return results

    def stop(self) -> None:
        """End the thread after its current poll, or the loading that is under way."""
        self._stopped.set()

    def run(self) -> None:
        """Read announcements from the beginning, load the last known one, then every new one."""
        consumer = self._new_reader()
        consumer.assign([TopicPartition(self._topic, 0, 0)])
        inbox = _Inbox()

        def replaced() -> bool:
            self._read(consumer, inbox)
            return bool(inbox.announced)

        while not self._stopped.is_set():
            self._read(consumer, inbox)
            if inbox.announced and inbox.complete:
                self.deploy(inbox.announced)
                inbox = _Inbox()
            elif not inbox.announced:
                self.try_again(replaced)
                if inbox.complete:
                    self.begin()
            self.forget_standby()
        consumer.close()

    def _read(self, consumer: Consumer, inbox: _Inbox) -> None:
        for message in consumer.consume(100, timeout=_POLL_S):
            error = message.error()
            if error is None:
                inbox.announced += self._announced(message)
                inbox.complete = False
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                inbox.complete = True
            else:
                _log.warning("models.unreadable", topic=self._topic, error=str(error))

    def _announced(self, message: Any) -> list[ModelPublished]:
        try:
            body = _decoder.decode(decode_envelope(headers_of(message)), message.value())
        except EventError as error:
            _log.error("models.bad_announcement", offset=message.offset(), error=str(error))
            return []
        return [body] if isinstance(body, ModelPublished) else []

    def deploy(self, announced: Sequence[ModelPublished]) -> None:
        """Do what the last announcement says; the last champion that can be loaded decides, whoever announced it.

        A worker that starts must not wait because of a bad bundle. As long as no model decides, all that was announced
        before may still be the one that does.
        """
        if not announced:
            return
        known = announced if self._deployment else self._pointed(*self._to_retry, *announced)
        self._retry.reset()
        self._settle(known, self._prepared(known))

    def begin(self) -> None:
        """Decide with what the pointer names where nothing was announced, else with the model of the first day."""
        if self._deployment is not None or self._to_retry:
            return
        if known := self._pointed():
            self.deploy(known)
        elif (first := self._shelf.first()) is not None:
            self._hand_out(Deployment(first))

    def _pointed(self, *announced: ModelPublished) -> Sequence[ModelPublished]:
        """Return the announcements, with what the pointer names behind them unless the last names that.

        It is written before it is announced, and a topic may be new or lack announcements: the pointer is the truth.
        """
        pointed = self._shelf.pointed()
        if pointed is None or (announced and _which(announced[-1]) == _which(pointed)):
            return announced
        return (*announced, pointed)

    def try_again(self, replaced: Callable[[], bool]) -> None:
        """Load what could not be, if it is time, and hand it out unless it was `replaced` meanwhile."""
        if not self._to_retry or not self._retry.due:
            return
        known = self._to_retry
        prepared = self._prepared(known)
        if not replaced():
            self._settle(known, prepared)

    def forget_standby(self) -> None:
        """Let go of the champion before the current one, once a rollback to it is no longer likely."""
        if self._standby is not None and self._clock() >= self._standby_until:
            self._standby = None
            self._keep_what_is_used()

    def _prepared(self, known: Sequence[ModelPublished]) -> Deployment | None:
        """Load what the announcements ask for; None where no champion can be."""
        self._loading = True
        self._shelf.ask_anew()
        try:
            champion = self._champion(known)
            if champion is None:
                return None
            canary, shadow = (
                self._trial(kind, trial)
                for kind, trial in (("canary", known[-1].canary), ("shadow", known[-1].shadow))
            )
            return Deployment(champion, canary, shadow)
        finally:
            self._loading = False

    def _settle(self, known: Sequence[ModelPublished], prepared: Deployment | None) -> None:
        """Hand out what was loaded, and note what has to be tried again."""
        if prepared is not None:
            self._hand_out(prepared)
        if not self._shelf.refused:
            self._to_retry = ()
            return
        self._to_retry = known if self._deployment is None else known[-1:]
        _log.warning("models.not_all_loaded", again_in_s=self._retry.failed())

    def _hand_out(self, deployment: Deployment) -> None:
        before = self._deployment
        if before is not None and before.champion is not deployment.champion:
            self._standby, self._standby_until = before.champion, self._clock() + STANDBY_S
        self._deployment = deployment
        self._keep_what_is_used()
        self._ready.set()
        if before is None or _shares(before) != _shares(deployment):
            _log.info("models.deployed", **_shares(deployment))

    def _keep_what_is_used(self) -> None:
        deployment = self._deployment
        assert deployment is not None  # called once there is one
        used = dict(deployment.bundles)
        if self._standby is not None:
            used["standby"] = self._standby
        self._shelf.keep(used.values())
        self._metrics.show_loaded({role: bundle.version for role, bundle in used.items()})

    def _champion(self, announced: Sequence[ModelPublished]) -> Bundle | None:
        for published in reversed(announced):
            bundle = self._bundle(published)
            if bundle is not None:
                return bundle
        return self._deployment.champion if self._deployment else self._shelf.first()

    def _trial(self, kind: str, announced: ModelTrial | None) -> LoadedTrial | None:
        if announced is None:
            return None
        bundle = self._bundle(announced)
        if bundle is None:
            _log.error("trial.left_out", kind=kind, version=announced.version)
            return None
        return LoadedTrial(bundle, announced.share, announced.salt)

    def _bundle(self, published: ModelPublished | ModelTrial) -> Bundle | None:
        return self._shelf.take(
            published, instead=self._deployment.champion.version if self._deployment else None
        )


def _which(published: ModelPublished) -> tuple[str, str]:
    return published.version, published.sha256


def _shares(deployment: Deployment) -> dict[str, str | None]:
    """Return which models are at work, in words."""

    def told(trial: LoadedTrial | None) -> str | None:
        return None if trial is None else f"{trial.bundle.version} ({trial.share:.1%})"

    return {
        "champion": deployment.champion.version,
        "canary": told(deployment.canary),
        "shadow": told(deployment.shadow),
    }
