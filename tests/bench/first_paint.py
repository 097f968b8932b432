"""How soon a page paints and answers a key, by Chromium's own clocks: navigation, paint and Event Timing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import Browser

from tests.page_browser import chromium, running

PAINT_BAR_S: Final = 0.3
INTERACTION_BAR_S: Final = 0.1
PAGES: Final = ("/now", "/tickets", "/operations", "/triage", "/understanding", "/system")
KEYS: Final = ("?", "Escape", "Tab", "Tab", "?", "Escape")
"""What is pressed on each page: the list of keys opens and closes, and the focus moves."""

_PAINTED: Final = """() => new Promise(resolve => {
  const found = () => performance.getEntriesByName('first-contentful-paint')[0];
  const look = () => found() ? resolve({
    paint: found().startTime,
    answered: performance.getEntriesByType('navigation')[0].responseStart,
  }) : requestAnimationFrame(look);
  look();
})"""
_OBSERVE: Final = """() => {
  window.taken = [];
  new PerformanceObserver(list => list.getEntries().forEach(one => window.taken.push(one.duration)))
    .observe({type: 'event', durationThreshold: 16, buffered: true});
}"""
_TAKEN: Final = """() => new Promise(resolve =>
  requestAnimationFrame(() => setTimeout(() => resolve(window.taken), 0)))"""


class Seen(NamedTuple):
    """What one opening of a page took, in seconds: the server's answer, its first paint, its slowest interaction.

    Chromium tells of an event in steps of 8 ms, and not of one that took less than 16 ms: that is 0 here.
    """

    path: str
    answered_s: float
    paint_s: float
    interaction_s: float


def watch(home: Path, rounds: int) -> Iterator[Seen]:
    """Open each page in a window of its own, so that nothing is cached, after one time to warm the server up."""
    home.mkdir(parents=True)
    with running(home, watched=False) as server, chromium() as browser:
        for number in range(rounds + 1):
            for path in PAGES:
                found = _open(browser, server.url, path)
                if number:
                    yield found


def _open(browser: Browser, server: str, path: str) -> Seen:
    context = browser.new_context(base_url=server, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(path, wait_until="load")
    painted = page.evaluate(_PAINTED)
    page.evaluate(_OBSERVE)
    for key in KEYS:
        page.keyboard.press(key)
    taken = page.evaluate(_TAKEN)
    context.close()
    return Seen(path, painted["answered"] / 1000, painted["paint"] / 1000, max(taken, default=0.0) / 1000)
