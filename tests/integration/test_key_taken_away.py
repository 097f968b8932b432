"""Whose key was taken away can write on no page, reads on, and goes on under the present key."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from pydantic import SecretStr

from serving.acting.model_acts import ModelChange
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.http.app import build_app
from tests.integration.acting_pages import Door, OpenDoor
from tests.page_server import die
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.ticket_log import record, ticket_row
from tests.unit.serving.waiting import wait_for

Client = TestClient[Litestar]
OLD_KEY, NEW_KEY = "the-old-key", "the-new-key"
NOW: Final = datetime.now(UTC)
BY: Final = {"by": "Ann", "reason": "It is so."}
SEEN: Final = {"ticket_id": "T/4", "life": 1, "revision": 1}
WRITES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "triage": (
        "/acting/acts",
        BY | SEEN | {"id": f"page-{'1' * 32}", "act": "correct", "value": "double_charge"},
    ),
    "a ticket": (
        "/acting/acts",
        BY | SEEN | {"id": f"page-{'2' * 32}", "act": "resolve", "value": "Paid back."},
    ),
    "letters": (
        "/acting/replays",
        BY
        | {
            "id": f"page-{'3' * 32}",
            "act": "replay",
            "before": "2100-01-01T00:00:00Z",
            "error": "InvalidBody",
        },
    ),
    "a letter": (
        "/acting/replays",
        BY
        | {
            "id": f"page-{'4' * 32}",
            "act": "replay",
            "before": "2100-01-01T00:00:00Z",
            "letter_id": "letter-3",
        },
    ),
    "what a letter shall say": ("/acting/letters/letter-3/check", {"value": '{"customer_id": "C-9"}'}),
    "models": (
        "/acting/models",
        BY | {"id": f"page-{'5' * 32}", "act": "promote", "version": "v1", "release": 0},
    ),
}
"""What a person can write, by the part of the pages where they do."""


class Changes:
    """Changes of models, of which it keeps a list."""

    def __init__(self) -> None:
        self.made: list[str] = []

    async def make(self, change: ModelChange) -> None:
        """Note a change."""
        self.made.append(change.version)


@pytest.fixture
def door() -> Iterator[OpenDoor]:
    """A door for events that takes everything."""
    Door.status, Door.message, Door.taken = 202, "", []
    opened = OpenDoor()
    yield opened
    opened.close()


@contextmanager
def served(home: Path, door: OpenDoor, key: str, changes: Changes) -> Iterator[Client]:
    """A client of a server with this key, over a ticket that waits for triage and four dead letters."""
    log = MemoryLog()
    log.add(
        record(ticket_row("T/4", 1, 1, predicted_intent="refund_status", band="low", team="billing"), 0, 0)
    )
    die(log, NOW)
    settings = ServingSettings(
        home=home,
        intake_url=door.url,
        intake_key=SecretStr(key),
        topic_prefix="",
        tail_poll_ms=5,
        query_timeout_s=10,
    )
    serving = Serving(settings, connect=lambda: log)
    serving.start()
    try:
        with TestClient(build_app(serving, changes=changes), base_url="http://127.0.0.1") as client:
            wait_for(lambda: client.get("/ready").status_code == 200, "the tail is read")
            yield client
    finally:
        serving.stop()


def signed_in(client: Client, key: str) -> dict[str, str]:
    """Begin a session, and return the headers of its writes."""
    begun = client.post("/acting/session", json={"name": "Ann", "key": key})
    assert begun.status_code == 200
    cookie = begun.headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    return {"cookie": cookie, "x-csrf-token": begun.json()["token"], "content-type": "application/json"}


def test_a_session_whose_key_was_taken_away_writes_nowhere_and_reads_on(
    tmp_path: Path, door: OpenDoor
) -> None:
    """Each part of the pages says why, so that they ask for the present key; the same acts go through under that."""
    changes = Changes()
    with served(tmp_path, door, OLD_KEY, changes) as client:
        old = signed_in(client, OLD_KEY)
        assert "Where is it?" in client.get("/data/letters/letter-3", headers=old).text
    with served(tmp_path, door, NEW_KEY, changes) as client:
        for part, (path, body) in WRITES.items():
            answer = client.post(path, json=body, headers=old)
            assert (answer.status_code, answer.json()["error"]["type"]) == (401, "KeyTakenAway"), part
        assert (Door.taken, changes.made) == ([], [])
        told = client.get("/acting/session", headers=old).json()
        assert (told["name"], told["token"], told["why"]) == (None, None, "KeyTakenAway")
        for page in ("/triage", "/tickets/T%2F4", "/data", "/data/letters/letter-3", "/understanding"):
            shown = client.get(page, headers=old)
            assert shown.status_code == 200, page
            assert "Where is it?" not in shown.text, page
        new = signed_in(client, NEW_KEY)
        for part, (path, body) in WRITES.items():
            assert client.post(path, json=body, headers=new).status_code == 200, part
        assert {one["by"] for one in Door.taken if "path" in one} == {"Ann"}
        assert changes.made == ["v1"]
