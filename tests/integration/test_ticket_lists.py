"""Lists of tickets in a real Chromium and over HTTP: columns, order, kept searches, files, the way from a number."""

import csv
import io
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from schemas.views.metrics import metrics
from tests.page_browser import opened
from tests.patience import PATIENCE_S
from tests.patient_http import get

FILES = ("csv", "xlsx", "parquet")


def total(page: Page) -> int:
    """How many tickets a list says that there are."""
    return int(page.locator("[data-total]").get_attribute("data-total") or "")


def read_rows(kind: str, content: bytes) -> list[dict[str, Any]]:
    """The rows of an exported file by column, as texts; moments in one form."""
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(content.decode())))
    if kind == "parquet":
        return [
            {name: _text(value) for name, value in row.items()}
            for row in pq.read_table(io.BytesIO(content)).to_pylist()
        ]
    names, *rows = load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(values_only=True)
    return [{name: _text(value) for name, value in zip(names, row, strict=True)} for row in rows]


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    return "" if value is None else str(value)


def _plain(rows: list[dict[str, Any]]) -> tuple[list[tuple[str, str]], list[float]]:
    """Rows of any format, comparable, without the mark before a formula; and their moments, in seconds."""
    return (
        [(row["ticket_id"], row["subject"].removeprefix("'")) for row in rows],
        [datetime.fromisoformat(row["opened_at"]).timestamp() for row in rows],
    )


@pytest.mark.parametrize("door", ["/tickets", "/v1/tickets"])
def test_every_format_holds_the_same_tickets(server: str, door: str) -> None:
    """The page and the door write what the list has, in its order, in the chosen columns."""
    asked = "?team=billing&sort=opened_at&columns=ticket_id,subject,opened_at"
    found = {
        kind: read_rows(kind, get(f"{server}{door}.{kind}{asked}").raise_for_status().content)
        for kind in FILES
    }
    listed = get(f"{server}/v1/tickets?team=billing&sort=opened_at&limit=1000").json()["rows"]
    listed = [row for row in listed if row["merged_into"] is None or door == "/v1/tickets"]
    assert list(found["csv"][0]) == ["ticket_id", "subject", "opened_at"]
    assert [row["ticket_id"] for row in found["csv"]] == [row["ticket_id"] for row in listed]
    texts, moments = _plain(found["csv"])
    for kind in ("xlsx", "parquet"):
        assert _plain(found[kind])[0] == texts
        assert _plain(found[kind])[1] == pytest.approx(moments, abs=0.001), (
            "a workbook's moments are to the millisecond"
        )


def test_a_formula_stays_text_in_every_file(server: str) -> None:
    """A spreadsheet would run a subject that begins as a formula."""
    asked = "?customer_id=C7&columns=subject"
    rows = list(csv.DictReader(io.StringIO(get(f"{server}/tickets.csv{asked}").text)))
    assert [row["subject"] for row in rows] == ["'=1+1"]
    book = load_workbook(io.BytesIO(get(f"{server}/tickets.xlsx{asked}").content))
    cell = book.active["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=1+1", "s", True)
    assert pq.read_table(io.BytesIO(get(f"{server}/tickets.parquet{asked}").content)).to_pylist() == [
        {"subject": "=1+1"}
    ]


def test_a_file_says_how_much_of_the_list_it_holds(server: str) -> None:
    answer = get(f"{server}/tickets.csv?team=billing")
    assert answer.headers["ticketyard-rows"] == str(len(answer.text.splitlines()) - 1)
    assert answer.headers["ticketyard-truncated"] == "false"
    assert answer.headers["content-disposition"] == 'attachment; filename="tickets.csv"'


def test_a_search_wants_every_word(server: str) -> None:
    """Each in the subject or in a message; a search once read all messages anew for each word."""
    both = get(f"{server}/tickets.csv?q=REFUND+hello").text
    assert both.count("refund?") == get(f"{server}/tickets.csv?q=refund").text.count("refund?") > 0
    assert len(get(f"{server}/tickets.csv?q=refund+Rechnung").text.splitlines()) == 1
    assert len(get(f"{server}/v1/tickets.csv?q=refund&columns=ticket_id").text.splitlines()) > 1
    assert get(f"{server}/v1/tickets?q=refund+Rechnung").json()["rows"] == []


