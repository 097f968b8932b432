"""Several workers a stage, one of them lost; and the broker itself killed: nothing lost, nothing visible twice."""

import sys
from pathlib import Path

import pytest

from tests.chaos.chaos_run import ChaosRun, chaos_run
from tests.stage_harness import wait_for

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

TICKETS = 1800
SECONDS = 72


def test_workers_are_taken_over_and_the_broker_comes_back(
    tmp_path: Path, small_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two workers of a stage is lost and comes back; then Kafka itself is killed twice in the middle of traffic.

    The other worker gets its partitions until it is back; producers and workers go on where they were.
    """
    workers = {"cases_workers": 2, "routing_workers": 2}
    with chaos_run(tmp_path, small_bundle, monkeypatch, tickets=TICKETS, seconds=SECONDS, **workers) as run:
        for name in ("cases", "cases-2", "routing", "routing-2"):
            _wait_for_a_share(run, name)
        run.traffic.start()
        _lose_workers(run)
        _lose_the_broker(run)
        _verify(run)
        assert run.pipeline.supervisor.restarts("kafka") == 2


def _lose_workers(run: ChaosRun) -> None:
    """Kill a worker each of two stages and keep it away until the other owns all partitions; then let it come back."""
    run.wait_for_published(run.traffic.held_back_at // 8)
    for lost, other in (("cases", "cases-2"), ("routing-2", "routing")):
        run.take_over(lost, other, partitions=4)
    run.wait_for_published(run.traffic.held_back_at * 3 // 8)
    run.pipeline.supervisor.start_parts(["cases", "routing-2"])
    for name in ("cases-2", "routing"):
        _wait_for_a_share(run, name)


def _lose_the_broker(run: ChaosRun) -> None:
    for share in (4, 6):
        run.wait_for_published(run.traffic.held_back_at * share // 8)
        run.wait_for_output("routing")
        run.kill("kafka")
        wait_for(lambda: run.part("kafka").state == "running", "the broker to answer again", 120)


def _verify(run: ChaosRun) -> None:
    findings = run.settle()
    summary = run.summary(findings)
    sys.stdout.write(f"{summary}\n")
    assert findings.faults == {}, summary
    assert findings.figures.get("tickets.dead", 0) == 0, summary
    assert findings.figures["tickets.events"] == run.traffic.ticket_events, summary


def _wait_for_a_share(run: ChaosRun, name: str) -> None:
    wait_for(lambda: 0 < len(run.owned(name)) < 4, f"{name} to own a part of the partitions", 120)
