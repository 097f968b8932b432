"""Explanations of a real model: faithful to what it does, and reachable by command line and HTTP."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar import Litestar
from litestar.testing import TestClient

from infra.cli.models.explain import command as explain_command
from schemas.records.events import MessageAdded, TicketImported, TicketOpened
from schemas.vocabulary import Author, Channel
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.http.app import build_app
from tests.small_model import small_rows, train_small
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.ticket_log import record, ticket_row
from tests.unit.serving.waiting import wait_for
from understanding.arrays.errors import BundleError
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.bundle.registry import pointer_to, write_current
from understanding.explanation.explain import explain
from understanding.explanation.kept_examples import load_examples
from understanding.manifest.manifest import EXAMPLES, read_manifest


def _margin(bundle: Bundle, text: str, first: str, second: str, by: str) -> float:
    """How far what decided the whole text puts `first` above `second`, in log-odds: the tier `by`."""
    names = [label.name for label in bundle.manifest.labels]
    logits = bundle.ngrams.logits([text])
    if by == "ngrams":
        row = bundle.first_tier(logits)[0][0]
    else:
        row = bundle.head.calibrated(bundle.encoder.embed([text]), logits)[0]
    return float(row[names.index(first)] - row[names.index(second)])


def test_leaving_out_the_strongest_word_costs_more_than_leaving_out_any(small_bundle: Path) -> None:
    """The word that is said to carry the answer carries it: its loss lowers the margin far more often."""
    bundle, rng = load_bundle(small_bundle), random.Random(7)
    lowered, by_chance, drops, drops_by_chance = 0, 0, 0.0, 0.0
    texts = [row.text for row in small_rows() if len(row.text.split()) >= 5][:60]
    for text in texts:
        found = explain(bundle, text)
        words = [word.word for word in found.words]
        strongest = max(range(len(words)), key=lambda place: found.words[place].share)
        pair = str(found.triage.intent), str(found.against), found.triage.decided_by
        whole = _margin(bundle, " ".join(words), *pair)
        without = [
            _margin(bundle, " ".join([*words[:place], *words[place + 1 :]]), *pair)
            for place in (strongest, rng.randrange(len(words)))
        ]
        lowered, by_chance = lowered + (without[0] < whole), by_chance + (without[1] < whole)
        drops, drops_by_chance = drops + whole - without[0], drops_by_chance + whole - without[1]
    assert lowered > by_chance
    assert lowered >= 0.9 * len(texts)
    assert drops > 2 * drops_by_chance


def test_a_bundle_keeps_examples_that_can_be_deleted_but_not_changed(
    small_bundle: Path, tmp_path: Path
) -> None:
    """They change no version; without them it loads, and one that was tampered with is refused by name."""
    manifest = read_manifest(small_bundle)
    assert EXAMPLES not in manifest.files
    kept = load_examples(small_bundle)
    assert {one.source for one in kept} == {"taxonomy"}
    copy = shutil.copytree(small_bundle, tmp_path / "copy")
    (copy / EXAMPLES).write_bytes((copy / EXAMPLES).read_bytes().replace(b"the", b"THE", 1))
    for load in (load_bundle, load_examples):
        with pytest.raises(BundleError, match=EXAMPLES):
            load(copy)
    (copy / EXAMPLES).unlink()
    assert load_bundle(copy).version == manifest.version
    assert load_examples(copy) == ()


def test_keeping_what_customers_wrote_changes_no_version(
    small_bundle: Path, encoder_folder: Path, tmp_path: Path
) -> None:
    """Only with leave, and the model stays the same one."""
    manifest = train_small(tmp_path / "kept", encoder_folder, keep_examples=True)
    assert manifest.version == read_manifest(small_bundle).version
    written = [one for one in load_examples(tmp_path / "kept") if one.source == "labelled"]
    assert any("garden gnome" in one.text for one in written)


def test_the_command_explains_with_words_and_examples(small_bundle: Path) -> None:
    """As a table for people, and as one JSON object."""
    arguments = ["the app keeps crashing", "--bundle", str(small_bundle)]
    shown = CliRunner().invoke(explain_command, arguments)
    assert shown.exit_code == 0, shown.output
    assert "app_crash, not" in shown.output
    assert "nearest learnt examples" in shown.output
    found = json.loads(CliRunner().invoke(explain_command, [*arguments, "--json"]).stdout)
    assert max(found["words"], key=lambda word: word["share"])["word"] in ("app", "crashing")
    assert found["examples"][0]["label"] == "app_crash"
    empty = CliRunner().invoke(explain_command, ["  ", "--bundle", str(small_bundle)])
    assert "no intent: empty_text" in empty.output


Client = TestClient[Litestar]


def _client(home: Path, **settings: Any) -> Iterator[Client]:
    log = MemoryLog()
    row = ticket_row("t1", 1, 1, intent="app_crash", model_version="older")
    opened = TicketOpened(
        ticket_id="t1",
        customer_id="c",
        channel=Channel.EMAIL,
        subject="crash",
        text="the app keeps crashing",
    )
    log.add(record(row, 0, 0, opened))
    log.add(record(ticket_row("t2", 2, 1), 1, 0))
    imported = TicketImported(
        ticket_id="t3", customer_id="c", channel=Channel.EMAIL, subject="", text="where is my refund"
    )
    log.add(record(ticket_row("t3", 3, 1, predicted_event_id="t3/3/1"), 0, 0, imported))
    greeting = TicketOpened(ticket_id="t4", customer_id="c", channel=Channel.EMAIL, subject="", text="Hi")
    log.add(record(ticket_row("t4", 4, 1, predicted_event_id="t4/4/1"), 0, 0, greeting))
    later = MessageAdded(ticket_id="t4", author=Author.CUSTOMER, author_id="c", text="I was charged twice")
    log.add(record(ticket_row("t4", 4, 2, predicted_event_id="t4/4/2"), 0, 0, later))
    serving = Serving(ServingSettings(home=home, tail_poll_ms=5, **settings), connect=lambda: log)
    serving.start()
    try:
        with TestClient(build_app(serving), base_url="http://127.0.0.1") as client:
            yield client
    finally:
        serving.stop()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client of a server whose home has no model yet."""
    yield from _client(tmp_path)


