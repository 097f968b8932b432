"""Metrics for Prometheus: what each address took, what was tried again or given up, and who is left alone now."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

_log = structlog.get_logger(__name__)
CIRCUIT: Final = "ticketyard_webhook_circuit_open"


class WebhookMetrics:
    """The metrics of all addresses of one process, in a registry of their own; `now` is the wall clock."""

    def __init__(self, addresses: Iterable[str], *, now: Callable[[], datetime]) -> None:
        self.registry = CollectorRegistry()
        self._now = now
        self._arrived: dict[str, dict[str, datetime]] = {}
        self._delivered = self._counter("delivered", "Alerts that the address took.")
        self._retried = self._counter("retried", "Attempts after the first of an alert.")
        self._dead = self._counter("dead", "Alerts that were given up, or that could not be read.")
        self._circuit = Gauge(
            CIRCUIT,
            "1 while the address is left alone after failures in a row.",
            ["address"],
            registry=self.registry,
        )
        oldest = Gauge(
            "ticketyard_webhook_oldest_seconds",
            "Age of the oldest alert that is on its way to the address; 0 where none is.",
            ["address"],
            registry=self.registry,
        )
        for name in addresses:
            self._arrived[name] = {}
            for family in (self._delivered, self._retried, self._dead, self._circuit):
                family.labels(name)  # so that a rate has a beginning
            oldest.labels(name).set_function(lambda name=name: self.oldest_s(name))  # type: ignore[misc]  # bound at once

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(f"ticketyard_webhook_{name}", text, ["address"], registry=self.registry)

    def took_in_hand(self, address: str, delivery_id: str, arrived_at: datetime) -> None:
        """Note that an alert is on its way to an address from now on."""
        self._arrived[address][delivery_id] = arrived_at

    def retried(self, address: str) -> None:
        """Count an attempt after the first."""
        self._retried.labels(address).inc()

    def ended(self, address: str, delivery_id: str, *, delivered: bool) -> None:
        """Note how it ended."""
        self._arrived[address].pop(delivery_id, None)
        (self._delivered if delivered else self._dead).labels(address).inc()

    def buried(self, address: str) -> None:
        """Count an alert that cannot be read."""
        self._dead.labels(address).inc()

    def circuit_is(self, address: str, is_open: bool) -> None:
        """Note whether an address is left alone now."""
        self._circuit.labels(address).set(is_open)

    def oldest_s(self, address: str) -> float:
        """Return how many seconds ago the oldest alert on its way arrived."""
        arrived = min(self._arrived[address].values(), default=None)
        return 0.0 if arrived is None else max(0.0, (self._now() - arrived).total_seconds())

    def serve(self, port: int) -> None:
        """Answer Prometheus on loopback; alerts must be carried also where the port is taken. 0 is none."""
        if not port:
            return
        try:
            start_http_server(port, addr="127.0.0.1", registry=self.registry)
        except OSError as error:
            _log.error(
                "metrics.not_served", port=port, error=str(error), act="free the port and restart the worker"
            )
