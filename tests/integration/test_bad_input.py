"""Whatever a record holds, it has a defined result: nothing stops a partition and nothing is lost.

One run of all stages gets every kind of bad record (broken_records.py) between good ones; each test looks at what
became of one kind. docs/bad-input.md lists the kinds.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from infra.local.kafka import LocalKafka
from schemas.records.derived import TicketTriaged, WatermarkAdvanced
from schemas.records.ticket_row import Said
from schemas.records.topics import Topic
from schemas.vocabulary import Priority, Status
from serving.tail.rows import ARROW_SCHEMAS, TailRecord, arrow_table, decode_records
from streams.foundation.record import headers_of
from streams.foundation.size_limit import HEAD_BYTES
from tests.integration.bad_input_run import BadInputRun, bad_input_run
from tests.integration.broken_records import BROKEN, GOOD, MEGABYTE, NotText, opened
from tests.stage_harness import wait_for


@pytest.fixture(scope="module")
def run(
    kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory, small_bundle: Path
) -> Iterator[BadInputRun]:
    """The shared run, when all that was sent has had its effect."""
    with bad_input_run(kafka.bootstrap_servers, tmp_path_factory.mktemp("bad"), small_bundle) as run:
        yield run


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_is_a_dead_letter_with_its_reason(run: BadInputRun, name: str) -> None:
    """Whole, with where it was read, by which stage, which error and a message that names the culprit."""
    broken = BROKEN[name]
    letter, about = run.letters()[broken.topic, *run.places[name]]
    assert (broken.stage, broken.error) == (about.stage, about.error)
    assert broken.words in about.message
    assert len(about.message) <= 2000
    if broken.error == "EventTooLarge":
        assert about.value_bytes == len(broken.value or b"")
        assert about.value_sha256 == hashlib.sha256(broken.value or b"").hexdigest()
        assert letter.value() == (broken.value or b"")[:HEAD_BYTES]
    else:
        assert about.value_bytes is None
        assert (broken.value or b"") == (letter.value() or b"")
    assert broken.key == about.key
    if any(isinstance(header, NotText) for header, _value in broken.headers):
        assert ("na\ufffdme", b"1") in about.headers
    else:
        assert tuple(broken.headers) == about.headers
    assert about.topic_id
    assert abs(about.timestamp_ms / 1000 - datetime.now(UTC).timestamp()) < 900


def test_nothing_else_died(run: BadInputRun) -> None:
    """Beside the broken records only the second, different event of an id is a letter."""
    places = {(broken.topic, *run.places[name]) for name, broken in BROKEN.items()}
    others = [about for place, (_letter, about) in run.letters().items() if place not in places]
    assert [(about.stage, about.error) for about in others] == [("cases", "DuplicateConflict")]


def test_the_good_events_around_each_arrive(run: BadInputRun) -> None:
    """Each exactly once in tickets.log, triaged."""
    for ticket_id in GOOD:
        (logged,) = run.logged(ticket_id)
        assert opened(ticket_id) == bytes(logged.event.body)
        assert logged.triage is not None
        assert logged.triage.model_version


def test_no_partition_stops_and_no_worker_ends(run: BadInputRun) -> None:
    """Every stage comes to the end of its inputs, in the process that was started."""
    run.workers_live()
    assert "worker.ends" not in run.harness.log()
    inputs = {
        "triage": [Topic.TICKETS_EVENTS],
        "cases": [Topic.TICKETS_DECISIONS],
        "routing": [Topic.TICKETS_WORK, Topic.AGENTS_ROSTER],
        "roster": [Topic.AGENTS_EVENTS, Topic.AGENTS_HOLDINGS],
        "customers": [Topic.CUSTOMERS_WORK, Topic.CUSTOMERS_EVENTS],
    }
    for stage, topics in inputs.items():
        for topic in topics:
            wait_for(lambda stage=stage, topic=topic: run.lag(stage, topic) == 0, f"{stage} read {topic}")  # type: ignore[misc]


def test_agents_between_garbage_get_work(run: BadInputRun) -> None:
    """Roster and routing go on: tickets are assigned to agents who were hired before and after the garbage."""
    with run.harness.reading(Topic.TICKETS_DECISIONS) as decisions:
        kinds = [dict(headers_of(record)).get("ce_type") for record in decisions.wait(len(GOOD))]
    assert kinds.count(b"TicketAssigned") > 0


def test_empty_text_is_triaged_as_such(run: BadInputRun) -> None:
    """A ticket without words goes to people, with the reason."""
    (logged,) = run.logged("empty")
    assert logged.triage is not None
    assert (
        logged.after.team,
        logged.triage.decided_by,
        logged.triage.reasons,
    ) == ("triage", "source", ("empty_text",))


def test_a_megabyte_of_text_is_triaged_by_its_beginning_and_kept_whole(run: BadInputRun) -> None:
    """Scoring reads the beginning and says so; the log has every character."""
    (logged,) = run.logged("megabyte")
    assert logged.triage is not None
    assert "truncated" in logged.triage.reasons
    assert json.loads(bytes(logged.event.body))["text"] == MEGABYTE


def test_nul_characters_are_characters(run: BadInputRun) -> None:
    """In ids and in text they come through unchanged."""
    (logged,) = run.logged("nul\x00id")
    assert logged.event.id == "nul\x00event"
    assert opened("nul\x00id", text="a\x00b") == bytes(logged.event.body)
    assert logged.triage is not None


def test_the_key_is_not_asked(run: BadInputRun) -> None:
    """A ticket's partition follows from the body, so a key that is not UTF-8 does no harm."""
    (logged,) = run.logged("key")
    assert logged.after.ticket_id == "key"


