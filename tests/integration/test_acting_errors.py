"""What a page says where something cannot be sent: in words, with what to do, and nothing that was typed is lost."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.acting_pages import Door, OpenDoor, Pages
from tests.patience import PATIENCE_S
from tests.patient_http import post
from tests.unit.serving.waiting import wait_for

OLD_KEY, NEW_KEY = "the-old-key", "the-new-key"
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
    one_door.open()  # a test that failed may have left it closed
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


@pytest.fixture
def others(tmp_path: Path) -> Iterator[Pages]:
    """A server that a test starts with settings of its own."""
    made = Pages(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def page(browser: Browser, pages: Pages) -> Iterator[Page]:
    """A page of somebody."""
    with of_somebody(browser, pages) as page:
        yield page


@contextmanager
def of_somebody(browser: Browser, pages: Pages) -> Iterator[Page]:
    """A page in a browser of its own, whose time a test can move."""
    context = browser.new_context(base_url=pages.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    context.clock.install()
    try:
        yield context.new_page()
    finally:
        context.close()


def sign_in(page: Page, name: str = "Ann", key: str = "") -> None:
    page.locator("#sign-in input[name=name]").fill(name)
    if key:
        page.locator("#sign-in input[name=key]").fill(key)
    page.keyboard.press("Enter")


def resolve(page: Page, text: str) -> None:
    """Write what was done to a ticket, and send it without waiting."""
    page.keyboard.press("x")
    page.locator("form[data-form=resolve] textarea").fill(text)
    page.locator("form[data-form=resolve] button").first.click()
    if page.locator("#sign-in").is_visible():
        return
    send(page)


def send(page: Page) -> None:
    """Let the ten seconds go by in which what was done can be undone."""
    page.locator("#acts li.held").wait_for()
    page.clock.fast_forward(11_000)


def opened(page: Page) -> Page:
    page.goto("/tickets/T%2F4")
    page.locator("#who").click()
    sign_in(page)
    expect(page.locator("#who")).to_contain_text("Ann")
    return page


def test_a_door_that_is_away_is_tried_again_until_it_is_there(page: Page, door: OpenDoor) -> None:
    """The act waits in the browser, also while the page is loaded anew, and is sent once with one id."""
    door.close()
    resolve(opened(page), "Paid back.")
    item = page.locator("#acts li")
    expect(item).to_contain_text("The door for events does not answer")
    expect(item).to_contain_text("nothing is lost")
    page.reload()
    door.open()
    expect(item).to_contain_text("Kafka has it, at 0/7", timeout=PATIENCE_MS)
    told = {"ticket_id": "T/4", "resolved_by": "Ann", "resolution": "Paid back."}
    assert [one["data"] for one in Door.taken] == [told]


@pytest.mark.parametrize(
    ("status", "said"), [(429, "The door for events is busy"), (503, "The door for events does not answer")]
)
def test_a_busy_door_is_asked_again_with_the_same_id(
    page: Page, door: OpenDoor, status: int, said: str
) -> None:
    Door.status, Door.message = status, "as many as this door takes"
    resolve(opened(page), "Done.")
    expect(page.locator("#acts li.failed")).to_contain_text(said)
    Door.status = 202
    page.locator("#acts li.kafka").wait_for()
    assert len(Door.taken) > 1
    assert len({one["id"] for one in Door.taken}) == 1


def test_what_is_refused_can_be_changed_and_sent_again(page: Page, door: OpenDoor) -> None:
    """The reason of the refusal is said, and the form opens with what was typed."""
    Door.status, Door.message = 400, "TicketResolved: the text is too odd"
    resolve(opened(page), "Something odd.")
    expect(page.locator("#acts li.refused")).to_contain_text("the text is too odd")
    Door.status = 202
    page.get_by_role("button", name="Change it").click()
    text = page.locator("form[data-form=resolve] textarea")
    expect(text).to_have_value("Something odd.")
    text.fill("Something plain.")
    page.locator("form[data-form=resolve] button").first.click()
    send(page)
    page.locator("#acts li.kafka").wait_for()
    assert Door.taken[-1]["data"]["resolution"] == "Something plain."


def test_an_intent_that_is_mistyped_is_not_sent(page: Page, door: OpenDoor) -> None:
    """It would become a label of its own that the next model learns."""
    opened(page).keyboard.press("i")
    page.locator("form[data-form=correct] [name=value]").fill("double_chrage")
    page.keyboard.press("Enter")
    send(page)
    expect(page.locator("#acts li.refused")).to_contain_text("do you mean double_charge")
    assert Door.taken == []


def test_a_session_whose_key_was_taken_away_ends_and_loses_nothing(
    others: Pages, browser: Browser, door: OpenDoor
) -> None:
    """The page asks for the present key, and then sends what was written under the old one."""
    others.start(door.url, OLD_KEY)
    with of_somebody(browser, others) as page:
        page.goto("/tickets/T%2F4")
        resolve(page, "Paid back.")
        sign_in(page, key="a wrong key")
        expect(page.locator("#sign-in [role=alert]")).to_contain_text("this is not the key")
        Door.status = 503  # nothing gets through before the server has started again
        sign_in(page, key=OLD_KEY)
        expect(page.locator("#acts li:is(.held, .failed)")).to_have_count(1)
        page.goto("/triage")
        page.locator("#guesses [data-guess]").first.wait_for()
        page.keyboard.press("1")
        expect(page.locator("#acts li:is(.held, .failed)")).to_have_count(2)
        page.goto("/data/letters/letter-3")
        page.keyboard.press("y")
        page.locator("form[data-form=replay] textarea").fill("Try again.")
        page.locator("form[data-form=replay] button").first.click()
        expect(page.locator("#acts li:is(.held, .failed)")).to_have_count(3)
        others.start(door.url, NEW_KEY)
        page.clock.fast_forward(11_000)
        expect(page.locator("#acts li.sign")).to_have_count(3)
        for item in page.locator("#acts li.sign").all():
            expect(item).to_contain_text("The key by which you signed in no longer holds")
        Door.status, Door.taken = 202, []
        page.locator("#acts [data-do=sign]").first.click()
        sign_in(page, key=NEW_KEY)
        expect(page.locator("#acts li:is(.kafka, .logged)")).to_have_count(3)
    acts = [one for one in Door.taken if "path" not in one]
    assert sorted(one["type"] for one in acts) == ["LabelCorrected", "TicketResolved"]
    assert [one["reason"] for one in Door.taken if "path" in one] == ["Try again."]


def test_what_was_typed_is_there_again(page: Page, door: OpenDoor) -> None:
    """Somebody closes a form by mistake, or loads the page anew."""
    opened(page).keyboard.press("x")
    page.locator("form[data-form=resolve] textarea").fill("A long story.")
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("x")
    expect(page.locator("form[data-form=resolve] textarea")).to_have_value("A long story.")


def test_who_closes_the_page_has_sent_what_they_did(page: Page, door: OpenDoor) -> None:
    """The ten seconds end with the page; a correction that waited for the next visit could wait for ever."""
    opened(page).keyboard.press("x")
    page.locator("form[data-form=resolve] button").first.click()
    page.locator("#acts li.held").wait_for()
    page.goto("about:blank")
    wait_for(lambda: len(Door.taken) == 1, "the act is sent")


def test_no_other_site_can_write(pages: Pages, door: OpenDoor) -> None:
    """A cookie alone opens nothing; and it is one that no script reads and no other site sends along."""
    with httpx.Client(base_url=pages.url, timeout=PATIENCE_S) as client:
        begun = client.post("/acting/session", json={"name": "Ann"})
        cookie = begun.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        by_tls = client.post("/acting/session", json={"name": "Ann"}, headers={"x-forwarded-proto": "https"})
        assert "Secure" in by_tls.headers["set-cookie"]
    mine = {"content-type": "application/json", "cookie": cookie.partition(";")[0]}
    whole = mine | {"x-csrf-token": begun.json()["token"]}
    act = {"id": f"page-{'0' * 32}", "ticket_id": "T/4", "act": "resolve", "by": "Ann"}
    body = json.dumps(act | {"life": 1, "revision": 1})
    for headers, status, kind in (
        ({"content-type": "application/json"}, 401, "SignInNeeded"),
        (mine, 403, "TokenMissing"),
        (mine | {"x-csrf-token": "0" * 64}, 403, "TokenMissing"),
        (whole | {"origin": "http://evil.example"}, 403, "OtherSite"),
        (whole | {"origin": "http://[x"}, 403, "OtherSite"),
        (whole | {"sec-fetch-site": "cross-site"}, 403, "OtherSite"),
        (whole | {"content-type": "text/plain"}, 415, "NotJson"),
        (whole | {"host": "evil.example"}, 421, "WrongHost"),
    ):
        answer = post(f"{pages.url}/acting/acts", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)
    assert Door.taken == []
    assert post(f"{pages.url}/acting/acts", content=body, headers=whole).status_code == 200


def test_without_a_door_the_page_says_how_to_get_one(others: Pages, browser: Browser) -> None:
    """Nothing runs that could take an event."""
    others.start("")
    with of_somebody(browser, others) as page:
        resolve(opened(page), "Done.")
        expect(page.locator("#acts li.failed")).to_contain_text("ticketyard stream intake")
