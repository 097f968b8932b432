"""History sent all at once, on the event clock: triage tells the time, and cases hears it before it handles."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from casework.durations import duration
from infra.local.kafka import LocalKafka
from schemas.records.derived import TicketLogged
from schemas.records.derived.alerts import TicketEscalated
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import (
    TICKET_EVENTS,
    MessageAdded,
    TicketEvent,
    TicketMerged,
    TicketOpened,
    TicketResolved,
)
from schemas.records.partitioning import partition_for
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.vocabulary import Author, Channel, Status
from tests.stage_harness import Reading, StageHarness, wait_for

START = datetime(2024, 3, 4, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def harness(
    kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory, small_bundle: Path
) -> Iterator[StageHarness]:
    """Triage and cases on the event clock; two days after a resolution a ticket is closed."""
    harness = StageHarness(
        kafka.bootstrap_servers,
        tmp_path_factory.mktemp("history"),
        models_uri=str(small_bundle.parent),
        clock="event",
        close_after_days=2,
    )
    harness.announce_model(small_bundle)
    for stage in ("triage", "cases"):
        harness.start("-m", "streams", stage, worker_id=stage)
    yield harness
    harness.stop()


def _send(harness: StageHarness, body: TicketEvent, day: float) -> None:
    time = START + timedelta(days=day)
    kind = type(body).__name__
    envelope = Envelope(id=f"{body.ticket_id}/{kind}/{day}", type=kind, source="export", time=time)
    partition = partition_for(body.ticket_id, 4)
    harness.send(
        Topic.TICKETS_EVENTS,
        body.ticket_id,
        encode_body(body),
        partition=partition,
        headers=encode_headers(envelope),
    )


def _opened(ticket_id: str) -> TicketOpened:
    return TicketOpened(
        ticket_id=ticket_id, customer_id="C-1", channel=Channel.EMAIL, text="Where is my refund?"
    )


def _message(ticket_id: str) -> MessageAdded:
    return MessageAdded(ticket_id=ticket_id, author=Author.CUSTOMER, author_id="C-1", text="It came back.")


def _all_of(reading: Reading, ticket_id: str) -> list[TicketLogged]:
    entries = [msgspec.json.decode(record.value(), type=TicketLogged) for record in reading.more()]
    return [entry for entry in entries if entry.ticket_id == ticket_id]


def _log_of(reading: Reading, ticket_id: str) -> list[TicketLogged]:
    """Return a ticket's log without what rules say of it in between."""
    said = TICKET_EVENTS.keys() - {"TicketDeescalated"}
    return [entry for entry in _all_of(reading, ticket_id) if entry.event.type in said]


def test_an_objection_after_the_clock_finds_the_ticket_closed(harness: StageHarness) -> None:
    """Paced, the ticket closed on day 2 and the objection of day 3 reopened it; at full speed it was never closed.

    The other partitions are silent: one of them stopped every clock.
    """
    _send(harness, _opened("H-1"), 0)
    _send(harness, TicketResolved(ticket_id="H-1"), 0.1)
    _send(harness, _message("H-1"), 3)
    harness.flush()
    with harness.reading(Topic.TICKETS_LOG) as reading:
        wait_for(lambda: len(_log_of(reading, "H-1")) == 4, "the log of the ticket")
        log = _log_of(reading, "H-1")
    assert [(entry.event.type, entry.after.status) for entry in log] == [
        ("TicketOpened", Status.NEW),
        ("TicketResolved", Status.RESOLVED),
        ("TicketClosed", Status.CLOSED),
        ("MessageAdded", Status.NEW),
    ]
    assert log[2].after.closed_at == START + timedelta(days=2.1)


def test_a_message_on_a_merged_ticket_reaches_another_partition(harness: StageHarness) -> None:
    """What cases sends on goes through its own input, as the ticket in its place is somebody else's."""
    one = "H-2"
    other = next(
        name for name in (f"H-{n}" for n in range(3, 99)) if partition_for(name, 4) != partition_for(one, 4)
    )
    for ticket_id in (one, other):
        _send(harness, _opened(ticket_id), 10)
    _send(harness, TicketMerged(ticket_id=one, into_ticket_id=other), 10.1)
    _send(harness, TicketResolved(ticket_id=other), 10.2)
    _send(harness, _message(one), 10.3)
    harness.flush()
    with harness.reading(Topic.TICKETS_LOG) as reading:
        wait_for(
            lambda: (
                {"TicketResolved", "MessageAdded"} <= {entry.event.type for entry in _log_of(reading, other)}
            ),
            "the log of the ticket in its place",
        )
        log = _log_of(reading, other)
    assert "ticketyard/cases" in {entry.event.source for entry in log}  # before the resolution or after it
    assert (log[-1].after.customer_messages, log[-1].after.work) == (1, Work.WANTED)


def test_a_rule_escalates_at_its_moment_and_tells_it_as_an_alert(harness: StageHarness) -> None:
    """History came all at once; between two events days apart the ticket was old. What is told is what is logged."""
    _send(harness, _opened("H-E"), 20)
    _send(harness, _message("H-E"), 26)
    harness.flush()

    def fired(reading: Reading) -> list[tuple[str, TicketEscalated]]:
        records = [(dict(record.headers() or []), record) for record in reading.more()]
        found = [record for headers, record in records if headers.get("ce_type") == b"TicketEscalated"]
        alerts = [(dict(record.headers())["ce_id"].decode(), record.value()) for record in found]
        decoded = [(name, msgspec.json.decode(value, type=TicketEscalated)) for name, value in alerts]
        return [
            (name, alert)
            for name, alert in decoded
            if (alert.ticket_id, alert.rule) == ("H-E", "open_too_long")
        ]

    with harness.reading(Topic.TICKETS_ALERTS) as alerts:
        wait_for(lambda: bool(fired(alerts)), "the alert")
        ((name, alert),) = fired(alerts)
    with harness.reading(Topic.TICKETS_LOG) as reading:
        wait_for(lambda: len(_log_of(reading, "H-E")) == 2, "the log of the old ticket")
        (entry,) = [entry for entry in _all_of(reading, "H-E") if entry.event.id == name]
    assert (entry.event.type, alert.owner, alert.level) == ("TicketEscalated", "team_leads", 1)
    assert entry.revision > 1
    limit = alert.reason.split("over ")[1].split(" (")[0]
    assert entry.event.time == START + timedelta(days=20) + duration(limit)
