"""A worker's metrics for Prometheus."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, start_http_server

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PART_SECONDS: Final = (
    *(0.0005, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075),
    *(0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0),
)
"""Fine enough to tell from them where a tenth of a second goes."""

StepPart = Literal["fetch", "queue", "step", "transaction", "outbox"]
"""What a record waits for in a stage: its delivery, its turn, and the whole step, with two parts of it.

`fetch` is from the broker's time of a record to its delivery, by two clocks where the broker is another machine.
"""
Waited = Callable[[StepPart, float], None]
"""Takes the seconds that one part took."""


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
        self._parts = Histogram(
            "ticketyard_step_part_seconds",
            "What a step, and before it the record in its middle, waits for, by part.",
            ["stage", "part"],
            registry=self.registry,
            buckets=_PART_SECONDS,
        )
        self.lag = Gauge(
            "ticketyard_lag_records", "Records not yet handled.", ["stage"], registry=self.registry
        ).labels(stage)

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(f"ticketyard_{name}", text, ["stage"], registry=self.registry).labels(self.stage)

    def stepped(self, counts: Mapping[str, int], *, records: int, seconds: float) -> None:
        """Count one committed step."""
        self.handled(counts, records=records)
        self.steps.inc()
        self.step_seconds.observe(seconds)

    def handled(self, counts: Mapping[str, int], *, records: int) -> None:
        """Count what a step made of its records, whether or not there was anything to commit."""
        self.records.inc(records)
        for name, by in counts.items():
            self._events.labels(self.stage, name).inc(by)

    def waited(self, part: StepPart, seconds: float) -> None:
        """Note how long one part of a step took, or of the wait for it."""
        self._parts.labels(self.stage, part).observe(max(0.0, seconds))


class OnePage(CollectorRegistry):
    """The metrics of several stages as one page: each family once, with the samples of all."""

    def __init__(self, stages: Iterable[StageMetrics]) -> None:
        super().__init__()
        self._registries = [metrics.registry for metrics in stages]

    def collect(self) -> Iterable[Metric]:
        """Return every family."""
        families: dict[str, Metric] = {}
        for registry in self._registries:
            for family in registry.collect():
                families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                families[family.name].samples += family.samples
        return families.values()

    def serve(self, port: int) -> None:
        """Answer Prometheus on loopback at `port`."""
        start_http_server(port, addr="127.0.0.1", registry=self)
