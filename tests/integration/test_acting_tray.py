"""What a browser keeps of what somebody did, and when it sends it; the door is one that says what a test wants."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.unit.serving.waiting import wait_for

PATIENCE_MS: Final = 60_000
REFUSED: Final = (400, {"error": {"type": "ActRefused", "message": "not so", "status": 400}})
AWAY: Final = (503, {"error": {"type": "IntakeAway", "message": "no answer", "status": 503}})
TAKEN: Final = (200, {"event_ids": ["e1"], "places": [{"partition": 0, "offset": 7}], "meanwhile": []})
WORD: Final = {
    "event_id": "theirs",
    "by": "Bo",
    "at": "2026-03-02T12:00:00Z",
    "about": "status",
    "value": None,
}
WAIT_MS: Final = 11_000
"""A moment longer than an act can be undone."""


class Answers:
    """What the server answers to acts; `taken` are those that it was sent, `looks` asked for an event in the log."""

    def __init__(self, context: BrowserContext) -> None:
        self.now: tuple[int, Any] = TAKEN
        self.taken: list[dict[str, Any]] = []
        self.looks: list[Route] = []
        context.route("**/acting/acts", self._answer)
        context.route("**/acting/logged/**", self._hold)

    def _hold(self, route: Route) -> None:
        self.looks.append(route)

    def _answer(self, route: Route) -> None:
        self.taken.append(json.loads(route.request.post_data or "{}"))
        route.fulfill(status=self.now[0], json=self.now[1])


@pytest.fixture
def context(browser: Browser, server: str) -> Iterator[BrowserContext]:
    """A browser of somebody whose time a test can move."""
    made = browser.new_context(base_url=server, viewport={"width": 1280, "height": 900})
    made.set_default_timeout(PATIENCE_MS)
    made.clock.install()
    expect.set_options(timeout=PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def answers(context: BrowserContext) -> Answers:
    """What is answered to this browser."""
    return Answers(context)


@pytest.fixture
def page(context: BrowserContext, answers: Answers) -> Page:
    """A page on which Ann has signed in."""
    made = context.new_page()
    made.goto("/tickets/T%2F4")
    sign_in(made, "Ann")
    return made


def sign_in(page: Page, name: str) -> None:
    page.locator("#who").click()
    page.locator("#sign-in input[name=name]").fill(name)
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_contain_text(name)


def resolve(page: Page, text: str) -> None:
    page.keyboard.press("x")
    page.locator("form[data-form=resolve] textarea").fill(text)
    page.locator("form[data-form=resolve] button").first.click()
    page.locator("#acts li.held").first.wait_for()


def sent(page: Page) -> None:
    """Let the time go by in which what was done can be undone."""
    page.clock.fast_forward(WAIT_MS)


def triage(page: Page) -> list[str]:
    """Go to Triage and return the tickets of the queue."""
    page.goto("/triage")
    page.locator("#card article").wait_for()
    return [one.get_attribute("data-ticket") or "" for one in page.locator("#queue li").all()]


def test_no_key_decides_on_a_card_that_has_not_come(page: Page) -> None:
    """The card of the ticket before stood there while the next was read, and got the label."""
    held = list[Route]()
    first = True

    def hold(route: Route) -> None:
        nonlocal first
        whole, first = first, False
        if whole:
            route.continue_()
        else:
            held.append(route)

    page.route("**/acting/cards/*", hold)
    queue = triage(page)
    page.keyboard.press("j")
    expect(page.locator("#queue li[aria-current]")).to_have_attribute("data-ticket", queue[1])
    page.keyboard.press("1")
    for route in held:
        route.continue_()
    expect(page.locator("#card article")).to_have_attribute("data-ticket", queue[1])
    expect(page.locator("#acts li")).to_have_count(0)


def test_a_key_that_is_held_down_decides_once(page: Page) -> None:
    queue = triage(page)
    page.keyboard.down("1")
    expect(page.locator("#card article")).to_have_attribute("data-ticket", queue[1])
    page.keyboard.down("1")
    page.keyboard.up("1")
    page.keyboard.press("j")
    expect(page.locator("#card article")).to_have_attribute("data-ticket", queue[2])
    expect(page.locator("#acts li")).to_have_count(1)


def test_a_form_that_is_closed_has_changed_nothing(page: Page, answers: Answers) -> None:
    """`Change it` dropped the act before the form was sent: Escape lost it."""
    answers.now = REFUSED
    resolve(page, "Odd.")
    sent(page)
    page.get_by_role("button", name="Change it").click()
    page.keyboard.press("Escape")
    expect(page.locator("#acts li.refused")).to_contain_text("not so")
    answers.now = TAKEN
    page.get_by_role("button", name="Change it").click()
    page.locator("form[data-form=resolve] textarea").fill("Plain.")
    page.locator("form[data-form=resolve] button").first.click()
    sent(page)
    page.locator("#acts li.kafka").wait_for()
    expect(page.locator("#acts li")).to_have_count(1)
    assert [one["reason"] for one in answers.taken] == ["Odd.", "Plain."]


def test_a_changed_correction_still_moves_its_ticket(page: Page, answers: Answers) -> None:
    """Also where what there is to choose did not load: the server knows the team of an intent."""
    answers.now = REFUSED
    page.route("**/acting/choices", lambda route: route.abort())
    queue = triage(page)
    page.keyboard.press("/")
    page.keyboard.type("double_chrage\n")
    sent(page)
    page.locator("#acts li.refused").wait_for()
    answers.now = TAKEN
    page.get_by_role("button", name="Change it").click()
    page.locator("form[data-form=correct] [name=value]").fill("double_charge")
    page.keyboard.press("Enter")
    sent(page)
    page.locator("#acts li.kafka").wait_for()
    told = [(one["ticket_id"], one["value"], one["move"]) for one in answers.taken]
    assert told == [(queue[0], "double_chrage", True), (queue[0], "double_charge", True)]
    expect(page.locator("#card article")).to_have_attribute("data-ticket", queue[1])


def test_what_was_done_in_one_home_is_not_sent_to_another(page: Page, answers: Answers) -> None:
    """`demo` and `up` have the same address, and browsers keep by address."""
    resolve(page, "Paid back.")
    home = page.evaluate("fetch('/acting/session').then((answer) => answer.json())")["home"]
    (key,) = page.evaluate("Object.keys(localStorage)")
    assert re.fullmatch(rf"ticketyard\.acts\.{home}\.page-[0-9a-f]{{32}}", key)
    page.evaluate(
        """([key, home]) => { localStorage.setItem(key.replace(home, "another"),
        JSON.stringify({ ...JSON.parse(localStorage.getItem(key)), home: "another" }));
        localStorage.removeItem(key); }""",
        [key, home],
    )
    page.reload()
    expect(page.locator("#who")).to_contain_text("Ann")
    sent(page)
    resolve(page, "Of this home.")
    sent(page)
    page.locator("#acts li.kafka").wait_for()
    assert [one["reason"] for one in answers.taken] == ["Of this home."]


def test_an_event_is_looked_for_once_at_a_time_and_can_be_left(page: Page, answers: Answers) -> None:
    """Each second another question went out, without end, and no button ended it."""
    resolve(page, "Paid back.")
    sent(page)
    page.locator("#acts li.kafka").wait_for()
    wait_for(lambda: page.evaluate("1") and len(answers.looks) == 1, "it is looked for")
    page.clock.run_for(15_000)
    assert page.evaluate("1")
    assert len(answers.looks) == 1
    answers.looks[0].fulfill(json={"logged": False})
    page.clock.fast_forward(WAIT_MS * 3)
    page.get_by_role("button", name="Leave it").click()
    for late in answers.looks[1:]:
        late.fulfill(json={"logged": True})
    expect(page.locator("#acts li")).to_have_count(0)


def test_nobody_sends_or_changes_what_another_wrote(page: Page, answers: Answers) -> None:
    """It waits for its writer, who is named in the form."""
    resolve(page, "Paid back.")
    page.locator("#who").click()
    expect(page.locator("#who")).to_have_text("Sign in")
    sign_in(page, "Bo")
    sent(page)
    item = page.locator("#acts li.sign")
    expect(item).to_contain_text("Somebody else wrote this")
    expect(item.get_by_role("button")).to_have_text(["Sign in", "Leave it"])
    assert answers.taken == []
    item.get_by_role("button", name="Sign in").click()
    expect(page.locator("#sign-in input[name=name]")).to_have_value("Ann")
    page.keyboard.press("Enter")
    page.locator("#acts li.kafka").wait_for()
    assert [one["by"] for one in answers.taken] == ["Ann"]


def test_a_closing_tab_sends_only_what_was_done_in_it(page: Page) -> None:
    """The other tab still counts its ten seconds."""
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    other = page.context.new_page()
    other.goto("/tickets/T%2F8")
    expect(other.locator("#who")).to_contain_text("Ann")
    resolve(page, "Here.")
    resolve(other, "There.")
    expect(page.locator("#acts li.held")).to_have_count(2)
    other.goto("about:blank")
    expect(page.locator("#acts li:not(.held)")).to_have_count(1)
    kept = page.evaluate("Object.values(localStorage).map((one) => JSON.parse(one))")
    assert {one["reason"]: one["state"] for one in kept} == {"Here.": "held", "There.": "sending"}


def test_what_others_said_can_be_overruled(page: Page, answers: Answers) -> None:
    """An act that was written in a form had no list to put their events into, and the button did nothing."""
    answers.now = (409, {"event_ids": [], "places": [], "meanwhile": [WORD]})
    resolve(page, "Paid back.")
    sent(page)
    expect(page.locator("#acts li.meanwhile")).to_contain_text("Bo said")
    answers.now = TAKEN
    page.get_by_role("button", name="Send mine as well").click()
    page.locator("#acts li.kafka").wait_for()
    assert [one["over"] for one in answers.taken] == [[], ["theirs"]]


def test_who_leaves_what_got_no_answer_hears_that_it_may_have_arrived(page: Page, answers: Answers) -> None:
    answers.now = AWAY
    resolve(page, "Paid back.")
    sent(page)
    expect(page.locator("#acts li.failed")).to_contain_text("It may have arrived all the same")


def test_the_queue_follows_the_order_of_the_server(page: Page) -> None:
    """New tickets came last, however urgent, and the `+` of a queue with more was lost."""
    queue = triage(page)
    card, *rest = queue
    items = "".join(f'<li data-ticket="{one}"><button>x</button></li>' for one in ["new", *rest[::-1], card])
    told = f'<span id="left">100+</span><ol id="queue">{items}</ol>'
    page.route("**/triage", lambda route: route.fulfill(body=told, content_type="text/html"))
    page.clock.fast_forward(31_000)
    expect(page.locator("#queue li").first).to_have_attribute("data-ticket", "new")
    shown = [one.get_attribute("data-ticket") for one in page.locator("#queue li").all()]
    assert shown == ["new", *rest[::-1], card]
    expect(page.locator("#left")).to_have_text(f"{len(shown)}+")
