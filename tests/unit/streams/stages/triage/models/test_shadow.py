"""A shadow is compared with the champion and reaches no ticket, whatever becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import structlog
from msgspec.structs import replace as replace_struct
from prometheus_client import CollectorRegistry

from schemas.triage import ENCODER_BUDGET
from streams.stages.triage.models.deployment import Deployment, LoadedTrial, TicketMessage
from streams.stages.triage.models.shadow import ShadowScoring
from streams.stages.triage.models.trial_metrics import TrialMetrics
from tests.unit.understanding.tiny_model import tiny_bundle
from understanding.bundle.bundle import Bundle
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TABLE = PriorityTable.load()
TEXTS = ("refund please", "login", "charged twice", "my password")


def named(version: str, *, other_answers: bool = False) -> Bundle:
    bundle = tiny_bundle(threshold=0.0)
    labels = bundle.manifest.labels[::-1] if other_answers else bundle.manifest.labels
    return replace(bundle, manifest=replace_struct(bundle.manifest, version=version, labels=labels))


class Shadowed:
    """A champion with a shadow, driven by hand."""

    def __init__(self, shadow: Bundle, share: float = 1.0) -> None:
        self.registry = CollectorRegistry()
        self.calm = True
        self.scoring = ShadowScoring(TrialMetrics(self.registry), calm=lambda: self.calm, clock=lambda: 0.0)
        self.deployment = Deployment(named("champion"), shadow=LoadedTrial(shadow, share, "salt"))

    def take(self, messages: list[TicketMessage]) -> None:
        self.scoring.offer(self.deployment, messages, self.deployment.decide(messages, TABLE, None))

    def counted(self, outcome: str) -> float:
        labels = {"kind": "shadow", "version": "shadow", "outcome": outcome}
        return self.registry.get_sample_value("ticketyard_trial_results_total", labels) or 0.0


def message(ticket: str, text: str | None) -> TicketMessage:
    return TicketMessage(ticket, CustomerMessage(text, NOW))


def messages(count: int = len(TEXTS)) -> list[TicketMessage]:
    return [message(f"T-{number}", TEXTS[number % len(TEXTS)]) for number in range(count)]


def test_a_model_agrees_with_itself() -> None:
    """Equal models are counted as agreeing, message by message; what has no words is not compared."""
    run = Shadowed(named("shadow"))
    run.take([*messages(), message("T-9", None)])
    run.scoring.compare_waiting()
    assert (run.counted("agreed"), run.counted("differed")) == (len(TEXTS), 0)


def test_differences_are_counted_and_logged_without_text() -> None:
    """An analyst finds ticket and both intents in the log, and no word of a customer."""
    run = Shadowed(named("shadow", other_answers=True))
    run.take(messages(1))
    with structlog.testing.capture_logs() as logged:
        run.scoring.compare_waiting()
    assert run.counted("differed") == 1
    (line,) = logged
    assert (line["event"], line["ticket_id"], line["champion"], line["shadow"]) == (
        "shadow.differed", "T-0", "champion", "shadow",
    )  # fmt: skip
    assert line["champion_intent"] != line["shadow_intent"]
    assert "refund please" not in str(line)


def test_what_comes_too_fast_is_skipped_and_waits_nowhere() -> None:
    """Offering never blocks: beyond a bound messages are counted as skipped."""
    run = Shadowed(named("shadow"))
    run.take(messages(100))
    assert run.counted("skipped") == 36


def test_what_the_encoder_had_no_room_for_is_not_compared() -> None:
    """A shadow equal to the champion differed from it whenever there was much to do, and people promote by that."""
    run = Shadowed(tiny_bundle())
    hurried = [message("T-1", "refund please")]
    results = replace(run.deployment, champion=tiny_bundle()).decide(hurried, TABLE, 0)
    assert ENCODER_BUDGET in results[0].reasons
    run.scoring.offer(replace(run.deployment, champion=tiny_bundle()), hurried, results)
    registered = {"kind": "shadow", "version": "tiny", "outcome": "skipped"}
    assert run.registry.get_sample_value("ticketyard_trial_results_total", registered) == 1


def test_under_pressure_nothing_is_taken_and_nothing_scored() -> None:
    """Live work goes first: what would be compared is counted as skipped, what waits is scored afterwards."""
    run = Shadowed(named("shadow"))
    run.take(messages(2))
    run.calm = False
    run.take(messages(3))
    assert run.counted("skipped") == 3
    looks = 0

    def calm_after_three_looks() -> bool:
        nonlocal looks
        looks += 1
        if looks == 3:
            assert run.counted("agreed") == 0
            run.scoring.stop()
        return looks >= 3

    run.scoring._calm = calm_after_three_looks
    run.scoring.run()
    assert run.counted("agreed") == 2


def test_only_its_share_is_scored() -> None:
    """The share of tickets bounds what a shadow costs."""
    run = Shadowed(named("shadow"), share=0.1)
    run.take(messages(60))
    run.scoring.compare_waiting()
    assert 0 < run.counted("agreed") <= 8


def test_a_shadow_that_fails_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its failure is logged and nothing else happens."""

    def fail(_bundle: Bundle, _texts: list[str]) -> None:
        raise ValueError("bad model")

    run = Shadowed(named("shadow"))
    run.take(messages(1))
    monkeypatch.setattr("streams.stages.triage.models.shadow.score", fail)
    run.scoring.compare_waiting()
    assert run.counted("failed") == 1
