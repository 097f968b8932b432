"""What the bench reads of the workers' metrics."""

import math

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from streams.foundation.metrics import OnePage, StageMetrics
from tests.bench.latency_shares import PartTimes


def test_percentiles_are_read_from_the_pages_of_all_workers() -> None:
    """Within a bucket they are interpolated; a part that no step had is no number."""
    cases, routing = (StageMetrics(stage, CollectorRegistry()) for stage in ("cases", "routing"))
    for _ in range(10):
        cases.waited("fetch", 0.012)
        routing.waited("outbox", 0.0001)
    times = PartTimes(generate_latest(OnePage([stage])).decode() for stage in (cases, routing))
    assert times.percentile_ms("cases", "fetch", 0.5) == pytest.approx(12.5)
    assert times.percentile_ms("routing", "outbox", 1.0) == pytest.approx(0.5)
    assert math.isnan(times.percentile_ms("triage", "fetch", 0.5))
    assert times.told().startswith("triage fetch nan, queue nan")
