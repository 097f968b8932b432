"""Long answers are cut, say so, and go on; ids are found whatever they are made of."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from schemas.records.ticket_row import Work
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from tests.integration.serving_client import client_of
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.ticket_log import record, ticket_row

Client = TestClient[Litestar]
ODD_IDS = ("a/b", "50% off?", "a%2Fb", "ö/ü")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server whose answers hold fifty rows, with a ticket that has more events."""
    log = MemoryLog()
    for revision in range(1, 61):
        log.add(
            record(ticket_row("busy", 1, revision, team="busy", work=Work.HELD, assignee="agent-0"), 1, 0)
        )
    for number, ticket_id in enumerate([*ODD_IDS, *(f"t{number}" for number in range(60))]):
        fields = {"team": f"team-{number % 5}", "work": Work.HELD, "assignee": f"agent-{number % 7}"}
        log.add(record(ticket_row(ticket_id, 1, 1, **fields), number % 2, 0))
    settings = ServingSettings(home=tmp_path_factory.mktemp("home"), query_rows=50, tail_poll_ms=5)
    serving = Serving(settings, connect=lambda: log)
    with client_of(serving) as client:
        yield client


def get(client: Client, path: str) -> Any:
    """The JSON of a good answer."""
    response = client.get(path)
    assert response.status_code == 200, response.text
    return response.json()


def walk(client: Client, path: str, rows: str = "rows") -> list[Any]:
    """All rows of a door, two at a time."""
    found: list[Any] = []
    offset: int | None = 0
    while offset is not None:
        body = get(client, f"{path}{'&' if '?' in path else '?'}limit=2&offset={offset}")
        found += body[rows]
        offset = body["next_offset"]
        assert body["truncated"] == (offset is not None)
    return found


def test_every_list_goes_on_where_it_was_cut(client: Client) -> None:
    """Doors once cut their lists at 10,000 rows with no way to the others."""
    for path in ("/v1/queues", "/v1/agents", "/v1/analytics/daily", "/v1/analytics/resolution_times"):
        whole = get(client, path)
        assert (whole["truncated"], whole["next_offset"]) == (False, None)
        assert len(walk(client, path)) == len(whole["rows"]) > 0


def test_a_ticket_of_many_events_says_that_there_are_more(client: Client) -> None:
    """Its events were cut at the row cap, and nothing said so."""
    body = get(client, "/v1/tickets/busy")
    assert (len(body["events"]), body["truncated"], body["next_offset"]) == (50, True, 50)
    revisions = [event["revision"] for event in walk(client, "/v1/tickets/busy", "events")]
    assert revisions == list(range(1, 61))


def test_a_page_of_tickets_is_never_cut_silently(client: Client) -> None:
    """Where the row cap was below the limit, the last rows of a page were lost and no cursor led to them."""
    body = get(client, "/v1/tickets?limit=1000")
    assert (len(body["rows"]), body["truncated"]) == (50, True)
    rest = get(client, f"/v1/tickets?limit=1000&cursor={body['next_cursor']}")
    assert (len(rest["rows"]), rest["truncated"], rest["next_cursor"]) == (15, False, None)
    assert len({row["ticket_id"] for row in body["rows"] + rest["rows"]}) == 65


@pytest.mark.parametrize("ticket_id", ODD_IDS)
def test_any_id_is_found(client: Client, ticket_id: str) -> None:
    """An id with a slash was an unknown door."""
    quoted = quote(ticket_id, safe="")
    assert get(client, f"/v1/tickets/{quoted}")["ticket"]["ticket_id"] == ticket_id
    missing = client.get(f"/v1/tickets/{quoted}%2Fx").json()["error"]["message"]
    assert f"{ticket_id}/x" in missing
