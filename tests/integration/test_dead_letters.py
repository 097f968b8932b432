"""`ticketyard dead` on a real broker, with the real stages that write the letters and take what is sent back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from kafka import KafkaProducer

from infra.cli.tickets.dead import command
from infra.local.kafka import LocalKafka
from schemas.errors import Permanent
from schemas.records.derived import TicketLogged, TicketTriaged
from schemas.records.topics import Topic
from streams.dead_letters.replaying import REPLAY_OF
from streams.foundation.record import headers_of
from tests.integration.broken_records import NotText, headers_for, opened
from tests.patience import PATIENCE_S
from tests.stage_harness import StageHarness, wait_for


@pytest.fixture(scope="module")
def harness(
    kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory, small_bundle: Path
) -> Iterator[StageHarness]:
    """Triage and cases at work."""
    home = tmp_path_factory.mktemp("dead")
    harness = StageHarness(kafka.bootstrap_servers, home, models_uri=str(small_bundle.parent))
    harness.announce_model(small_bundle)
    for stage in ("cases", "triage"):
        harness.start("-m", "streams", stage, worker_id=stage)
    yield harness
    harness.stop()


@pytest.fixture(autouse=True)
def settings(harness: StageHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command find this pipeline."""
    for name, value in harness.environment().items():
        if name.startswith("TICKETYARD_"):
            monkeypatch.setenv(name, value)


def _dead(*arguments: object, answer: str = "", fails: bool = False) -> str:
    """Run `ticketyard dead`; return what it printed, or the error."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], input=answer)
    if fails:
        assert result.exit_code != 0, result.output
        return str(result.exception) + result.output
    assert result.exit_code == 0, f"{result.output}{result.exception!r}"
    return result.stdout  # logs of this process, if another test has turned them on, go to stderr


def _listed(*filters: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _dead("list", "--json", *filters).splitlines()]


def _kill(
    harness: StageHarness, event_id: str, body: bytes | None, *, kind: str = "TicketOpened"
) -> dict[str, Any]:
    """Send a record that dies, and return its letter."""
    before = {letter["id"] for letter in _listed()}
    headers = [(name, value or b"") for name, value in headers_for(kind, event_id)]
    harness.send(Topic.TICKETS_EVENTS, event_id, body, partition=1, headers=headers)
    harness.flush()
    return _new_letter(before)


def _new_letter(before: set[str]) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def arrived() -> bool:
        found[:] = [letter for letter in _listed() if letter["id"] not in before]
        return bool(found)

    wait_for(arrived, "a new letter")
    (letter,) = found
    return letter


def _triaged(harness: StageHarness, ticket_id: str) -> TicketTriaged:
    """Wait until triage has passed a ticket on."""
    with harness.reading(Topic.TICKETS_ENRICHED) as enriched:
        wait_for(lambda: any(record.key() == ticket_id.encode() for record in enriched.more()), ticket_id)
        (record,) = (record for record in enriched.records if record.key() == ticket_id.encode())
    return msgspec.json.decode(record.value(), type=TicketTriaged)


def test_a_record_is_found_repaired_replayed_and_triaged(harness: StageHarness, tmp_path: Path) -> None:
    """From a missing field to a triaged ticket; afterwards the letter is known to have been sent back."""
    body = json.dumps({"ticket_id": "mended", "channel": "email", "text": "refund me"}).encode()
    letter = _kill(harness, "mended", body)
    assert (letter["stage"], letter["error"], letter["topic"]) == ("triage", "InvalidBody", "tickets.events")
    short = letter["id"][:8]
    listed = _dead("list").splitlines()
    assert all(len(line) <= 80 for line in listed if "is no letter" not in line)  # a sentence, no table row
    assert any(line.startswith(short) and "InvalidBody" in line for line in listed)
    file = tmp_path / "body.json"
    shown = _dead("show", short, "--save", file)
    assert "customer_id" in shown
    assert "header ce_type: TicketOpened" in shown
    assert body.decode() in shown
    assert file.read_bytes() == body
    file.write_bytes(json.dumps({**json.loads(body), "customer_id": "c9"}).encode())
    sent = _dead("replay", short, "--value", file)
    assert f"{letter['id']} -> tickets.events[1]@" in sent
    assert json.loads(bytes(_triaged(harness, "mended").event.body))["customer_id"] == "c9"
    assert letter["id"] not in {pending["id"] for pending in _listed("--pending")}
    (again,) = (entry for entry in _listed() if entry["id"] == letter["id"])
    assert again["replayed_to_offset"] == int(sent.split("@")[1].split()[0])
    assert any("replayed" in line for line in _dead("list").splitlines())
    with harness.reading(Topic.TICKETS_EVENTS) as events:
        marked = [dict(headers_of(record)).get(REPLAY_OF) for record in events.wait(2)]
    assert letter["id"].encode() in marked


def test_a_header_is_repaired(harness: StageHarness) -> None:
    """An unknown type becomes a known one, and a header without a readable name is left out."""
    letter = _kill(harness, "renamed", opened("renamed"), kind="TicketEaten")
    _dead("replay", letter["id"], "--header", "ce_type=TicketOpened")
    assert _triaged(harness, "renamed").event.type == "TicketOpened"
    before = {letter["id"] for letter in _listed()}
    producer = KafkaProducer(bootstrap_servers=harness.settings.bootstrap_servers)
    headers = [*headers_for("TicketOpened", "unnamed"), (NotText("x"), b"1")]
    producer.send(harness.names[Topic.TICKETS_EVENTS], opened("unnamed"), headers=headers, partition=2)
    producer.close()
    _dead("replay", _new_letter(before)["id"], "--drop-header", "na\ufffdme")
    assert _triaged(harness, "unnamed").ticket_id == "unnamed"


def test_a_record_without_a_value_goes_back_without_one(harness: StageHarness) -> None:
    """Null and empty gave the same letter once, and null was replayed as empty."""
    letters = [_kill(harness, name, value) for name, value in (("null", None), ("empty", b""))]
    assert "value: null" in _dead("show", letters[0]["id"])
    assert "value: 0 bytes" in _dead("show", letters[1]["id"])
    before = {letter["id"] for letter in _listed()}
    sent = _dead("replay", *(letter["id"] for letter in letters)).splitlines()
    at = {int(line.split("@")[1]): line.split()[0] for line in sent if "@" in line}
    with harness.reading(Topic.TICKETS_EVENTS) as events:

        def sent_back() -> dict[str, bytes | None]:
            ours = [record for record in events.more() if record.partition() == 1 and record.offset() in at]
            return {at[record.offset()]: record.value() for record in ours}

        wait_for(lambda: len(sent_back()) == 2, "both sent back")
        assert [sent_back()[letter["id"]] for letter in letters] == [None, b""]
    wait_for(lambda: len({one["id"] for one in _listed()} - before) == 2, "both dead again")


def test_a_conflict_gets_an_id_of_its_own(harness: StageHarness, tmp_path: Path) -> None:
    """The letter is of tickets.enriched: its event's id is in the value, and goes back to cases."""
    headers = [(name, value or b"") for name, value in headers_for("TicketOpened", "first")]
    harness.send(Topic.TICKETS_EVENTS, "two", opened("two"), partition=3, headers=headers)
    harness.flush()
    _triaged(harness, "two")
    letter = _kill(harness, "first", b'{"ticket_id": "two"}', kind="TicketResolved")
    assert (letter["stage"], letter["error"]) == ("cases", "DuplicateConflict")
    file = tmp_path / "body.json"
    _dead("show", letter["id"], "--save", file)
    passed_on = json.loads(file.read_bytes())
    passed_on["event"]["id"] = "second"
    file.write_bytes(json.dumps(passed_on).encode())
    _dead("replay", letter["id"], "--value", file)
    with harness.reading(Topic.TICKETS_LOG) as log:

        def resolved() -> bool:
            bodies = [msgspec.json.decode(record.value(), type=TicketLogged) for record in log.more()]
            return any(body.event.id == "second" and body.after.status == "resolved" for body in bodies)

        wait_for(resolved, "the repaired event in the log")