def test_columns_and_order_are_in_the_address(page: Page) -> None:
    """Somebody who gets the address sees the same table."""
    opened(page, "/tickets?columns=priority,ticket_id&sort=-priority")
    assert page.locator("thead th").all_inner_texts() == ["Priority ↓", "Ticket"]
    assert page.locator("thead th").first.get_attribute("aria-sort") == "descending"
    first = page.locator("tbody td").first
    assert first.inner_text() == "critical"
    page.locator("thead a").first.click()
    page.wait_for_url("**sort=priority**")
    assert first.inner_text() == "low"


def test_columns_are_chosen_by_ticks_and_the_address_stays_short(page: Page) -> None:
    opened(page, "/tickets")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Subject", exact=True).uncheck()
    page.get_by_role("checkbox", name="Language", exact=True).check()
    page.get_by_role("button", name="Show these columns").click()
    page.wait_for_url("**columns=**")
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {"columns": ["ticket_id,status,priority,team,assignee,customer_id,opened_at,language"]}
    assert page.locator("thead th").all_inner_texts()[-1] == "Language"


def test_a_kept_search_is_there_again_and_can_be_forgotten(page: Page) -> None:
    """It is an address with a name, in the reader's own browser."""
    opened(page, "/tickets?team=billing&open=yes")
    page.get_by_label("A name for this search").fill("<b>Billing</b>")
    page.get_by_role("button", name="Keep").click()
    opened(page, "/tickets")
    page.get_by_role("link", name="<b>Billing</b>").click()
    page.wait_for_url("**/tickets?team=billing&open=yes")
    page.get_by_role("button", name="Forget this search").click()
    assert page.locator(".saved li").count() == 0
    assert opened(page, "/tickets").locator(".saved li").count() == 0


def test_a_filter_is_named_and_taken_away(page: Page) -> None:
    """One that a link set has no field, so it would be there unseen."""
    everything = total(opened(page, "/tickets"))
    opened(page, "/tickets?metric=arrivals&from=2000-01-01T00:00:00Z&team=billing&resolved_from=2001-01-01")
    assert total(page) < everything
    chips = page.locator(".chips li")
    assert chips.count() == 4
    assert "Behind “Opened”" in " ".join(chips.all_inner_texts())
    for left in (3, 2, 0):  # with the metric goes its period
        page.locator(".chips a[aria-label]").first.click()
        expect(chips).to_have_count(left, timeout=PATIENCE_S * 1000)
    assert total(page) == everything
    assert urlsplit(page.url).query == ""


def test_pages_of_a_list_follow_each_other(page: Page) -> None:
    opened(page, "/tickets?sort=ticket_id")
    seen = page.locator("tbody td:first-child").all_inner_texts()
    while page.locator("[rel=next]").count():
        page.locator("[rel=next]").click()
        page.wait_for_url(f"**offset={len(seen)}*")
        seen += page.locator("tbody td:first-child").all_inner_texts()
    assert len(seen) == len(set(seen)) == total(page) > 50


@pytest.mark.parametrize("by", ["team", "customer_tier"])
def test_every_number_of_operations_leads_to_its_tickets(page: Page, by: str) -> None:
    """Of a count to as many tickets, of a share or a mean to some, also in the group without a value."""
    opened(page, f"/operations?by={by}&days=28")
    links = page.locator("a[data-metric]").evaluate_all(
        "found => found.map(one => [one.dataset.metric, one.textContent.trim(), one.getAttribute('href')])"
    )
    links += page.locator("a.tile").evaluate_all(
        "found => found.map(one => [one.querySelector('.value').dataset.metric, "
        "one.querySelector('.value').textContent.trim(), one.getAttribute('href')])"
    )
    assert len(links) > 12
    base = page.url.split("/operations")[0]
    counts = [
        (
            name,
            text,
            int(get(base + href.replace("/tickets?", "/tickets.csv?")).headers["ticketyard-rows"]),
        )
        for name, text, href in links
    ]
    for name, text, count in counts:
        if metrics()[name].unit == "tickets" and metrics()[name].additive:
            assert count == int(text.replace("\u202f", "")), name
        elif text in ("—", "0.0 %", "0.00"):
            assert count == 0, name
        elif name not in ("escalations", "sla_met"):
            assert count > 0, name


