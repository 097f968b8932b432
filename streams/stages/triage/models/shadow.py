"""Scores a share of the tickets with a model on trial, beside the stream and never in its way."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import structlog

from schemas.effects import Effect
from schemas.triage import ENCODER_BUDGET, Triage
from streams.stages.triage.models.deployment import Deployment, LoadedTrial, TicketMessage
from streams.stages.triage.models.trial_metrics import Outcome, TrialMetrics
from understanding.scoring.scoring import score

_log = structlog.get_logger(__name__)
_WAITING: Final = 64
"""How many messages may wait; those beyond are counted as skipped, and no ticket waits for them."""

_AT_ONCE: Final = 8
"""Few texts a call, so that the encoder and the interpreter are soon free for tickets again."""

_REST: Final = 3.0
"""How many times as long as a call it rests afterwards: a quarter of a thread at most, however large the share."""

SUMMARY_S: Final = 60.0
_POLL_S: Final = 0.5


class _Task(NamedTuple):
    message: TicketMessage
    decided: Triage
    trial: LoadedTrial


class ShadowScoring(threading.Thread):
    """Takes what the champion decided, scores its share again with the shadow, and counts where both differ.

    Nothing that goes wrong here reaches a ticket. Where it is not `calm`, nothing is scored: live work goes first.
    Differences are logged with ticket and intents, never with text.
    """

    def __init__(
        self,
        metrics: TrialMetrics,
        *,
        calm: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="shadow-scoring", daemon=True)
        self._metrics = metrics
        self._calm = calm
        self._clock = clock
        self._waiting: queue.Queue[_Task] = queue.Queue(_WAITING)
        self._tallies: dict[tuple[str, str], Counter[str]] = {}
        self._summed_up = clock()
        self._worked_s = 0.0
        self._stopped = threading.Event()

    def offer(
        self, deployment: Deployment, messages: Sequence[TicketMessage], results: Sequence[Triage]
    ) -> None:
        """Take the messages of the shadow's share that the champion decided; at once, whatever is under way."""
        trial = deployment.shadow
        if trial is None:
            return
        for message, decided in zip(messages, results, strict=True):
            by_champion = decided.model_version == deployment.champion.version
            unscored = message.said.text is None or Effect.INTENT in message.said.withheld
            if unscored or not by_champion or not trial.covers(message.ticket_id):
                continue
            # Decided in a hurry: how the models differ is not what would be compared.
            hurried = ENCODER_BUDGET in decided.reasons or not self._calm()
            if hurried or not self._put(_Task(message, decided, trial)):
                self._metrics.count("shadow", trial.bundle.version, "skipped")

    def _put(self, task: _Task) -> bool:
        try:
            self._waiting.put_nowait(task)
        except queue.Full:
            return False
        return True

    def stop(self) -> None:
        """End the thread after the call that is under way."""
        self._stopped.set()

    def run(self) -> None:
        """Score what waits, until stopped; say once a minute how the models agree."""
        while not self._stopped.is_set():
            if self._calm():
                self.compare_waiting(wait_s=_POLL_S)
                self._stopped.wait(self._worked_s * _REST)
            else:
                self._stopped.wait(_POLL_S)
            if self._clock() - self._summed_up >= SUMMARY_S:
                self._sum_up()

    def compare_waiting(self, wait_s: float = 0.0) -> None:
        """Score a few of the messages that wait, with the shadow that they were offered to."""
        tasks = self._take(wait_s)
        began = self._clock()
        self._score(tasks)
        self._worked_s = self._clock() - began

    def _score(self, tasks: Sequence[_Task]) -> None:
        for trial in {id(task.trial): task.trial for task in tasks}.values():
            own = [task for task in tasks if task.trial is trial]
            try:
                results = score(trial.bundle, [task.message.said.text for task in own])
            except Exception as error:  # noqa: BLE001 - whatever a model on trial does, tickets go on
                _log.error(
                    "shadow.failed", version=trial.bundle.version, error=f"{type(error).__name__}: {error}"
                )
                self._metrics.count("shadow", trial.bundle.version, "failed", len(own))
                continue
            for task, result in zip(own, results, strict=True):
                self._compare(task, result)

    def _take(self, wait_s: float) -> list[_Task]:
        tasks: list[_Task] = []
        try:
            tasks.append(self._waiting.get(timeout=wait_s) if wait_s else self._waiting.get_nowait())
            while len(tasks) < _AT_ONCE:
                tasks.append(self._waiting.get_nowait())
        except queue.Empty:
            pass
        return tasks

    def _compare(self, task: _Task, result: Triage) -> None:
        pair = (task.decided.model_version, result.model_version)
        tally = self._tallies.setdefault(pair, Counter())
        outcome: Outcome = "agreed" if task.decided.intent == result.intent else "differed"
        tally[outcome] += 1
        self._metrics.count("shadow", result.model_version, outcome)
        if outcome == "differed":
            _log.info(
                "shadow.differed",
                ticket_id=task.message.ticket_id,
                champion=pair[0],
                champion_intent=task.decided.intent,
                champion_confidence=task.decided.confidence,
                shadow=pair[1],
                shadow_intent=result.intent,
                shadow_confidence=result.confidence,
            )

    def _sum_up(self) -> None:
        self._summed_up = self._clock()
        for (champion, shadow), tally in self._tallies.items():
            compared = tally.total()
            rate = round(tally["agreed"] / compared, 4)
            _log.info("shadow.agreement", champion=champion, shadow=shadow, compared=compared, agreement=rate)
        self._tallies.clear()
