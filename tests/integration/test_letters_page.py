"""Dead letters on pages: found by kind, looked at, repaired and sent back by whoever has signed in, with why."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.acting_pages import Door, OpenDoor, Pages
from tests.integration.test_pages_for_everybody import FOLDER, serious

PATIENCE_MS: Final = 60_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def one_door() -> Iterator[OpenDoor]:
    """The door of all tests of this file."""
    opened = OpenDoor()
    yield opened
    opened.close()


@pytest.fixture
def door(one_door: OpenDoor) -> OpenDoor:
    """A door that takes everything, until a test says otherwise."""
    Door.status, Door.message, Door.taken = 202, "", []
    one_door.open()
    return one_door


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, one_door: OpenDoor) -> Iterator[Pages]:
    """A server of pages that knows the door."""
    made = Pages(tmp_path_factory.mktemp("home"))
    try:
        made.start(one_door.url)
        yield made
    finally:
        made.stop()


@contextmanager
def reader(browser: Browser, pages: Pages, width: int = 1280, scheme: str = "light") -> Iterator[Page]:
    """A page in a browser of its own, whose time a test can move."""
    context = browser.new_context(
        base_url=pages.url,
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(PATIENCE_MS)
    context.clock.install()
    try:
        yield context.new_page()
    finally:
        context.close()


@pytest.fixture
def page(browser: Browser, pages: Pages) -> Iterator[Page]:
    """A page of somebody."""
    with reader(browser, pages) as made:
        yield made


def sign_in(page: Page, name: str = "Ann") -> None:
    page.locator("#sign-in input[name=name]").fill(name)
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_contain_text(name)


def send(page: Page) -> None:
    """Let the ten seconds go by in which what was done can be undone."""
    page.locator("#acts li.held").wait_for()
    page.clock.fast_forward(11_000)


def test_letters_are_found_by_stage_and_reason(page: Page, door: OpenDoor) -> None:
    """The number at a kind leads to as many letters."""
    page.goto("/data")
    kind = page.locator("#kinds tbody tr", has_text="InvalidBody")
    expect(kind.locator("[data-metric=dead_letters_waiting]")).to_have_text("2")
    kind.get_by_role("link", name="InvalidBody").click()
    page.wait_for_url("**error=InvalidBody**")
    assert page.locator("#letters tbody tr").count() == 2
    expect(page.locator("[data-act=replay]")).to_contain_text("Send all 2 back")
    page.get_by_label("Take this filter away").first.click()
    assert page.locator("#letters tbody tr").count() > 0
    page.goto("/data?state=dead")
    expect(page.locator("main")).to_contain_text("state=dead is not one of waiting, all")


def test_a_letter_is_repaired_and_sent_back(page: Page, door: OpenDoor) -> None:
    """By keyboard: what does not fit yet is refused at once, and what was typed is there after a reload."""
    page.goto("/data")
    page.get_by_role("link", name="DuplicateConflict").last.click()
    expect(page.locator(".lead")).to_contain_text("<b>letter-3</b> was seen before")
    whole = '{"ticket_id": "T-9", "channel": "email", "text": "<b>Where is it?</b>"}'
    expect(page.locator("#repair [name=value]")).to_have_value(whole)
    page.keyboard.press("e")
    page.keyboard.press("End")
    page.keyboard.type(" ")
    page.locator("#repair [name=reason]").fill("The shop forgot whose it is.")
    page.keyboard.press("Enter")
    sign_in(page)
    expect(page.locator("#repair [role=alert]")).to_contain_text("missing required field `customer_id`")
    assert Door.taken == []
    page.locator("#repair [name=value]").fill('{"ticket_id": "T-9", "customer_id": "C-9"}')
    page.reload()
    expect(page.locator("#repair [name=value]")).to_have_value('{"ticket_id": "T-9", "customer_id": "C-9"}')
    page.locator("#repair [name=ce_source]").fill("mended")
    page.keyboard.press("Enter")
    send(page)
    expect(page.locator("#acts li.kafka")).to_contain_text("Kafka has it, at 0/7")
    (sent,) = Door.taken
    assert sent.pop("path").startswith("/v1/dead-letters/letter-3/replay?partition=0&offset=3")
    assert sent == {
        "by": "Ann",
        "reason": "The shop forgot whose it is.",
        "value": '{"ticket_id": "T-9", "customer_id": "C-9"}',
        "headers": {"ce_source": "mended"},
    }


def test_undone_in_time_nothing_is_sent(page: Page, door: OpenDoor) -> None:
    page.goto("/data/letters/letter-2")
    page.keyboard.press("y")
    page.locator("form[data-form=replay] textarea").fill("The clock is right now.")
    page.locator("form[data-form=replay] button").first.click()
    sign_in(page)
    page.locator("#acts li.held").wait_for()
    page.keyboard.press("z")
    expect(page.locator("#acts li")).to_have_count(0)
    page.clock.fast_forward(11_000)
    assert Door.taken == []


def test_all_of_a_filter_go_back_and_each_once(page: Page, door: OpenDoor) -> None:
    """An answer that was lost is asked for again; who has been sent back is left out. A reason is needed."""
    Door.status = 503
    page.goto("/data?error=InvalidBody")
    page.keyboard.press("y")
    form = page.locator("form[data-form=replay]")
    form.locator("button").first.click()
    assert form.is_visible(), "without a reason nothing is sent"
    form.locator("textarea").fill("Try again.")
    form.locator("button").first.click()
    sign_in(page)
    send(page)
    expect(page.locator("#acts li.failed")).to_contain_text("The door for events does not answer")
    Door.status, Door.taken = 202, []
    page.locator("#acts [data-do=again]").click()
    page.clock.fast_forward(1_000)
    expect(page.locator("#acts li.kafka")).to_contain_text("2 letters")
    assert sorted(one["path"].split("/")[3] for one in Door.taken) == ["letter-0", "letter-1"]
    assert {(one["by"], one["reason"]) for one in Door.taken} == {("Ann", "Try again.")}


def test_where_nothing_is_left_to_send_the_tray_says_so(page: Page, door: OpenDoor) -> None:
    """Others had sent all meanwhile, or no letter had an id yet: the tray said that the log had it."""
    for number in range(2):
        page.goto("/data?stage=cases")
        page.keyboard.press("y")
        page.locator("form[data-form=replay] textarea").fill("Try again.")
        page.locator("form[data-form=replay] button").first.click()
        if number == 0:
            sign_in(page)
        send(page)
        expect(page.locator("#acts li.held, #acts li.sending")).to_have_count(0)
    expect(page.locator("#acts li.nothing")).to_contain_text("nothing was left to send")
    assert len(Door.taken) <= 1, "what another test has sent is not sent again"


def test_the_key_of_the_server_shows_no_record_to_strangers(
    browser: Browser, pages: Pages, door: OpenDoor
) -> None:
    """Who reached the pages read bodies by the server's key, and had half a megabyte checked, without a session."""
    pages.start(door.url, key="the-key")
    try:
        with reader(browser, pages) as page:
            page.goto("/data/letters/letter-0")
            expect(page.locator("#unsigned")).to_contain_text("Sign in to see the record")
            expect(page.locator(".lead")).to_contain_text("missing required field")
            assert "Where is it?" not in page.content()
            tried = page.request.post("/acting/letters/letter-0/check", data={"value": "{}"})
            assert tried.status == 401
            page.locator("#unsigned button").click()
            page.locator("#sign-in input[name=key]").fill("the-key")
            page.locator("#sign-in input[name=name]").fill("Ann")
            page.keyboard.press("Enter")
            expect(page.locator("#repair [name=value]")).to_have_value(re.compile("Where is it"))
    finally:
        pages.start(door.url)


