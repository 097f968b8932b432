"""People promote models and roll back on a page: in Chromium, by the real command, with a real broker."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from batch.releases.by_hand import ModelsInUse, StatedReason, promote_version, try_beside
from batch.releases.releases import append_release, note_announced
from infra.local.kafka import LocalKafka
from schemas.records.derived import ModelPublished
from schemas.records.topics import Topic
from schemas.settings import CommonSettings
from tests.batch_home import BatchHome, nothing
from tests.integration.acting_pages import START_S
from tests.page_browser import ROOT
from tests.patient_http import get
from tests.stored_models import store
from tests.unit.serving.waiting import wait_for
from understanding.bundle.registry import pointer_to, write_current
from understanding.manifest.releases import Release, read_releases

PATIENCE_MS: Final = 120_000
expect.set_options(timeout=PATIENCE_MS)
EARLIER: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Desk:
    """A server of pages over three stored models, and its broker."""

    def __init__(self, home: BatchHome, folder: Path, bundle: Path) -> None:
        self.home, self.models, self.url = home, Path(home.settings.models_uri), ""
        store(self.models, bundle, "v1", "v2", "v3")
        self._head = (self.models / "v3" / "head.skops").read_bytes()
        (folder / "jars").symlink_to(CommonSettings().jars_folder)
        environment = os.environ | {
            "TICKETYARD_HOME": str(folder),
            "TICKETYARD_SETUP_FOLDER": CommonSettings().setup_folder,
            "TICKETYARD_BOOTSTRAP_SERVERS": home.settings.bootstrap_servers,
            "TICKETYARD_TOPIC_PREFIX": home.settings.topic_prefix,
        }
        command = [sys.executable, "-m", "tests.page_server", str(folder), "0"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

    def wait(self) -> None:
        """Wait until the server answers."""
        address = self.home.settings.home / "run" / "serving.json"
        wait_for(address.exists, "the server listens", timeout_s=START_S)
        self.url = str(msgspec.json.decode(address.read_bytes())["url"])
        wait_for(lambda: get(f"{self.url}/ready").status_code == 200, "the tail is read", timeout_s=START_S)

    def begin_anew(self) -> None:
        """Let v1 and then v2 have been promoted long ago, and nothing else have happened."""
        shutil.rmtree(self.models / "releases", ignore_errors=True)
        self.damage(self._head)
        releases: tuple[Release, ...] = ()
        for version in ("v1", "v2"):
            pointer = pointer_to(self.models / version, self.models, version=version)
            made = Release(
                number=0, decided_at=EARLIER, kind="promote", reason="it looked better", model=pointer,
                accuracy=0.9, taxonomy_version="1",
            )  # fmt: skip
            releases = append_release(self.models, releases, made)
            write_current(self.models, pointer)
        note_announced(self.models, releases[-1])

    def damage(self, head: bytes) -> None:
        """Put something in the place of a file of v3, which is a link to the other models'."""
        (self.models / "v3" / "head.skops").unlink()
        (self.models / "v3" / "head.skops").write_bytes(head)

    @property
    def in_use(self) -> ModelsInUse:
        """What acts by hand need."""
        return ModelsInUse(self.models, self.home.options, self.home.settings.topic_prefix, nothing)

    def announced(self) -> list[tuple[str, str]]:
        """Every version that was announced, with why."""
        values = [value for _, value in self.home.in_kafka(Topic.MODELS_PUBLISHED).values()]
        told = [msgspec.json.decode(value or b"", type=ModelPublished) for value in values]
        return [(one.version, one.reason) for one in told]

    def stored(self) -> dict[str, Any]:
        """What the door says of the models."""
        found: dict[str, Any] = get(f"{self.url}/v1/models/stored").json()
        return found


@pytest.fixture(scope="module")
def running_desk(
    kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory, small_bundle: Path
) -> Iterator[Desk]:
    """One server for all tests of this file."""
    folder = tmp_path_factory.mktemp("desk")
    home = BatchHome(kafka.bootstrap_servers, folder, f"d{uuid.uuid4().hex[:8]}.")
    made = Desk(home, folder, small_bundle)
    try:
        made.wait()
        yield made
    finally:
        made.process.terminate()
        made.process.communicate(timeout=60)


@pytest.fixture
def desk(running_desk: Desk) -> Desk:
    """The server, with nothing done yet."""
    running_desk.begin_anew()
    return running_desk