def test_the_door_explains_with_the_current_model(client: Client, small_bundle: Path, tmp_path: Path) -> None:
    """Without a model it says what to do; a model that is published later is taken up without a restart."""
    refused = client.post("/v1/explain", json={"text": "hello"})
    assert (refused.status_code, refused.json()["error"]["type"]) == (503, "ModelUnusable")
    version = read_manifest(small_bundle).version
    write_current(tmp_path / "models", pointer_to(small_bundle, tmp_path / "models", version=version))
    answer = client.post("/v1/explain", json={"text": "the app keeps crashing"})
    assert answer.status_code == 200, answer.text
    explanation = answer.json()["explanation"]
    assert explanation["triage"]["intent"] == "app_crash"
    assert explanation["triage"]["model_version"] == version
    assert {"word", "share", "ngrams", "encoder"} == explanation["words"][0].keys()
    assert explanation["examples"][0]["source"] == "taxonomy"


def test_a_ticket_is_explained_by_what_its_customer_wrote(
    client: Client, small_bundle: Path, tmp_path: Path
) -> None:
    """Subject and text as triage read them; it is said that another model had labelled the ticket."""
    write_current(tmp_path / "models", pointer_to(small_bundle, tmp_path / "models", version="small"))
    wait_for(lambda: client.get("/ready").status_code == 200, "the tail is read")
    answer = client.get("/v1/tickets/t1/explanation").json()
    assert [word["word"] for word in answer["explanation"]["words"]] == [
        "crash",
        "the",
        "app",
        "keeps",
        "crashing",
    ]
    assert (answer["ticket_intent"], answer["ticket_model_version"], answer["same_model"]) == (
        "app_crash",
        "older",
        False,
    )
    assert answer["complete"]
    for path in ("t9/explanation", "t2/explanation", "t1/explanation?event=another"):
        refused = client.get(f"/v1/tickets/{path}")
        assert (refused.status_code, refused.json()["error"]["type"]) == (404, "NotFound")


def test_what_set_the_intent_is_explained(client: Client, small_bundle: Path, tmp_path: Path) -> None:
    """By default the message that the prediction is of, also of an imported ticket.

    Imported tickets once had no opening to explain (404), and a ticket whose second message set its intent was
    explained by its greeting.
    """
    write_current(tmp_path / "models", pointer_to(small_bundle, tmp_path / "models", version="small"))
    wait_for(lambda: client.get("/ready").status_code == 200, "the tail is read")
    for path, event_id, first_word in (
        ("t3/explanation", "t3/3/1", "where"),
        ("t4/explanation", "t4/4/2", "i"),
        ("t4/explanation?event=t4/4/1", "t4/4/1", "hi"),
    ):
        answer = client.get(f"/v1/tickets/{path}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["event_id"] == event_id
        assert answer.json()["explanation"]["words"][0]["word"].lower() == first_word


@pytest.mark.parametrize(
    ("body", "status"),
    [({"text": "x" * 70_000}, 413), ({}, 400), ({"text": 3}, 400), ({"text": "a", "other": 1}, 400)],
)
def test_questions_that_do_not_fit_are_refused(client: Client, body: dict[str, Any], status: int) -> None:
    """In the one shape of errors."""
    answer = client.post("/v1/explain", json=body)
    assert (answer.status_code, answer.json()["ok"]) == (status, False)


def test_explaining_can_be_switched_off(tmp_path: Path) -> None:
    """Then no model is ever loaded into the server."""
    for client in _client(tmp_path, explain=False):
        answer = client.post("/v1/explain", json={"text": "hello"})
        assert (answer.status_code, answer.json()["error"]["type"]) == (501, "ExplanationsOff")
