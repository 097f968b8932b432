"""What a worker counts, for Prometheus."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class StageMetrics:
    """The metrics of one stage in one worker."""

    def __init__(self, stage: str, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._events = Counter(
            "ticketyard_stage_events",
            "What the stage counted, by name.",
            ["stage", "name"],
            registry=self.registry,
        )
        self.stage = stage
        self.records = self._counter("records", "Records handled.")
        self.steps = self._counter("steps", "Steps committed.")
        self.repeated = self._counter("repeated", "Records delivered again and skipped.")
        self.jumps = self._counter(
            "offset_jumps", "Times that delivered offsets jumped and the gap was read."
        )
        self.failed_commits = self._counter(
            "failed_commits", "Offset commits that failed and are tried again."
        )
        self.timers_set_aside = self._counter(
            "timers_set_aside", "Timers that raised and wait for the next start of the worker."
        )
        self.step_seconds = Histogram(
            "ticketyard_step_seconds",
            "From taking a step's records to its outbox acknowledged.",
            ["stage"],
            registry=self.registry,
            buckets=_SECONDS,
        ).labels(stage)
        self.lag = Gauge(
            "ticketyard_lag_records", "Records not yet handled.", ["stage"], registry=self.registry
        ).labels(stage)

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(f"ticketyard_{name}", text, ["stage"], registry=self.registry).labels(self.stage)

    def stepped(self, counts: Mapping[str, int], *, records: int, seconds: float) -> None:
        """Count one committed step."""
        self.records.inc(records)
        self.steps.inc()
        self.step_seconds.observe(seconds)
        for name, by in counts.items():
            self._events.labels(self.stage, name).inc(by)

    def serve(self, port: int) -> None:
        """Answer Prometheus on loopback at `port`."""
        start_http_server(port, addr="127.0.0.1", registry=self.registry)
