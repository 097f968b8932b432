"""Metrics for Prometheus: answers, events, what waits, and how long the broker takes."""

from typing import Final

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.intake.room import Room

_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class IntakeMetrics:
    """The metrics of one door, in a registry of their own."""

    def __init__(self, room: Room) -> None:
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "ticketyard_intake_answers", "Answers by status.", ("status",), registry=self.registry
        )
        self.events = Counter(
            "ticketyard_intake_events",
            "Events that Kafka has acknowledged.",
            ("type",),
            registry=self.registry,
        )
        self.repeated = Counter(
            "ticketyard_intake_repeated_events",
            "Events that had come before, answered without being sent again.",
            registry=self.registry,
        )
        self.seconds = Histogram(
            "ticketyard_intake_acknowledgement_seconds",
            "Time from a request's body to the broker's acknowledgement of all of it.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._gauge("requests", "Requests that are not answered yet.").set_function(lambda: room.requests)
        self._gauge("request_bytes", "Bytes that their bodies may have.").set_function(lambda: room.bytes)

    def _gauge(self, name: str, doc: str) -> Gauge:
        return Gauge(f"ticketyard_intake_{name}", doc, registry=self.registry)


class AnswerCounter(ASGIMiddleware):
    """Counts answers by status."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, metrics: IntakeMetrics) -> None:
        self._metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on, and look at the status of its answer."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answers.labels(str(message["status"])).inc()
            await send(message)

        await next_app(scope, receive, counted)
