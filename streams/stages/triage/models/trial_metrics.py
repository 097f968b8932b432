"""Metrics of the models that a worker has loaded, and of those that are tried beside the current one."""

from collections.abc import Mapping
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge

Outcome = Literal["agreed", "differed", "skipped", "failed", "decided"]
"""A shadow agreed or differed on the intent, was skipped as it was too slow, or failed; a canary decided."""

NAME: Final = "ticketyard_trial_results"


LOADED: Final = "ticketyard_model_loaded"
Role = Literal["champion", "canary", "shadow", "standby"]
"""What a loaded model does; `standby` was the champion lately, and comes back by a rollback without being loaded."""


class TrialMetrics:
    """Which models are loaded, and counts by kind of trial, model version and outcome."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._results = Counter(
            NAME,
            "Tickets' messages by what a model on trial made of them.",
            ["kind", "version", "outcome"],
            registry=registry,
        )
        self._loaded = Gauge(
            LOADED, "1 for each model that this worker has loaded.", ["role", "version"], registry=registry
        )
        self._told = set[tuple[str, str]]()

    def show_loaded(self, roles: Mapping[Role, str]) -> None:
        """Show which version is loaded for what."""
        now = set[tuple[str, str]](roles.items())
        for role, version in now:
            self._loaded.labels(role, version).set(1)
        for gone in self._told - now:  # last, so that nobody who looks meanwhile finds none
            self._loaded.remove(*gone)
        self._told = now

    def count(self, kind: Literal["shadow", "canary"], version: str, outcome: Outcome, by: int = 1) -> None:
        """Count results of a model."""
        self._results.labels(kind, version, outcome).inc(by)
