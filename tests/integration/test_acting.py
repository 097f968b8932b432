"""People act on pages: in Chromium, through the real door for events and a real broker, to tickets.log and back."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from playwright.sync_api import Browser, BrowserContext, Page, expect

from infra.foundation.endpoints import read_endpoints
from infra.local.kafka import LocalKafka
from schemas.records.envelope import Envelope, encode_headers
from schemas.settings import CommonSettings
from tests.unit.serving.waiting import wait_for

KEY: Final = "the-key-of-this-desk"
PATIENCE_MS: Final = 120_000
expect.set_options(timeout=PATIENCE_MS)
TEXTS: Final = (
    "hello, please help me with order 4711, it is about the thing from last week",
    "it does not do what I hoped, invoice INV-2041",
    "so the other day my cousin said that it might be broken or not",
    "ok and now?",
    "nothing works and nobody answers, I want to talk about the 49.90 EUR",
)
"""What no model can be sure of."""


class Yard:
    """A whole pipeline that `ticketyard up` runs, with topics of its own."""

    def __init__(self, kafka: LocalKafka, home: Path) -> None:
        self.servers, self.home, self.prefix = kafka.bootstrap_servers, home, f"y{uuid.uuid4().hex[:8]}-"
        home.mkdir()
        few = {f"TICKETYARD_{keyed}_PARTITIONS": "2" for keyed in ("TICKET", "TEAM", "AGENT")}
        environment = {
            **os.environ,
            **few,
            "TICKETYARD_HOME": str(home),
            "TICKETYARD_SETUP_FOLDER": CommonSettings().setup_folder,
            "TICKETYARD_BOOTSTRAP_SERVERS": self.servers,
            "TICKETYARD_TOPIC_PREFIX": self.prefix,
            "TICKETYARD_BATCH_EVERY_MINUTES": "0",
            "TICKETYARD_STREAM_PROCESSES": "one",
            "TICKETYARD_INTAKE_KEY": KEY,
        }
        self.log = home / "up.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.cli", "up"], env=environment, stdout=log, stderr=log
            )

    @property
    def url(self) -> str:
        """The address of the pages."""
        return str(self._endpoints().http_url)

    def open_tickets(self, name: str, count: int) -> None:
        """Send openings through the door for events, and wait until the pages list them."""
        headers = {"authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=self._endpoints().intake_url, headers=headers, timeout=60) as door:
            wait_for(lambda: door.get("/ready").status_code == 200, "the door is ready", timeout_s=120)
            for number in range(count):
                opening = {
                    "ticket_id": f"{name}/{number}",
                    "customer_id": f"C-{name}-{number}",
                    "channel": "email",
                }
                text = TEXTS[number % len(TEXTS)]
                told = opening | {"subject": f"{name} {number}", "text": text}
                answer = door.post("/v1/tickets", json=told)
                assert answer.status_code == 202, answer.text
        wait_for(lambda: self._served(name) == count, f"{count} tickets are served", timeout_s=240)

    def tickets(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of tickets whose ids begin with `name`, as they are served."""
        answer = httpx.get(f"{self.url}/v1/tickets?limit=500", timeout=120)
        assert answer.status_code == 200, answer.text
        return [one for one in answer.json()["rows"] if one["ticket_id"].startswith(f"{name}/")]

    def logged(self, kind: str) -> list[dict[str, Any]]:
        """Return the bodies of events of a type in tickets.log, read from Kafka itself."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.servers, enable_auto_commit=False, isolation_level="read_committed"
        )
        topic = f"{self.prefix}tickets.log"
        try:
            parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
            consumer.assign(parts)
            consumer.seek_to_beginning(*parts)
            ends, found = consumer.end_offsets(parts), list[dict[str, Any]]()
            while any(consumer.position(part) < ends[part] for part in parts):
                for records in consumer.poll(timeout_ms=500).values():
                    found += [json.loads(one.value)["event"] for one in records]
            return [one["body"] | {"source": one["source"]} for one in found if one["type"] == kind]
        finally:
            consumer.close()

    def break_records(self, *bodies: bytes) -> None:
        """Send openings whose bodies no stage can read; their ids are `broken-0` and so on."""
        producer = KafkaProducer(bootstrap_servers=self.servers)
        for number, body in enumerate(bodies):
            now = datetime.now(UTC)
            envelope = Envelope(id=f"broken-{number}", type="TicketOpened", source="shop", time=now)
            topic, headers = f"{self.prefix}tickets.events", encode_headers(envelope)
            producer.send(topic, body, b"broken", headers, partition=0).get(timeout=60)
        producer.close()

    def ask(self, sql: str) -> list[list[Any]]:
        """Return the rows of a statement, as they are served."""
        answer = httpx.post(f"{self.url}/v1/sql", json={"sql": sql}, timeout=120)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["rows"])

    def _served(self, name: str) -> int:
        return sum(one["intent"] is not None for one in self.tickets(name))

    def _endpoints(self) -> Any:
        return read_endpoints(self.home)


@pytest.fixture(scope="module")
def yard(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One pipeline for all tests of this file; each has tickets of its own."""
    made = Yard(kafka, tmp_path_factory.mktemp("yard") / "home")
    try:
        wait_for(
            lambda: made.process.poll() is not None or "everything runs" in made.log.read_text(),
            "up",
            timeout_s=300,
        )
        assert made.process.poll() is None, made.log.read_text()
        yield made
    finally:
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(120)