def test_a_bar_and_a_point_lead_to_as_many_tickets(page: Page) -> None:
    """Who clicks at a bar or at a point of a chart wants to see just those tickets."""
    opened(page, "/operations?by=team&days=28")
    row = page.locator("tbody tr", has=page.locator("td.bars")).first
    count = int(row.locator("[data-metric=arrivals]").inner_text())
    row.locator("td.bars a").click()
    page.wait_for_url("**/tickets?**")
    assert total(page) == count
    opened(page, "/operations?by=team&days=28").locator(".u-over").wait_for()
    values = page.locator("#volume td[data-metric=arrivals]").evaluate_all(
        "found => found.map(one => Number(one.dataset.value))"
    )
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    number = len(values) - 1 - next(n for n, value in enumerate(reversed(values)) if value)
    across = box["width"] * number / (len(values) - 1)
    top = box["height"] * (1 - values[number] / max(1, 1.1 * max(values)))
    page.locator(".u-over").click(
        position={"x": min(across, box["width"] - 1), "y": min(top, box["height"] - 1)}
    )
    page.wait_for_url("**metric=**")
    assert "metric=arrivals" in page.url
    assert total(page) == values[number]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/tickets?statsu=open", "there is no filter statsu; there are status"),
        ("/tickets?columns=shoe", "columns=shoe is no column of tickets"),
        ("/tickets?columns=links", "columns=links is in files alone"),
        ("/tickets?sort=-shoe", "sort=-shoe is not one of newest"),
        ("/tickets?metric=shoe", "there is no metric &#39;shoe&#39;"),
        ("/tickets?metric=waiting", "metric waiting counts no single tickets"),
        ("/tickets?metric=backlog&from=2026-03-01", "metric backlog is of now"),
        ("/tickets?from=2026-03-01", "from and to are a metric&#39;s"),
        (
            "/tickets?opened_from=0001-01-01T00:00:00%2B05:00",
            "opened_from=0001-01-01T00:00:00+05:00 is no moment",
        ),
        ("/tickets?without=shoe", "without=shoe is not one of"),
        ("/tickets?open=no", "open=no is not yes"),
        ("/tickets?offset=99999999999", "offset=99999999999 is no whole number"),
        ("/tickets.csv?status=open", "status=open is not one of"),
        ("/tickets.xlsx?statsu=open", "there is no filter statsu"),
    ],
)
def test_an_edited_search_gets_a_page_that_says_what_is_wrong(server: str, address: str, said: str) -> None:
    answer = get(server + address)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert said in answer.text
    assert f'href="/{address[1:8]}"' in answer.text, "the way back is to the same list without what was wrong"


@pytest.mark.parametrize(
    "address",
    [
        "/v1/tickets.csv?columns=shoe",
        "/v1/tickets.xlsx?sort=shoe",
        f"/v1/tickets?q={'x' * 201}",
        "/v1/tickets?cursor=x",
    ],
)
def test_a_door_refuses_what_it_cannot_list(server: str, address: str) -> None:
    answer = get(server + address)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)


def test_an_offset_beyond_the_list_is_an_empty_page(page: Page) -> None:
    """Tickets can go while somebody turns pages; the way to the first page stays."""
    opened(page, "/tickets?offset=5000")
    assert page.locator("tbody tr").count() == 0
    page.get_by_role("link", name="First page").click()
    page.wait_for_url("**/tickets")
    assert page.locator("tbody tr").count() > 0


def test_a_search_of_a_million_characters_is_refused_and_harms_nobody(server: str) -> None:
    """No server takes an address of that length; the page's field ends at 200 characters."""
    address = urlsplit(server)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE_S)
    connection.request("GET", f"/tickets?q={'x' * 1_000_000}")
    assert connection.getresponse().status in (400, 414, 431)
    assert get(f"{server}/tickets?q=refund").status_code == 200


def test_hostile_texts_stay_texts_in_a_list(page: Page) -> None:
    """HTML, script and right-to-left text stay in their cells; of 2 MB a list shows the beginning."""
    opened(page, "/tickets?customer_id=C1")
    assert page.locator("tbody bdi").first.inner_text() == "<script>alert(1)</script>"
    answer = get(page.url.split("/tickets")[0] + "/tickets?customer_id=C11")
    assert "a" * 300 in answer.text
    assert len(answer.text) < 50_000
    opened(page, "/tickets?customer_id=C13")
    assert page.locator("tbody bdi").first.inner_text() == "\u202erefund \u0007now"
    exported = get(page.url.replace("/tickets?", "/tickets.xlsx?").replace("C13", "C11"))
    assert len(read_rows("xlsx", exported.content)[0]["subject"]) == 32_767


def test_a_file_can_have_columns_that_the_page_lacks(server: str) -> None:
    """Those of an address were read as the page's, so its file was refused too."""
    answer = get(f"{server}/tickets.csv?columns=ticket_id,links&customer_id=C7")
    assert answer.status_code == 200, answer.text
    assert answer.text.splitlines() == ['"ticket_id","links"', '"T/7",""']
