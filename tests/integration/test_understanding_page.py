"""The page Understanding: bands, what is mixed up and intents, each number with just the tickets behind it."""

import html
import re
from collections.abc import Iterator

import pytest

from schemas.views.metrics import metrics
from serving.pages.templates import texts
from tests.patient_http import get

FIGURE = re.compile(r'<a class="figure" href="([^"]+)" data-metric="([^"]+)">([^<]+)</a>')
COUNTS = ("predicted", "reviewed", "overruled")


def figures(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield address, metric and text of each number in a table of metrics."""
    for link, name, text in FIGURE.findall(page):
        yield html.unescape(link), name, text


def section(page: str, name: str) -> str:
    """The table of a page by its id."""
    return page.partition(f'<table id="{name}">')[2].partition("</table>")[0]


def listed(server: str, link: str) -> int:
    """How many tickets an address lists."""
    (total,) = re.findall(r'data-total="(\d+)"', get(server + link).text)
    return int(total)


@pytest.mark.parametrize("name", ["bands", "confusions", "intents"])
def test_a_number_leads_to_as_many_tickets(server: str, name: str) -> None:
    """Who asks which tickets were mixed up wants to see just those."""
    found = [one for one in figures(section(get(f"{server}/understanding").text, name)) if one[1] in COUNTS]
    assert found
    for link, metric, text in found:
        assert listed(server, link) == int(text.replace("\u202f", "")), (metric, link)


def test_confusions_are_pairs_of_what_was_said_and_what_holds(server: str) -> None:
    """Confirmed tickets are none; a chip says which filter holds, and takes it away."""
    table = section(get(f"{server}/understanding").text, "confusions")
    assert re.findall(r"<bdi>(.*?)</bdi>", table) == ["refund_status", "double_charge"]
    ((link, _, _),) = figures(table)
    page = get(server + link).text
    assert "Intent given: refund_status" in page
    assert '<input type="hidden" name="predicted_intent" value="refund_status">' in page


def test_bands_go_from_high_to_low_and_their_shares_are_a_whole(server: str) -> None:
    table = section(get(f"{server}/understanding").text, "bands")
    assert re.findall(r"<bdi>(.*?)</bdi>", table) == ["high", "low: goes to people"]
    shares = [float(text.removesuffix(" %")) for _, name, text in figures(table) if name == "predicted_share"]
    assert sum(shares) == pytest.approx(100, abs=0.1)


def test_a_period_that_there_is_not_is_refused_by_name(server: str) -> None:
    answer = get(f"{server}/understanding?days=8")
    assert answer.status_code == 400
    assert "days=8 is not one of 1, 7, 28, 91" in answer.text


@pytest.mark.parametrize("page", ["now", "operations", "understanding", "satisfaction", "data", "system"])
def test_a_german_page_heads_its_numbers_in_german(server: str, page: str) -> None:
    """Titles of metrics stood there in English, among German words."""
    text = get(f"{server}/{page}?lang=de").text
    german = texts()["de"]["metrics"]
    tiles = re.findall(r'<div class="label">(.*?)</div>\s*<div class="value" data-metric="(\w+)">', text)
    assert tiles
    assert [said for said, _ in tiles] == [german[name]["title"] for _, name in tiles]
    headed = set(re.findall(r'<th scope="col" class="num"[^>]*>(.*?)</th>', text))
    english = {one.title for one in metrics().values()} - {one["title"] for one in german.values()}
    assert not headed & english


def test_a_german_list_says_behind_which_metric_it_stands(server: str) -> None:
    assert "Hinter „Eröffnet“" in get(f"{server}/tickets?metric=arrivals&lang=de").text
