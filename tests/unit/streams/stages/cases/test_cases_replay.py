"""History replayed in event time: the same log of every ticket, at any pace and on any number of partitions."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import parse_sla_policies
from schemas.records.derived import TicketLogged
from schemas.records.envelope import WATERMARK_HEADER
from schemas.records.events import (
    MessageAdded,
    SurveyAnswered,
    TicketClosed,
    TicketEvent,
    TicketOpened,
    TicketReopened,
    TicketResolved,
)
from schemas.records.partitioning import partition_for
from schemas.records.topics import Topic
from schemas.vocabulary import Author, Channel, Status
from streams.foundation.fault_points import never
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Record, TopicRole
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.partition import CasesPartition
from streams.stages.triage.source_watermark import SourceWatermark
from streams.steps.engine import StepEngine
from streams.steps.isolation import TIMERS_IN_A_STEP
from tests.unit.schemas.ticket_facts import minute
from tests.unit.streams.logic_driver import PARTITIONS, NoPositions, body_of
from tests.unit.streams.memory_log import MemoryLog
from tests.unit.streams.ticket_records import enriched, escalating

TICKETS = [f"T-{number}" for number in range(5)]
LAST = [f"last-{number}" for number in range(40)]
"""Tickets that are opened at the end of time, in every partition, so that all clocks of the others run out."""

TARGETS = "{low: 15 min, medium: 7 min, high: 3 min, urgent: 2 min, critical: 1 min}"
PROMISES = parse_sla_policies(
    f"""
version: "1"
policies:
  - name: all
    targets: {{first_reply: {TARGETS}, next_reply: {TARGETS}, total_resolution: {TARGETS}}}
""".encode(),
    source="sla.yaml",
)
ESCALATING = escalating(timedelta(minutes=20))
CLOCKS = Clocks(
    rules=replace(ESCALATING, clocks=(SlaDueClock(policies=PROMISES), *ESCALATING.clocks), sla=PROMISES),
    retire_after=timedelta(minutes=30),
    forget_after=timedelta(minutes=40),
)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
NAME = "tickets.enriched"
Happening = tuple[TicketEvent, int]


def engine_on(log: MemoryLog, partition: int) -> StepEngine:
    engine = StepEngine(
        stage="cases",
        partition=partition,
        new_logic=lambda: CasesPartition(CLOCKS),
        roles={NAME: TopicRole(topic=Topic.TICKETS_ENRICHED, topic_id="id")},
        partitions=PARTITIONS,
        state_log=log,  # type: ignore[arg-type]  # a fake with the same methods
        outbox=log,  # type: ignore[arg-type]  # as above
        positions=NoPositions(),
        metrics=StageMetrics("cases", CollectorRegistry()),
        clock=lambda: NOW,
        clock_mode="event",
        reached=never,
    )
    engine.open()
    return engine


def passed_on(history: Sequence[Happening], partition: int, count: int) -> list[Record]:
    """Return what triage makes of one partition of tickets.events."""
    source = SourceWatermark(clock_mode="event", interval_s=0.25, grace_s=2.0)
    records: list[Record] = []
    for number, (body, at) in enumerate(history):
        if partition_for(body.ticket_id, count) == partition:
            record = enriched(body, len(records), at=at, event_id=f"e-{number}")
            told = source.passed_on(minute(at), NOW).isoformat().encode()
            records.append(replace(record, headers=[*record.headers, (WATERMARK_HEADER, told)]))
    return records


def replayed(history: Sequence[Happening], count: int, random: Random | None) -> dict[str, list[Any]]:
    """Return each ticket's log.

    With `random`, records come in steps of any size, with room for one timer or for all, before the timers that the
    last step left over or after them, and workers start anew in between.
    """
    logs: dict[str, list[Any]] = {name: [] for name in TICKETS}
    for partition in range(count):
        log, records = MemoryLog(), passed_on(history, partition, count)
        engine = engine_on(log, partition)
        while records:
            taken = len(records) if random is None else random.randint(1, 4)
            room = TIMERS_IN_A_STEP if random is None else random.choice((1, TIMERS_IN_A_STEP))
            with patch("streams.steps.engine.TIMERS_IN_A_STEP", room):
                done = engine.step(records[:taken])
            del records[:taken]
            while done.more and (random is None or not records or random.random() < 0.5):
                done = engine.step([])
            if random is not None and random.random() < 0.2:
                engine = engine_on(log, partition)
        for sent in log.sent:
            logged = body_of(sent)
            if isinstance(logged, TicketLogged) and logged.ticket_id in logs:
                logs[logged.ticket_id].append(logged)
    return {name: _comparable(entries) for name, entries in logs.items()}


def _comparable(entries: list[TicketLogged]) -> list[Any]:
    """Return a ticket's log with its lives counted: their numbers are offsets, which depend on the partitions."""
    lives = sorted({entry.life for entry in entries})
    return [
        (
            lives.index(entry.life),
            entry.event.time,
            entry.event.type,
            msgspec.structs.asdict(replace(entry.after, life=lives.index(entry.life))),
        )
        for entry in entries
    ]


def _history(happenings: Sequence[Happening]) -> list[Happening]:
    ends: list[Happening] = [(_opened(name), 10_000) for name in LAST]
    return [*sorted(happenings, key=lambda happening: happening[1]), *ends]


def _opened(ticket_id: str) -> TicketOpened:
    return TicketOpened(ticket_id=ticket_id, customer_id="C-1", channel=Channel.EMAIL)


_ticket = st.sampled_from(TICKETS)
_bodies: st.SearchStrategy[TicketEvent] = st.one_of(
    st.builds(_opened, _ticket),
    st.builds(TicketResolved, ticket_id=_ticket),
    st.builds(TicketResolved, ticket_id=_ticket),
    st.builds(TicketClosed, ticket_id=_ticket),
    st.builds(TicketReopened, ticket_id=_ticket),
    st.builds(MessageAdded, ticket_id=_ticket, author=st.sampled_from(list(Author)), author_id=st.just("P")),
    st.builds(SurveyAnswered, ticket_id=_ticket, score=st.integers(1, 5)),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(_bodies, st.integers(0, 200)), max_size=25),
    st.sampled_from((1, 2, 3, 4)),
    st.randoms(use_true_random=False),
)
def test_pace_partitions_and_restarts_make_no_difference(
    happenings: list[Happening], count: int, random: Random
) -> None:
    """Clocks fire between the same two events of a ticket, whatever comes beside it and however fast."""
    history = _history(happenings)

    assert replayed(history, count, random) == replayed(history, 1, None)


def test_an_objection_after_the_clock_reopens_at_full_speed_too() -> None:
    """Resolved at minute 0, closed after 20, objection at minute 30: paced it was closed first, at full speed never."""
    message = MessageAdded(ticket_id="T-0", author=Author.CUSTOMER, author_id="C-1", text="It came back.")
    history = _history([(_opened("T-0"), 0), (TicketResolved(ticket_id="T-0"), 0), (message, 30)])
    for count in (1, 4):
        for random in (None, Random(1)):
            rows = [
                (kind, after["status"])
                for _, _, kind, after in replayed(history, count, random)["T-0"]
                if "scalated" not in kind and not kind.startswith("Sla")
            ]
            assert rows == [
                ("TicketOpened", Status.NEW),
                ("TicketResolved", Status.RESOLVED),
                ("TicketClosed", Status.CLOSED),
                ("MessageAdded", Status.NEW),
            ]
