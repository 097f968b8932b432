"""100,000 open tickets with running clocks in one partition: the start, and how late what is due is told.

Run from the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/sla_clocks.py`. The real engine of the stage
runs over a state in memory, with watermarks as triage tells them; Kafka is not in it. Time is the CPU time that the
process uses and the pauses between watermarks, so the figures are those of a core of its own, however busy the machine.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from statistics import quantiles

import msgspec
from prometheus_client import CollectorRegistry

from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import load_sla_policies
from schemas.fold import Fact
from schemas.records.derived import Origin, WatermarkAdvanced
from schemas.records.derived.alerts import SlaAlert
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.topics import Topic
from schemas.triage import Triage
from streams.foundation.fault_points import never
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Record, TopicRole
from streams.foundation.settings import StreamSettings
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.partition import CasesPartition
from streams.stages.cases.state import TicketState, ticket_key
from streams.steps.engine import StepEngine
from tests.unit.schemas.ticket_facts import SCORED, opened
from tests.unit.streams.logic_driver import PARTITIONS, NoPositions, body_of
from tests.unit.streams.memory_log import MemoryLog

TICKETS = 100_000
ALERTS_A_SECOND = 100
SECONDS = 20
FIRST_DUE = datetime(2026, 3, 2, 9, tzinfo=UTC)
NAME = "tickets.enriched"
SETTINGS = StreamSettings()
POLICIES = load_sla_policies()
RULES = CaseRules(clocks=(SlaDueClock(policies=POLICIES),), progress=True, sla=POLICIES)
CLOCKS = Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=60), rules=RULES)
WARNED_AFTER = timedelta(hours=2) * 0.8
"""The packaged first reply of a ticket of priority high."""


class Clock:
    """The time of day in the bench: from the first due moment on, the CPU time that was used and what was paused."""

    def __init__(self) -> None:
        self._began = time.process_time()
        self._paused = 0.0

    def __call__(self) -> datetime:
        """Return now."""
        return FIRST_DUE + timedelta(seconds=time.process_time() - self._began + self._paused)

    def begin(self) -> None:
        """Let the first clock be due now."""
        self._began = time.process_time()

    def pause(self, seconds: float) -> None:
        """Let so much time pass without any work."""
        self._paused += seconds


def state_of(number: int, opened_at: datetime, triage: Triage) -> tuple[str, bytes]:
    """Return the entry of a ticket that was opened at a moment."""
    body = opened(ticket_id=f"T-{number:06d}", subject="Where is it?")
    fact = Fact(
        id="e", type="TicketOpened", source="crm", time=opened_at, body=body, triage=triage, life=number
    )
    row = RULES.fold(None, fact)
    entry = TicketState(row=row, seen={"0123456789abcdef": "0123456789abcdef"}, handled_at=opened_at)
    return ticket_key(row.ticket_id), msgspec.json.encode(entry)


def engine_on(log: MemoryLog, clock: Clock) -> StepEngine:
    """Return an engine of the stage on the wall clock; its input is partition 0."""
    return StepEngine(
        stage="cases",
        partition=0,
        new_logic=lambda: CasesPartition(CLOCKS),
        roles={NAME: TopicRole(topic=Topic.TICKETS_ENRICHED, topic_id="id")},
        partitions=PARTITIONS,
        state_log=log,  # type: ignore[arg-type]  # a fake with the same methods
        outbox=log,  # type: ignore[arg-type]  # as above
        positions=NoPositions(),
        metrics=StageMetrics("cases", CollectorRegistry()),
        clock=clock,
        clock_mode="wall",
        reached=never,
    )


def told(offset: int, now: datetime) -> Record:
    """Return what triage says of the time of an idle partition."""
    body = WatermarkAdvanced(
        source_partition=0, watermark=now - timedelta(seconds=SETTINGS.watermark_grace_s)
    )
    headers = encode_headers(
        Envelope(id=str(offset), type="WatermarkAdvanced", source="ticketyard/triage", time=now)
    )
    origin = Origin(topic_id="id", partition=0, offset=offset, timestamp_ms=int(now.timestamp() * 1000))
    return Record(
        topic=Topic.TICKETS_ENRICHED, origin=origin, key=b"0", value=encode_body(body), headers=headers
    )


def main() -> None:
    """Fill the state, start, and let clocks fall due for some seconds."""
    log, clock = MemoryLog(), Clock()
    for number in range(TICKETS):
        due = FIRST_DUE + timedelta(seconds=number / ALERTS_A_SECOND)
        key, value = state_of(number, due - WARNED_AFTER, SCORED)
        log.entries[key] = value
    engine, started = engine_on(log, clock), time.process_time()
    engine.open()
    say(f"{TICKETS:,} open tickets restored in {time.process_time() - started:.2f} s of one core")
    offset, began = 0, time.process_time()
    clock.begin()
    while clock() < FIRST_DUE + timedelta(seconds=SECONDS):
        done = engine.step([told(offset, clock())])
        offset += 1
        while done.more:
            done = engine.step([])
        clock.pause(SETTINGS.watermark_interval_s)
    used = time.process_time() - began
    late = [
        body.late_s
        for sent in log.sent
        if sent.topic is Topic.TICKETS_ALERTS and isinstance(body := body_of(sent), SlaAlert)
    ]
    ninety_nine = quantiles(late, n=100)[98]
    say(
        f"{len(late):,} alerts at {ALERTS_A_SECOND} a second: told after p50 {quantiles(late, n=2)[0]:.2f} s, "
        f"p99 {ninety_nine:.2f} s, at most {max(late):.2f} s; {1000 * used / len(late):.2f} ms of one core an alert"
    )


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
