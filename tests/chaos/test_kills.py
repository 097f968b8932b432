"""Workers killed under load: nothing lost, nothing visible twice, no decision made twice, no agent above capacity."""

import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from streams.foundation.fault_points import FaultPoint
from tests.chaos.chaos_run import chaos_run
from tests.chaos.topic_records import Message
from tests.chaos.verifier import verify

STAGES = ["triage", "cases", "routing", "roster", "customers"]
TICKETS = 5000
KILLS = 12
DEATHS = 3

pytestmark = pytest.mark.chaos


@pytest.mark.timeout(900)
def test_workers_killed_at_random_and_between_transaction_and_outbox(
    tmp_path: Path, small_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5,000 tickets while workers die every few seconds: the verifier finds no fault of any kind."""
    random = Random(41)
    with chaos_run(tmp_path, small_bundle, monkeypatch, tickets=TICKETS, seconds=180) as run:
        run.traffic.start()
        # First, as a worker only comes to a point while there is traffic; kills at random go on without.
        run.die_at(
            {"cases": (FaultPoint.AFTER_TRANSACTION, 4), "routing": (FaultPoint.IN_OUTBOX, 2)}, deaths=DEATHS
        )
        run.die_at(
            {"cases": (FaultPoint.IN_OUTBOX, 2), "routing": (FaultPoint.AFTER_TRANSACTION, 4)}, deaths=DEATHS
        )
        run.kill_at_random(STAGES, kills=KILLS, random=random)
        findings = run.settle()
        summary = run.summary(findings)
        tightened = verify(_with_less_capacity(run.reader.messages))
    sys.stdout.write(f"{summary}\n")
    assert findings.faults == {}, summary
    assert findings.figures.get("tickets.dead", 0) == 0, summary
    assert findings.figures["tickets.events"] == run.traffic.ticket_events, summary
    assert run.traffic.opened == TICKETS, summary
    assert len(run.random_kills) >= KILLS, summary
    assert len(run.deaths) == 4, summary
    assert all(count >= DEATHS for count in run.deaths.values()), summary
    assert findings.figures["repeated deliveries"] > 0, "no kill hit anything that had to be repeated"
    assert tightened.counts["above_capacity"] > 0, (
        "agents were never full, so capacity was never put to the test"
    )


def _with_less_capacity(messages: list[Message]) -> list[Message]:
    """Return the same run as if every agent could have one ticket less."""
    return [
        replace(message, body={**message.body, "capacity": message.body["capacity"] - 1})
        if message.topic == "agents.roster"
        else message
        for message in messages
    ]