def test_an_event_of_an_unknown_ticket_starts_a_resumed_one(run: BadInputRun) -> None:
    """A customer's word is never dropped: the row says that what was before is not known."""
    (logged,) = run.logged("unknown")
    assert logged.before is None
    assert logged.after.resumed
    assert (logged.after.status, logged.after.customer_messages) == (Status.NEW, 1)


def test_the_first_event_of_an_id_wins(run: BadInputRun) -> None:
    """The same again is dropped; another content under the same id is a letter, and the ticket goes on."""
    first, resolved = run.logged("twice")
    assert opened("twice", text="refund me") == bytes(first.event.body)
    assert resolved.event.type == "TicketResolved"
    assert resolved.revision > first.revision
    (conflict,) = (
        (letter, about) for letter, about in run.letters().values() if about.error == "DuplicateConflict"
    )
    letter, about = conflict
    assert (about.stage, about.topic) == ("cases", "tickets.enriched")
    passed_on = msgspec.json.decode(letter.value(), type=TicketTriaged)
    assert opened("twice", text="something else") == bytes(passed_on.event.body)
    assert "same" in about.message


def test_an_id_is_its_tickets(run: BadInputRun) -> None:
    """The same id for another ticket is another event."""
    (logged,) = run.logged("other")
    assert (logged.event.id, logged.after.ticket_id) == ("same", "other")


def test_late_events_do_not_overwrite_newer_ones(run: BadInputRun) -> None:
    """Event time decides: what was said last stands, what comes late is logged and counted."""
    logged = run.logged("order")
    assert [entry.event.id for entry in logged] == [
        "order-10",
        "order-20",
        "order-5",
        "order-15",
        "order-opened",
    ]
    priorities = [entry.after.priority for entry in logged]
    assert priorities == [Priority.HIGH, Priority.HIGH, *[Priority.CRITICAL] * 3]
    last = logged[-1].after
    assert (last.late_events, last.resumed, last.priority_said_by) == (2, False, Said.PEOPLE)
    assert last.opened_at < logged[0].after.opened_at


def test_an_event_from_the_future_moves_no_clock(run: BadInputRun) -> None:
    """The watermark stays behind the clock, so no timer fires early."""
    with run.harness.reading(Topic.TICKETS_ENRICHED) as enriched:
        found = [(dict(headers_of(record)), record.value()) for record in enriched.wait(len(GOOD))]
    watermarks = [
        msgspec.json.decode(value, type=WatermarkAdvanced).watermark
        for headers, value in found
        if headers.get("ce_source") == b"ticketyard/triage" and headers["ce_type"] == b"WatermarkAdvanced"
    ]
    assert max(watermarks) <= datetime.now(UTC)


def test_bad_announcements_do_not_stop_triage(run: BadInputRun) -> None:
    """Each is refused by name, and a worker that starts after them takes the last model that can be loaded."""
    log = run.harness.log()
    for version in ("wrong-sum", "tampered", "nowhere", "nul"):
        assert f'"version": "{version}"' in log
    assert log.count("models.bad_announcement") == 2
    (logged,) = run.logged(GOOD[0])
    assert logged.triage is not None
    before = logged.triage.model_version
    run.announce("wrong-again", "good", "1" * 64)
    wait_for(lambda: '"version": "wrong-again"' in run.harness.log(), "the model refused")
    run.event("last", "TicketOpened", opened("last"))
    run.wait_until_done({*GOOD, "last"}, len(BROKEN) + 1)
    (last,) = run.logged("last")
    assert last.triage is not None
    assert last.triage.model_version == before


def test_what_is_left_in_the_logs_can_be_served(run: BadInputRun) -> None:
    """Views can be made of every record: none is refused, and its values fit the columns."""
    records = [
        TailRecord(
            topic=topic,
            partition=message.partition(),
            offset=message.offset(),
            timestamp_ms=message.timestamp()[1],
            headers=headers_of(message),
            value=message.value(),
        )
        for topic, messages in ((Topic.TICKETS_LOG, run.log), (Topic.TICKETS_DEAD, run.dead))
        for message in messages
    ]
    rows, refused = decode_records(records, dict.fromkeys(Topic, "id"))
    assert refused == []
    for name, found in rows.items():
        assert arrow_table(name, found).schema == ARROW_SCHEMAS[name]
