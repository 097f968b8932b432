"""Every page and every read has an ETag, but those that are named here with why."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.pages.templates import PAGES
from tests.integration.serving_client import client_of
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.ticket_log import at, record, ticket_row
from understanding.manifest.manifest import CARD_FOLDER, CARD_HTML, CARD_MARKDOWN
from understanding.manifest.pointer import CURRENT, CurrentModel

Client = TestClient[Litestar]
UNTAGGED: Final = {
    "/system": "it says how the parts are now, and those are no rows",
    "/system/doctor": "as System",
    "/data/letters/{letter_id}": "Kafka has its record, for who may see it, and deletes it one day",
    "/v1/live/queues": "it never ends",
    "/v1/live/alerts": "it never ends",
    "/v1/live/tickets": "it never ends",
    "/v1/tickets/{ticket_id}/explanation": "another model may be loaded at any moment",
    **{
        f"{part}/tickets.{kind}": "a file to take away"
        for part in ("", "/v1")
        for kind in ("csv", "xlsx", "parquet")
    },
}
GIVEN: Final = {"ticket_id": "t1", "version": "v1", "view": "daily", "name": "arrivals"}


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What set-up made: the model of the first day, with its card."""
    folder = tmp_path_factory.mktemp("setup")
    models = ServingSettings(setup_folder=str(folder)).first_models_folder
    card = models / "v1" / CARD_FOLDER
    card.mkdir(parents=True)
    for name in (CARD_HTML, CARD_MARKDOWN):
        (card / name).write_text("A card.", encoding="utf-8")
    pointer = CurrentModel(version="v1", uri="v1", sha256="0" * 64)
    (models / CURRENT).write_bytes(msgspec.json.encode(pointer))
    return folder


@pytest.fixture(scope="module")
def client(setup: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server that has read one ticket."""
    log = MemoryLog()
    log.add(record(ticket_row("t1", 1, 1, team="one"), 0, 0))
    home = tmp_path_factory.mktemp("home")
    settings = ServingSettings(home=home, setup_folder=str(setup), query_timeout_s=10, tail_poll_ms=5)
    serving = Serving(settings, connect=lambda: log, clock=lambda: at(0))
    with client_of(serving) as client:
        yield client


def reads(app: Any) -> list[str]:
    """Every address that a page or a read has, with the names of its parts in braces."""
    found = []
    for route in app.routes:
        path = route.path_format
        page = path.split("/")[1].partition(".")[0] in PAGES
        if (page or path.startswith("/v1/")) and "GET" in getattr(route, "methods", ()):
            found.append(path)
    return sorted(found)


def test_every_page_and_every_read_has_a_tag_and_is_not_sent_again(client: Client) -> None:
    """The pages Understanding and Triage, and the page of a ticket, were sent anew to each who had them."""
    found = reads(client.app)
    assert set(UNTAGGED) <= set(found)
    assert {f"/{name}" for name in PAGES} <= set(found)
    for path in (path for path in found if path not in UNTAGGED):
        address = path.format(**GIVEN)
        first = client.get(address)
        assert (first.status_code, "etag" in first.headers) == (200, True), address
        again = client.get(address, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), address
        assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", ["/understanding", "/v1/models/stored", "/v1/models/v1/card"])
def test_what_shows_models_is_sent_again_where_one_of_their_files_changed(
    client: Client, setup: Path, path: str
) -> None:
    """Who promotes a model writes no record, so the position of the log stays as it was."""
    tag = client.get(path).headers["etag"]
    models = ServingSettings(setup_folder=str(setup)).first_models_folder
    card = models / "v1" / CARD_FOLDER / CARD_HTML
    card.write_text(card.read_text(encoding="utf-8") + " It has changed.", encoding="utf-8")
    assert client.get(path, headers={"if-none-match": tag}).status_code == 200


def test_a_pointer_that_is_written_changes_what_shows_models_and_nothing_else(
    client: Client, setup: Path
) -> None:
    tag, shown = (client.get(path).headers["etag"] for path in ("/operations", "/v1/models/stored"))
    models = ServingSettings(setup_folder=str(setup)).first_models_folder
    (models / CURRENT).touch()
    assert client.get("/operations", headers={"if-none-match": tag}).status_code == 304
    assert client.get("/v1/models/stored", headers={"if-none-match": shown}).status_code == 200