def person(browser: Browser, yard: Yard) -> BrowserContext:
    """A browser of somebody, whose time a test can move."""
    context = browser.new_context(base_url=yard.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    context.clock.install()
    return context


def sign_in(page: Page, name: str, key: str = KEY) -> None:
    page.locator("#who").click()
    page.locator("#sign-in input[name=name]").fill(name)
    page.locator("#sign-in input[name=key]").fill(key)
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_contain_text(name)


def send(page: Page) -> None:
    """Let the ten seconds go by in which what was done can be undone."""
    page.locator("#acts li.held").wait_for()
    page.clock.fast_forward(11_000)


def shown_ticket(page: Page) -> str:
    """Return which ticket's card is shown."""
    card = page.locator("#card article")
    card.wait_for()
    found = card.get_attribute("data-ticket")
    assert found
    return found


def guess_and_undo(page: Page) -> str:
    """Take the first guess back before it is sent, and return the ticket, which is shown again."""
    undone = shown_ticket(page)
    # Who undoes is quick, and this machine may not be.
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    page.keyboard.press("1")
    page.locator("#acts li.held").wait_for()
    page.keyboard.press("z")
    expect(page.locator("#acts li")).to_have_count(0)
    page.clock.resume()
    expect(page.locator("#card article")).to_have_attribute("data-ticket", undone)
    return undone


def choose_intent(page: Page, other: str | None) -> str:
    """Say another intent, or take the first guess; return what was chosen."""
    if other is not None:
        page.keyboard.press("/")
        page.keyboard.type(f"{other}\n")
        return other
    guess = page.locator("[data-guess]").first.get_attribute("data-guess") or ""
    page.keyboard.press("1")
    return guess


def test_twenty_tickets_are_triaged_by_keyboard(browser: Browser, yard: Yard) -> None:
    """Guesses by 1, another intent by /, one undone: tickets.log has just what was decided, under the name."""
    yard.open_tickets("triage", 24)
    context = person(browser, yard)
    page = context.new_page()
    page.goto("/triage")
    sign_in(page, "Ann")
    undone = guess_and_undo(page)
    page.keyboard.press("j")
    expect(page.locator("#card article")).not_to_have_attribute("data-ticket", undone)
    chosen: dict[str, str] = {}
    for number in range(20):
        ticket = shown_ticket(page)
        assert ticket not in chosen | {undone: ""}
        chosen[ticket] = choose_intent(page, "double_charge" if number % 5 == 4 else None)
        page.wait_for_function(
            "before => document.querySelector('#card article')?.dataset.ticket !== before", arg=ticket
        )
    expect(page.locator("#acts li:not(.logged)")).to_have_count(0, timeout=PATIENCE_MS)
    context.close()
    # Tickets of another test of this file may wait for a word, too.
    corrections = [one for one in yard.logged("LabelCorrected") if one["ticket_id"] in chosen]
    assert {one["ticket_id"]: one["intent"] for one in corrections} == chosen
    assert Counter(one["corrected_by"] for one in corrections) == {"Ann": 20}
    assert {one["source"] for one in corrections} == {"ticketyard/pages"}
    moved = {one["ticket_id"]: one["team"] for one in yard.logged("TicketTransferred")}
    assert {ticket: moved.get(ticket) for ticket, intent in chosen.items() if intent == "double_charge"} == {
        ticket: "billing" for ticket, intent in chosen.items() if intent == "double_charge"
    }


def test_an_assignment_is_overridden(browser: Browser, yard: Yard) -> None:
    """With who and why: on the page, in the log, and in the ticket's row."""
    yard.open_tickets("assigned", 1)
    context = person(browser, yard)
    page = context.new_page()
    page.goto("/tickets/assigned%2F0")
    sign_in(page, "Ann")
    page.keyboard.press("v")
    form = page.locator("form[data-form=override]")
    form.locator("select").select_option("assignee")
    form.locator("[name=value]").fill("A-7")
    form.locator("[name=reason]").fill("Knows the customer.")
    form.get_by_role("button", name="Do it").click()
    send(page)
    expect(page.locator(".timeline")).to_contain_text("Knows the customer.", timeout=PATIENCE_MS)
    expect(page.locator(".timeline")).to_contain_text("Ann")
    context.close()
    (said,) = [one for one in yard.logged("DecisionOverridden") if one["ticket_id"] == "assigned/0"]
    told = {"by": "Ann", "decision": "assignee", "now": "A-7", "reason": "Knows the customer."}
    assert told.items() <= said.items()
    assert [one["assignee"] for one in yard.tickets("assigned")] == ["A-7"]


def test_the_later_of_two_hears_of_the_former(browser: Browser, yard: Yard) -> None:
    """Both looked at the same ticket; nothing of the later is sent before they have read the other's name."""
    yard.open_tickets("two", 1)
    pages = {}
    for name in ("Ann", "Bo"):
        pages[name] = person(browser, yard).new_page()
        pages[name].goto("/tickets/two%2F0")
        sign_in(pages[name], name)
    for name, intent in (("Ann", "double_charge"), ("Bo", "refund_policy_question")):
        pages[name].keyboard.press("i")
        pages[name].locator("form[data-form=correct] [name=value]").fill(intent)
        pages[name].keyboard.press("Enter")
        send(pages[name])
        if name == "Ann":
            pages[name].locator("#acts li:is(.kafka, .logged)").wait_for()
    expect(pages["Bo"].locator("#acts li.meanwhile")).to_contain_text("Ann said double_charge")
    said = [one for one in yard.logged("LabelCorrected") if one["ticket_id"] == "two/0"]
    assert {one["corrected_by"] for one in said} <= {"Ann"}
    pages["Bo"].get_by_role("button", name="Send mine as well").click()
    pages["Bo"].locator("#acts li.logged").wait_for()
    said = [one for one in yard.logged("LabelCorrected") if one["ticket_id"] == "two/0"]
    assert [(one["corrected_by"], one["intent"]) for one in said] == [
        ("Ann", "double_charge"),
        ("Bo", "refund_policy_question"),
    ]
    for page in pages.values():
        page.context.close()


def test_dead_letters_are_repaired_and_sent_back(browser: Browser, yard: Yard) -> None:
    """A missing field is filled in and the ticket comes; those that are sent back broken die again, each by name."""
    opening = {"ticket_id": "mended", "channel": "email", "text": "Where is my refund?"}
    yard.break_records(json.dumps(opening).encode(), b"{", b"[]")
    wait_for(lambda: yard.ask("SELECT COUNT(*) FROM dead_letters") == [[3]], "three letters", timeout_s=120)
    context = person(browser, yard)
    page = context.new_page()
    page.goto("/data?stage=triage&error=InvalidBody")
    sign_in(page, "Ann")
    page.locator("#letters tbody tr", has_text="customer_id").get_by_role("link").click()
    body = page.locator("#repair [name=value]")
    expect(body).to_have_value(json.dumps(opening))
    page.wait_for_load_state()  # fields come before the script that sends them: an Enter in between does nothing
    body.fill(json.dumps(opening | {"customer_id": 7}))
    page.locator("#repair [name=reason]").fill("The shop's form lost the customer.")
    page.keyboard.press("Enter")
    expect(page.locator("#repair [role=alert]")).to_contain_text("customer_id")
    body.fill(json.dumps(opening | {"customer_id": "C-mended"}))
    page.locator("#repair button").first.click()
    send(page)
    expect(page.locator(".banner.calm")).to_contain_text("Ann: The shop's form lost the customer.")
    expect(page.locator(".banner.calm")).to_contain_text("repaired")
    wait_for(
        lambda: yard.ask("SELECT customer_id FROM tickets WHERE ticket_id = 'mended'") == [["C-mended"]],
        "the mended ticket",
        timeout_s=120,
    )
    page.goto("/data?stage=triage&error=InvalidBody")
    page.keyboard.press("y")
    page.locator("form[data-form=replay] textarea").fill("Perhaps they pass now.")
    page.locator("form[data-form=replay] button").first.click()
    send(page)
    said = "SELECT replayed_by, reason, repaired FROM letter_replays WHERE reason LIKE 'Perhaps%'"
    told = ["Ann", "Perhaps they pass now.", False]
    wait_for(lambda: yard.ask(said) == [told, told], "two notes", timeout_s=60)
    again = "SELECT COUNT(*), COUNT(*) FILTER (WHERE waits) FROM dead_letter_outcomes"
    wait_for(lambda: yard.ask(again) == [[5, 2]], "both died again, as letters of their own", timeout_s=120)
    context.close()
