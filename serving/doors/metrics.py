"""Metrics for Prometheus: answers by route, and how the tail is doing."""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from serving.foundation.state import AnswerMetadata, ServedState
from serving.tail.status import TailStatus

_DRIFT_LABELS: Final = ("model_version", "signal", "statistic")
_LEVELS: Final = {"steady": 0, "watch": 1, "alert": 2}
_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class ServingMetrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "ticketyard_serving_answers",
            "Answers by route and status.",
            ("route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "ticketyard_serving_answer_seconds",
            "Time to answer by route.",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._records = self._gauge("tail_records", "Records that the tail has read since the start.")
        self._refused = self._gauge("tail_refused_records", "Records among them that could not be read.")
        self._switches = self._gauge("run_switches", "Batch runs served since the start.")
        self._lag = self._gauge("tail_lag_records", "Records in Kafka that the tail has not read yet.")
        self._freshness = self._gauge("freshness_seconds", "Age of the watermark; NaN before there is one.")
        self._complete = self._gauge("complete", "1 where answers lack nothing, else 0.")
        self._gaps = self._gauge("gaps", "Gaps that answers report.")
        self._sql = self._gauge(
            "sql_processes", "Processes of SQL, idle or at work; none before the first statement."
        )
        self._alive = self._gauge("tail_alive", "1 while the tail's thread runs.")
        self._distance = self._drift("distance", "Drift in the newest judged week, as the batch run has it.")
        self._level = self._drift("level", "Its level: 0 steady, 1 watch, 2 alert.")

    def _gauge(self, name: str, doc: str) -> Gauge:
        return Gauge(f"ticketyard_serving_{name}", doc, registry=self.registry)

    def _drift(self, name: str, doc: str) -> Gauge:
        return Gauge(f"ticketyard_model_drift_{name}", doc, _DRIFT_LABELS, registry=self.registry)

    def observe(
        self, status: TailStatus, state: ServedState, metadata: AnswerMetadata, sql_processes: int
    ) -> None:
        """Take over the state that the next scrape shows."""
        self._records.set(status.records)
        self._refused.set(status.refused)
        self._switches.set(status.switches)
        self._lag.set(status.lag)
        self._freshness.set(float("nan") if metadata.freshness_s is None else metadata.freshness_s)
        self._complete.set(metadata.complete)
        self._gaps.set(len(state.gaps))
        self._alive.set(status.alive)
        self._sql.set(sql_processes)

    def observe_drift(self, findings: Iterable[Mapping[str, Any]]) -> None:
        """Take over the newest rows of `model_drift`; what is no longer among them is no longer shown."""
        self._distance.clear()
        self._level.clear()
        for row in findings:
            labels = [row[name] for name in _DRIFT_LABELS]
            self._distance.labels(*labels).set(row["distance"])
            self._level.labels(*labels).set(_LEVELS[row["level"]])


class AnswerTimer(ASGIMiddleware):
    """Counts and times every answer under its route's template."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, metrics: ServingMetrics) -> None:
        self._metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on and take its time."""
        started = time.perf_counter()
        status = 500

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await next_app(scope, receive, noting_send)
        finally:
            route = scope.get("path_template") or "unknown"
            self._metrics.answers.labels(route, status).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - started)