def test_all_asks_chooses_and_sends_each_once(harness: StageHarness) -> None:
    """Whoever says no sends nothing; what dies again is a new letter that names the old one."""
    letter = _kill(harness, "again", b"{", kind="TicketClosed")
    since = letter["died_at"]
    assert "Send 1 letters back?" in _dead("replay", "--all", "--since", since, answer="n\n", fails=True)
    before = {entry["id"] for entry in _listed()}
    assert letter["id"] in {entry["id"] for entry in _listed("--pending")}
    filters = ("--all", "--yes", "--error", "InvalidBody", "--topic", "tickets.events", "--since", since)
    assert "1 letters sent back" in _dead("replay", *filters)
    second = _new_letter(before)
    assert f"header {REPLAY_OF}: {letter['id']}" in _dead("show", second["id"])
    assert "0 letters sent back" in _dead("replay", *filters, "--stage", "cases")
    assert {second["id"]} == {entry["id"] for entry in _listed("--pending", "--since", since)}


def test_strangers_on_tickets_dead_break_nothing(harness: StageHarness) -> None:
    """Anybody can write to a topic: a record that is no letter is named, the letters are listed as ever."""
    _kill(harness, "among-strangers", b"not json")
    letters = len(_listed())
    producer = KafkaProducer(bootstrap_servers=harness.settings.bootstrap_servers)
    told = headers_for("RecordDied", "stranger")
    for headers in (
        [],
        [*told, ("dead", b"{")],
        [(NotText("x"), b"1")],
        headers_for("DeadLetterReplayed", "s"),
    ):
        producer.send(harness.names[Topic.TICKETS_DEAD], b"\xff", headers=headers, partition=0).get(
            timeout=PATIENCE_S
        )
    producer.close()
    assert len(_listed()) == letters
    listed = _dead("list", "--limit", 1).splitlines()
    assert f"1 of {letters} letters" in listed[2]
    assert any("is no letter" in line and "and 3 more" in line for line in listed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "zzz"), "there is no letter zzz"),
        (("replay",), "or say --all"),
        (("replay", "--all", "abc"), "or say --all"),
        (("replay", "abc", "--error", "InvalidBody"), "choose among --all"),
        (("replay", "--all", "--header", "a=b"), "repair one letter"),
        (("replay", "abc", "--header", "ce_type"), "is not name=value"),
        (("list", "--since", "yesterday"), "neither like 2h"),
    ],
)
def test_what_makes_no_sense_is_explained(arguments: tuple[str, ...], words: str) -> None:
    """Each mistake has a sentence."""
    assert words in _dead(*arguments, fails=True)


def test_a_topic_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    monkeypatch.setenv("TICKETYARD_TOPIC_PREFIX", "nowhere.")
    result = CliRunner().invoke(command, ["list"])
    assert isinstance(result.exception, Permanent)
    assert "topic nowhere.tickets.dead does not exist" in str(result.exception)


def test_times_are_recent(harness: StageHarness) -> None:
    """A letter says when its record arrived and when it died."""
    letter = _kill(harness, "timed", b"{")
    died_at = datetime.fromisoformat(letter["died_at"])
    assert datetime.fromisoformat(letter["arrived_at"]) <= died_at
    assert abs((datetime.now(UTC) - died_at).total_seconds()) < 120
