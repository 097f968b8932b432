"""Several workers a stage, one of them lost; and the broker itself killed: nothing lost, nothing visible twice."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.pipeline import TOGETHER
from tests.chaos.chaos_run import ChaosRun, chaos_run
from tests.stage_harness import wait_for

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

TICKETS = 1000


@pytest.fixture
def run(tmp_path: Path, small_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChaosRun]:
    """Two workers each of cases and routing, and traffic of about 40 seconds."""
    workers = {"cases_workers": 2, "routing_workers": 2}
    with chaos_run(tmp_path, small_bundle, monkeypatch, tickets=TICKETS, seconds=40, **workers) as run:
        yield run


@pytest.fixture
def together(tmp_path: Path, small_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChaosRun]:
    """The stateful stages in one process, as on a small machine, and the same traffic."""
    with chaos_run(
        tmp_path, small_bundle, monkeypatch, tickets=TICKETS, seconds=40, stream_processes="two"
    ) as run:
        yield run


def _verify(run: ChaosRun) -> None:
    findings = run.settle()
    summary = run.summary(findings)
    sys.stdout.write(f"{summary}\n")
    assert findings.faults == {}, summary
    assert findings.figures.get("tickets.dead", 0) == 0, summary
    assert findings.figures["tickets.events"] == run.traffic.ticket_events, summary


def _wait_for_a_share(run: ChaosRun, name: str) -> None:
    wait_for(lambda: 0 < len(run.owned(name)) < 4, f"{name} to own a part of the partitions", 120)


def test_a_second_worker_takes_over_and_gives_back(run: ChaosRun) -> None:
    """One of two workers of a stage is killed and stays away: the other gets its partitions, until it is back."""
    for name in ("cases", "cases-2", "routing", "routing-2"):
        _wait_for_a_share(run, name)
    run.traffic.start()
    run.wait_for_published(run.traffic.held_back_at // 4)
    for lost, other in (("cases", "cases-2"), ("routing-2", "routing")):
        run.take_over(lost, other, partitions=4)
    run.wait_for_published(run.traffic.held_back_at * 3 // 4)
    run.pipeline.supervisor.start_parts(["cases", "routing-2"])
    for name in ("cases-2", "routing"):
        _wait_for_a_share(run, name)
    _verify(run)


def test_the_broker_is_killed_and_so_are_stages_of_one_process(together: ChaosRun) -> None:
    """Kill -9 of Kafka in the middle of traffic, then of three stages at once: all go on where they were."""
    run = together
    run.traffic.start()
    for share in (1, 2):
        run.wait_for_published(run.traffic.held_back_at * share // 3)
        run.wait_for_output("routing")
        run.kill("kafka")
        run.wait_for_restart("kafka")
        run.wait_for_output("kafka")
        run.kill(TOGETHER)
    _verify(run)
    assert run.pipeline.supervisor.restarts("kafka") >= 2
    assert run.pipeline.supervisor.restarts(TOGETHER) >= 2
