"""The pages in a real Chromium, over a server with a made-up log: what they show, keys, hostile texts, what moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page

from schemas.views.metrics import metrics
from tests.page_browser import opened
from tests.patient_http import get, post


def test_every_number_is_a_metric(page: Page) -> None:
    """A number without a definition means something else to everybody who reads it."""
    for address in ("/now", "/operations", "/understanding", "/agents", "/system"):
        opened(page, address)
        names = page.locator("[data-metric]").evaluate_all("found => found.map(one => one.dataset.metric)")
        assert names
        assert set(names) <= metrics().keys()
        assert page.locator(".tile .value:not([data-metric])").count() == 0


def test_a_new_ticket_is_seen_without_a_reload(page: Page, one_more: Callable[[], None]) -> None:
    """The page is left open all day."""
    opened(page, "/now")
    waiting = page.locator(".tile [data-metric=waiting]")
    before = int(waiting.inner_text())
    one_more()
    page.wait_for_function(
        "before => Number(document.querySelector('.tile [data-metric=waiting]').textContent) === before + 1",
        arg=before,
    )
    assert page.locator(".chart .u-wrap").count() == 1, "the chart is drawn again after the page has moved"


def test_keys_lead_everywhere(page: Page) -> None:
    """All can be done without a mouse; `?` lists how."""
    opened(page, "/now").locator(".u-wrap").wait_for()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    for key, path in (
        ("r", "/triage"),
        ("o", "/operations"),
        ("u", "/understanding"),
        ("a", "/agents"),
        ("d", "/data"),
        ("s", "/system"),
        ("n", "/now"),
    ):
        page.keyboard.press(key)
        page.wait_for_url(f"**{path}")
    page.keyboard.press("t")
    page.wait_for_url("**/tickets")
    page.keyboard.press("/")
    page.keyboard.type("refund\n")
    page.wait_for_url("**q=refund**")
    assert page.locator("tbody tr").count() > 0


def test_triage_works_without_a_model(page: Page) -> None:
    """Where this server explains nothing, the ticket's own guess and the search are left, and the page says why."""
    card = opened(page, "/triage").locator("#card")
    card.get_by_text("explanations are off").wait_for()
    assert card.locator("[data-key='1']").count() == card.locator("#other").count() == 1
    first = card.locator("article").get_attribute("data-ticket")
    page.keyboard.press("j")
    page.wait_for_function(
        "first => document.querySelector('#card article').dataset.ticket !== first", arg=first
    )
    assert page.locator("#queue [aria-current]").count() == 1


def test_a_number_leads_to_as_many_tickets(page: Page) -> None:
    """Who clicks at a bar wants to see just those tickets."""
    opened(page, "/now")
    row = page.locator("section", has_text="Queues").locator("tbody tr").first
    count = int(row.locator("[data-metric=waiting]").inner_text())
    row.locator("a").first.click()
    page.wait_for_url("**/tickets?**")
    assert int(page.locator("[data-total]").get_attribute("data-total") or "") == count


def test_hostile_texts_stay_texts(page: Page) -> None:
    """HTML, script and text that runs from right to left are shown as they were written."""
    opened(page, "/tickets/T%2F1")
    assert "<script>alert(1)</script>" in page.locator("h1").inner_text()
    assert "<img src=x onerror=alert(2)>" in page.locator(".said").first.inner_text()
    assert page.evaluate("document.querySelectorAll('main img, main script').length") == 0


def test_a_browser_in_german_reads_german(browser: Browser, server: str) -> None:
    context = browser.new_context(base_url=server, locale="de-DE")
    page = context.new_page()
    opened(page, "/now")
    assert page.locator("h1").inner_text() == "Jetzt"
    assert page.locator("html").get_attribute("lang") == "de"
    context.close()


def test_a_page_says_how_fresh_it_is(page: Page) -> None:
    assert "Complete" in opened(page, "/now").locator("#fresh").inner_text()


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/tickets?status=open", 400, "status=open is not one of new, assigned"),
        ("/tickets?sort=best", 400, "sort=best is not one of newest"),
        ("/tickets?offset=-1", 400, "offset=-1 is no whole number"),
        ("/tickets?opened_from=yesterday", 400, "opened_from=yesterday is no moment"),
        ("/tickets?q=one+two+three+four+five+six", 400, "a search has 5 different words at most, this one 6"),
        (f"/tickets?q={'x' * 1000}", 400, "a search has 200 characters at most, this one 1,000"),
        ("/operations?by=shoe+size", 400, "by=shoe size is not one of category"),
        ("/operations?days=1e9", 400, "days=1e9 is not one of 1, 7, 28, 91"),
        ("/tickets/none", 404, "there is no ticket &#39;none&#39;"),
    ],
)
def test_an_edited_address_gets_a_page_that_says_what_is_wrong(
    server: str, address: str, status: int, said: str
) -> None:
    answer = get(server + address)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert said in answer.text


def test_nothing_may_run_or_frame_a_page(server: str) -> None:
    """The policy lets no script run that stands in a page, and the pages have none."""
    answer = get(f"{server}/now")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in answer.headers
    assert "<script>" not in answer.text
    assert "style=" not in answer.text


def test_metrics_say_the_same_as_the_page(server: str) -> None:
    """One definition for the page, the door and SQL."""
    now = datetime.now(UTC)
    period = {"start": (now - timedelta(days=7)).isoformat(), "end": now.isoformat()}
    found = get(
        f"{server}/v1/metrics/arrivals", params={"by": "team", "compare": "previous", **period}
    ).json()
    statement = {"sql": found["sql"], "params": found["parameters"]}
    answer = post(f"{server}/v1/sql", json=statement).json()
    assert [dict(zip(("team", "arrivals"), row, strict=True)) for row in answer["rows"]] == found["rows"]
    assert len(found["compared"]) > 0
    assert {one["name"] for one in get(f"{server}/v1/metrics").json()["metrics"]} == metrics().keys()


def test_moments_without_an_offset_are_utc(server: str) -> None:
    period = {
        "start": "2026-01-01T00:00:00",
        "end": "2100-01-01T00:00:00Z",
        "every": "day",
        "compare": "previous",
    }
    found = get(f"{server}/v1/metrics/arrivals", params=period).json()
    assert found["parameters"][0] == "2026-01-01T00:00:00Z"
    assert found["compared"] == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/v1/metrics/none", 404),
        ("/v1/metrics/arrivals?by=shoe", 400),
        ("/v1/metrics/waiting?start=2026-03-01T00:00:00Z", 400),
        ("/v1/metrics/arrivals?compare=week", 400),
        ("/v1/metrics/arrivals?shoe=1", 400),
        ("/v1/metrics/arrivals?start=0001-01-01T00:00:00%2B05:00", 400),
        ("/v1/metrics/arrivals?start=0001-01-01T00:00:00&end=0001-01-09T00:00:00Z&compare=week", 400),
    ],
)
def test_what_is_no_metric_is_refused(server: str, address: str, status: int) -> None:
    answer = get(server + address)
    assert (answer.status_code, answer.json()["ok"]) == (status, False)