@pytest.fixture
def shown(browser: Browser, desk: Desk) -> Iterator[Page]:
    """The page, with somebody signed in whose time a test can move."""
    context = browser.new_context(base_url=desk.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    context.clock.install()
    page = context.new_page()
    page.goto("/understanding")
    page.locator("#who").click()
    page.locator("#sign-in input[name=name]").fill("Ann")
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_contain_text("Ann")
    yield page
    context.close()


def ask_for(page: Page, button: str, act: str, reason: str) -> None:
    """Press a button by the keyboard, say why, and do it."""
    page.get_by_role("button", name=button).press("Enter")
    page.locator(f"form[data-form={act}] [name=reason]").fill(reason)
    page.locator(f"form[data-form={act}]").get_by_role("button", name="Do it").press("Enter")
    page.locator("#acts li.held").wait_for()


def test_a_model_is_promoted_and_rolled_back_with_a_reason(shown: Page, desk: Desk) -> None:
    """It waits ten seconds, is done once, stands in the history with who and why, and workers hear of it."""
    ask_for(shown, "Promote v3", "promote", "changed my mind")
    shown.keyboard.press("z")
    expect(shown.locator("#acts li")).to_have_count(0)

    ask_for(shown, "Promote v3", "promote", "it is better in German")
    assert len(read_releases(desk.models)) == 2, "nothing is sent while it can be undone"
    shown.clock.fast_forward(11_000)
    expect(shown.locator("#models")).to_contain_text("v3 decides.")
    expect(shown.locator("#changes tbody tr").first).to_contain_text("it is better in German")
    expect(shown.locator("#changes tbody tr").first).to_contain_text("Ann")
    expect(shown.locator("#models .tag.now")).to_have_text("decides")

    ask_for(shown, "Roll back to v2", "rollback", "too many wrong teams")
    shown.clock.fast_forward(11_000)
    expect(shown.locator("#models")).to_contain_text("v2 decides.")
    expect(shown.locator("#changes tbody tr").first).to_contain_text("rolled back")
    expect(shown.locator("[data-model=v3]")).to_contain_text("rolled back")
    assert [(one.kind, one.model.version, one.by) for one in read_releases(desk.models)[2:]] == [
        ("promote", "v3", "Ann"),
        ("rollback", "v2", "Ann"),
    ]
    assert desk.announced()[-2:] == [
        ("v3", "promote by Ann: it is better in German"),
        ("v2", "rollback by Ann: too many wrong teams"),
    ]


def test_the_later_of_two_hears_of_the_former(shown: Page, desk: Desk) -> None:
    """Somebody has promoted another one since the page was looked at; who insists overrules them."""
    promote_version(desk.in_use, "v3", StatedReason("mine", datetime.now(UTC), "Bo"))
    ask_for(shown, "Promote v1", "promote", "the oldest was best")
    shown.clock.fast_forward(11_000)
    expect(shown.locator("#acts li.meanwhile")).to_contain_text("Bo changed what decides")
    assert desk.stored()["champion"] == "v3"
    shown.get_by_role("button", name="Send mine as well").click()
    expect(shown.locator("#models")).to_contain_text("v1 decides.")
    assert desk.stored()["changes"][0]["reason"] == "the oldest was best"


def test_what_cannot_be_promoted_is_refused_in_the_words_of_the_command(shown: Page, desk: Desk) -> None:
    """A bundle that was damaged changes nothing; what was typed can be changed and sent again."""
    desk.damage(b"damaged")
    ask_for(shown, "Promote v3", "promote", "it is newer")
    shown.clock.fast_forward(11_000)
    expect(shown.locator("#acts li.refused")).to_contain_text("v3/head.skops: its sha256")
    assert desk.stored()["champion"] == "v2"


def test_the_doors_tell_models_trials_and_cards(desk: Desk) -> None:
    """The page shows what the doors say; a card can run and load nothing."""
    try_beside(desk.in_use, "shadow", "v3", 0.05, StatedReason("to compare", EARLIER, "Bo"))
    told = desk.stored()
    assert [told[name] for name in ("champion", "previous", "canary", "release")] == ["v2", "v1", None, 3]
    assert told["shadow"] == {"version": "v3", "share": 0.05}
    assert {one["version"]: (one["marks"], one["card"]) for one in told["models"]} == {
        "v3": (["shadow 5.0%"], False),
        "v2": (["champion"], False),
        "v1": (["previous"], True),
    }
    page = get(f"{desk.url}/understanding").text
    assert "v3 reads 5.0 % of the tickets beside it and decides nothing (shadow)." in page
    assert 'href="/v1/models/v1/card"' in page
    card = get(f"{desk.url}/v1/models/v1/card")
    assert "What it can do" in card.text
    assert card.headers["content-type"] == "text/html; charset=utf-8"
    assert "sandbox" in card.headers["content-security-policy"]
    assert get(f"{desk.url}/v1/models/v1/card.md").text == "# What it can do"
    for version, said in (
        ("v2", "`ticketyard models card v2` writes one"),
        ("..%2F..", "there is no model '../..'"),
    ):
        answer = get(f"{desk.url}/v1/models/{version}/card")
        assert answer.status_code == 404
        assert said in answer.json()["error"]["message"]


def test_a_damaged_history_is_told_with_what_to_do(desk: Desk) -> None:
    """All else on the page stays."""
    file = desk.models / "releases" / "00000002.json"
    file.write_text("{", encoding="utf-8")
    page = get(f"{desk.url}/understanding")
    assert page.status_code == 200
    assert "restore it from a copy" in page.text
    assert '<table id="bands">' in page.text
    assert get(f"{desk.url}/v1/models/stored").json()["error"]["type"] == "ModelUnusable"