def test_a_repair_under_a_key_that_was_taken_away_asks_for_the_present_one(
    browser: Browser, pages: Pages, door: OpenDoor
) -> None:
    """The page said so in English, in any language, asked for no key, and sent nothing by itself."""
    pages.start(door.url, key="the-old-key")
    try:
        with reader(browser, pages) as page:
            page.goto("/data/letters/letter-3?lang=de")
            page.locator("#unsigned button").click()
            page.locator("#sign-in input[name=key]").fill("the-old-key")
            sign_in(page)
            page.locator("#repair [name=value]").fill('{"ticket_id": "T-9", "customer_id": "C-9"}')
            page.locator("#repair [name=reason]").fill("The shop forgot whose it is.")
            pages.start(door.url, key="the-new-key")
            page.keyboard.press("Enter")
            asked = page.locator("#sign-in [role=alert]")
            expect(asked).to_contain_text("Der Schlüssel Ihrer Anmeldung gilt nicht mehr")
            page.locator("#sign-in input[name=key]").fill("the-new-key")
            sign_in(page)
            send(page)
            page.locator("#acts li.kafka").wait_for()
        assert [one["value"] for one in Door.taken] == ['{"ticket_id": "T-9", "customer_id": "C-9"}']
    finally:
        pages.start(door.url)


