"""Fixtures of the tests of pages: one server and one browser a file."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.page_browser import Running, chromium, running, silent_page


@pytest.fixture(scope="module")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server in a process of its own."""
    with running(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def server(running_server: Running) -> str:
    """The address of that server."""
    return running_server.url


@pytest.fixture
def one_more(running_server: Running) -> Callable[[], None]:
    """What lets one more ticket come."""
    return running_server.one_more


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    """A page that fails the test where the console tells of an error or a request leaves this machine."""
    with silent_page(browser, server) as found:
        yield found
