"""What tests of pages share: a server in a process of its own, and Debian's Chromium."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from schemas.settings import CommonSettings
from tests.patience import PATIENCE_S
from tests.patient_http import get
from tests.unit.serving.waiting import wait_for

ROOT: Final = Path(__file__).parents[1]
expect.set_options(timeout=PATIENCE_S * 1000)


class Running(NamedTuple):
    """A server that runs: its address, and what lets a ticket come."""

    url: str
    one_more: Callable[[], None]


@contextmanager
def running(home: Path, *arguments: str, watched: bool = True) -> Iterator[Running]:
    """Serve made-up tickets from `home`; a page that is `watched` to the end must not keep the server running."""
    (home / "jars").symlink_to(CommonSettings().jars_folder)
    command = [sys.executable, "-m", "tests.page_server", str(home), "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True) as process:
        address = home / "run" / "serving.json"
        wait_for(lambda: address.exists() or process.poll() is not None, "the server listens")
        assert process.poll() is None
        url = json.loads(address.read_text(encoding="utf-8"))["url"]
        wait_for(lambda: get(f"{url}/ready").status_code == 200, "the tail is read")
        stdin = process.stdin
        assert stdin is not None

        def one_more() -> None:
            stdin.write("one more\n")
            stdin.flush()

        yield Running(url, one_more)
        if not watched:
            process.terminate()
            return
        with httpx.stream("GET", f"{url}/live/now", timeout=PATIENCE_S) as left_open:
            assert next(left_open.iter_lines())
            process.terminate()
            assert process.wait(PATIENCE_S) == 0, "a page that was left open kept the server running for ever"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    found = shutil.which("chromium")
    assert found, "the pages are tested in Chromium: apt-get install chromium"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@contextmanager
def silent_page(browser: Browser, server: str) -> Iterator[Page]:
    """A page that fails where the console tells of an error or a request leaves this machine."""
    context = browser.new_context(base_url=server, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_S * 1000)
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith((server, "data:")) else wrong.append(request.url),
    )
    page.on("dialog", lambda dialog: wrong.append(f"a script of a ticket ran: {dialog.message}"))
    yield page
    context.close()
    assert [text for text in wrong if "404" not in text] == []


def opened(page: Page, address: str) -> Page:
    """Go to an address and return the page as soon as it can be read."""
    page.goto(address, wait_until="domcontentloaded")
    return page