def take_back(page: Page) -> None:
    """Undo what is held: a page that closes sends it, and other tests count what was sent."""
    page.locator("#acts li.held [data-do=undo]").click()
    expect(page.locator("#acts li")).to_have_count(0)


def test_a_repair_goes_on_where_another_tab_has_signed_in_anew(page: Page, door: OpenDoor) -> None:
    """The check of a repair asked to load the page again, as its token was that of the session before."""
    page.goto("/data/letters/letter-1")
    page.locator("#who").click()
    sign_in(page)
    assert page.request.post("/acting/session", data={"name": "Ann"}).ok
    page.locator("#repair [name=value]").fill('{"ticket_id": "T-9", "customer_id": "C-9"}')
    page.locator("#repair [name=reason]").fill("The shop forgot whose it is.")
    page.keyboard.press("Enter")
    page.locator("#acts li.held").wait_for()
    expect(page.locator("#repair [role=alert]")).to_have_text("")
    take_back(page)


def test_a_repair_is_not_sent_under_the_name_of_whom_another_tab_has_signed_in(
    page: Page, door: OpenDoor
) -> None:
    """What Ann had written went out as Bo's, without a question; now whoever is there presses once more."""
    page.goto("/data/letters/letter-1")
    page.locator("#who").click()
    sign_in(page)
    assert page.request.post("/acting/session", data={"name": "Bo"}).ok
    page.locator("#repair [name=value]").fill('{"ticket_id": "T-9", "customer_id": "C-9"}')
    page.locator("#repair [name=reason]").fill("The shop forgot whose it is.")
    page.keyboard.press("Enter")
    expect(page.locator("#repair [role=alert]")).not_to_have_text("")
    expect(page.locator("#who")).to_contain_text("Bo")
    expect(page.locator("#acts li")).to_have_count(0)
    page.locator("#repair [name=reason]").press("Enter")
    take_back(page)


def test_what_stays_dead_is_said(page: Page, door: OpenDoor) -> None:
    """One that a later record has replaced is refused by the door; the person reads why."""
    Door.status, Door.message = 409, "a later record has replaced what it says"
    page.goto("/data?error=EventFromTheFuture")
    page.keyboard.press("y")
    page.locator("form[data-form=replay] textarea").fill("Try again.")
    page.locator("form[data-form=replay] button").first.click()
    sign_in(page)
    send(page)
    expect(page.locator("#acts li.refused")).to_contain_text("0 went back, 1 stay dead")
    expect(page.locator("#acts li.refused")).to_contain_text("a later record has replaced what it says")


def test_a_letter_whose_record_cannot_be_read_says_so(page: Page, door: OpenDoor) -> None:
    door.close()
    page.goto("/data/letters/letter-0")
    expect(page.locator("main")).to_contain_text("The record cannot be read now.")
    expect(page.locator("main")).to_contain_text("missing required field")
    page.goto("/data/letters/none")
    expect(page.locator("main")).to_contain_text("there is no dead letter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_letters_can_be_read_by_everybody(
    browser: Browser, pages: Pages, door: OpenDoor, width: int, scheme: str
) -> None:
    """Pictures are kept; axe finds nothing serious, and nothing runs out at the side."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with reader(browser, pages, width, scheme) as page:
        for name, address in (("data", "/data?state=all"), ("letter", "/data/letters/letter-0")):
            page.goto(address)
            page.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert serious(page) == []
