"""The pages for those who read them otherwise: axe-core finds nothing serious, in any light and on any screen."""

import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from tests.page_browser import Running, opened, running
from tests.patient_http import get
from tests.unit.serving.waiting import wait_for

AXE: Final = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
"""axe-core, out of the package that carries it; it is asked in the page's own world, past its policy for scripts."""

SIZES: Final = ((360, 780), (1280, 900), (1920, 1080))
LOOKS: Final = (*((size, "light") for size in SIZES), (SIZES[1], "dark"))
"""Colours depend on the light alone: no rule of the style sheets asks for a light and a width together, and a small
screen shows nothing that a large one hides. So what is dark is looked at once."""

PAGES: Final = (
    "/now",
    "/triage",
    "/tickets",
    "/tickets?q=refund&team=billing&sort=-opened_at",
    "/tickets/T%2F2",
    "/operations?by=channel&days=28",
    "/understanding",
    "/satisfaction",
    "/agents",
    "/data",
    "/system",
    "/tickets?status=open",
)
FOLDER: Final = Path(os.environ.get("TICKETYARD_SCREENSHOTS") or Path(__file__).parents[2] / "screenshots")
"""Where a picture of each page and state is kept for whoever wants to look at it; git ignores it."""


def serious(page: Page) -> list[str]:
    """What axe finds that keeps somebody from reading or using a page, each with the element."""
    page.evaluate(f"() => {{ {AXE} }}")
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def looked_at(browser: Browser, where: str, name: str, size: tuple[int, int], scheme: Any) -> None:
    """Open a page as a reader of that size and light does, keep its picture, and assert that it is good to read."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        timezone_id="Asia/Kolkata",
    )
    try:
        page = opened(context.new_page(), where)
        page.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (
            "something runs out at the side"
        )
        assert page.locator("h1").count() == 1
        assert serious(page) == []
    finally:
        context.close()


def name_of(address: str) -> str:
    """The name of an address's picture."""
    return address.strip("/").translate(str.maketrans("/?&=%", "-----"))


@pytest.fixture(scope="module", autouse=True)
def folder() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
@pytest.mark.parametrize("address", PAGES)
def test_each_page_can_be_read_by_everybody(
    browser: Browser, server: str, address: str, size: tuple[int, int], scheme: str
) -> None:
    """Nothing runs out at the side, and axe finds nothing serious; each picture is kept."""
    looked_at(browser, server + address, name_of(address), size, scheme)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server to which no ticket has come yet."""
    with running(tmp_path_factory.mktemp("empty"), "empty", watched=False) as found:
        yield found


@pytest.fixture(scope="module")
def stale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose log has fallen silent."""
    with running(tmp_path_factory.mktemp("stale"), "stale", watched=False) as found:
        yield found


@pytest.mark.parametrize(
    "address", ["/now", "/tickets", "/operations", "/understanding", "/satisfaction", "/agents"]
)
def test_a_page_without_tickets_says_so(browser: Browser, empty: Running, address: str) -> None:
    """The first thing that somebody sees after set-up is a page with nothing on it."""
    looked_at(browser, empty.url + address, f"empty-{name_of(address)}", SIZES[1], "light")
    looked_at(browser, empty.url + address, f"empty-{name_of(address)}", SIZES[0], "dark")


@pytest.mark.parametrize("address", ["/now", "/tickets", "/operations"])
def test_a_page_of_a_silent_log_says_so(browser: Browser, stale: Running, address: str) -> None:
    """Numbers that stand still look like a quiet day."""
    wait_for(lambda: 'class="fresh partial"' in get(stale.url + address).text, "it is noticed")
    context = browser.new_context()
    page = opened(context.new_page(), stale.url + address)
    assert "Incomplete" in page.locator("#fresh").inner_text()
    assert page.locator(".banner li").count() > 0
    context.close()
    looked_at(browser, stale.url + address, f"stale-{name_of(address)}", SIZES[1], "light")


def test_a_page_that_is_on_its_way_says_so(browser: Browser, server: str) -> None:
    """Who has clicked sees at once that something happens, however long the answer takes."""
    context = browser.new_context(base_url=server)
    page = opened(context.new_page(), "/now")
    page.evaluate("dispatchEvent(new Event('beforeunload'))")
    assert page.evaluate("document.documentElement.hasAttribute('data-loading')")
    page.screenshot(path=FOLDER / "loading-now-1280-light.png")
    page.evaluate("dispatchEvent(new Event('pageshow'))")
    assert not page.evaluate("document.documentElement.hasAttribute('data-loading')")
    context.close()
