"""States in which a page has nothing, or not all: it says so in words with what to do, and looks like no quiet day."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.test_pages_for_everybody import FOLDER, name_of, serious
from tests.page_browser import Running, opened, running
from tests.patient_http import get
from tests.unit.serving.waiting import wait_for

PATIENCE_MS: Final = 60_000
expect.set_options(timeout=PATIENCE_MS)
PAGES: Final = (
    "/now",
    "/triage",
    "/tickets",
    "/operations",
    "/understanding",
    "/satisfaction",
    "/agents",
    "/data",
    "/system",
)


@contextmanager
def reader(browser: Browser, server: Running) -> Iterator[Page]:
    """A page of somebody; its picture is kept by name of the state and the page."""
    context = browser.new_context(base_url=server.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()


def kept(page: Page, state: str, address: str) -> None:
    """Keep a picture, and assert that everybody can read the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{state}-{name_of(address)}-1280-light.png", full_page=True)
    assert page.locator("h1").count() == 1
    assert serious(page) == []


def test_kafka_is_gone(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A page said for a minute that all was complete, and after a restart to ask again in a moment, for ever."""
    with running(tmp_path_factory.mktemp("gone"), "gone", watched=False) as server:
        wait_for(lambda: "the tail cannot go on" in get(f"{server.url}/system").text, "it is noticed")
        with reader(browser, server) as page:
            for address in PAGES:
                opened(page, address)
                expect(page.locator("#fresh")).to_contain_text("Incomplete")
                expect(page.locator("main")).to_contain_text("127.0.0.1:9092 refuses")
                expect(page.locator("main")).to_contain_text("check that Kafka runs, its address, and memory")
            kept(page, "gone", "/system")


def test_batch_views_are_gone(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Somebody has taken the files of the run away; nothing is made up, and the way back is named."""
    home = tmp_path_factory.mktemp("views")
    with running(home, "views", watched=False) as server:
        assert get(f"{server.url}/tickets").status_code == 200
        shutil.rmtree(home / "views" / "run-1" / "tickets")
        with reader(browser, server) as page:
            for address in (
                "/now",
                "/triage",
                "/tickets",
                "/operations",
                "/understanding",
                "/agents",
                "/data",
            ):
                opened(page, address)
                expect(page.locator("main")).to_contain_text("a file of run run-1 cannot be read")
                expect(page.locator("main")).to_contain_text("run `ticketyard batch run` again")
            kept(page, "views", "/data")


def test_there_is_no_model_yet(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Triage goes on without guesses, and says what makes a model."""
    with (
        running(tmp_path_factory.mktemp("model"), "no-model", watched=False) as server,
        reader(browser, server) as page,
    ):
        opened(page, "/triage")
        expect(page.locator("#card")).to_contain_text(
            "no model has been published there, and set-up made none"
        )
        expect(page.locator("#card")).to_contain_text("run `make setup`")
        assert page.locator("#card #other").count() == 1
        kept(page, "no-model", "/triage")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/now", "Tickets appear here within a second of their event."),
        ("/triage", "Nothing waits for a decision."),
        ("/tickets", "No ticket fits."),
        ("/operations", "No ticket was opened in this period."),
        ("/understanding", "No model gave an intent in this period."),
        ("/satisfaction", "No customer has answered a survey yet."),
        ("/agents", "No agent has been published yet; see docs/producing.md."),
        ("/data", "Every record could be processed."),
        ("/system", "No event has come in the newest 15 minutes."),
    ],
)
def test_there_are_no_tickets_yet(browser: Browser, empty: Running, address: str, said: str) -> None:
    """The first thing that somebody sees after set-up says what will come, and from where."""
    with reader(browser, empty) as page:
        opened(page, address)
        expect(page.locator("main")).to_contain_text(said)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server to which no ticket has come yet."""
    with running(tmp_path_factory.mktemp("empty"), "empty", watched=False) as found:
        yield found
