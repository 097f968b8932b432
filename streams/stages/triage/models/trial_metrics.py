"""Metrics of the models that are tried beside the current one."""

from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter

Outcome = Literal["agreed", "differed", "skipped", "failed", "decided"]
"""A shadow agreed or differed on the intent, was skipped as it was too slow, or failed; a canary decided."""

NAME: Final = "ticketyard_trial_results"


class TrialMetrics:
    """Counts by kind of trial, model version and outcome."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._results = Counter(
            NAME,
            "Tickets' messages by what a model on trial made of them.",
            ["kind", "version", "outcome"],
            registry=registry,
        )

    def count(self, kind: Literal["shadow", "canary"], version: str, outcome: Outcome, by: int = 1) -> None:
        """Count results of a model."""
        self._results.labels(kind, version, outcome).inc(by)
