"""Statements made to harm the server: each ends in time, in bounds, and nobody else notices.

These tests hold upper bounds of time and memory, which other tests do not: they are what this part promises. The
machine may be busy with other things, so a bound of time has room for that, and of the health checks made beside a
statement the quickest counts: a server that is held up has none that is quicker than the statement's limit. On a quiet
machine, `python -m tests.bench --only hostile` measures the same statements against the bounds themselves.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from tests.integration.hostile_server import (
    LIMIT_S,
    SHARE,
    Client,
    ask,
    has_process,
    hostile_server,
    watched,
)
from tests.integration.hostile_statements import BOMBS, DOORS, ENDED, HOSTILE
from tests.unit.serving.waiting import wait_for

BUSY_S: Final = 30.0
"""What a busy machine may add to the second that a process has beyond its limit; without one they run for hours."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server with a few tickets, whose processes have answered once."""
    with hostile_server(tmp_path_factory.mktemp("home")) as client:
        yield client


def ask_watched(client: Client, sql: str) -> tuple[int, Any]:
    """The status and the body of an answer, that came in time, within the memory, and with health beside it."""
    answer = watched(client, sql)
    assert answer.seconds < LIMIT_S + 1 + BUSY_S
    assert 0 < answer.memory < 1.5 * SHARE
    assert min(answer.health) < LIMIT_S / 2
    return answer.status, answer.body


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_statement_harms_nobody(client: Client, kind: str) -> None:
    """It ends a second after its limit at the latest, within the memory, and health answers beside it.

    Sixteen kinds of these ran as long as they liked, four of them with health silent; two took all memory.
    """
    status, body = ask_watched(client, HOSTILE[kind])
    assert status in (200, 400, 413, 503, 504), body


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_ended_by_name(client: Client, kind: str) -> None:
    """Pivots, comprehensions, windows, JSON and joins of kinds that DuckDB has learnt since are bounded alike."""
    status, body = ask_watched(client, BOMBS[kind])
    assert status != 200, body
    assert body["error"]["type"] in ENDED, body


@pytest.mark.parametrize("kind", DOORS)
def test_a_door_of_the_engine_is_refused_by_name(client: Client, kind: str) -> None:
    """No file, setting, secret, catalog or other statement is reached by SQL."""
    wait_for(lambda: has_process(client), "a process of SQL is ready")
    status, body, _ = ask(client, DOORS[kind])
    assert (status, body["error"]["type"]) == (400, "QueryRefused"), body


def test_others_are_answered_while_a_process_is_replaced(client: Client) -> None:
    """A statement that ends its process costs nobody else an answer."""
    wait_for(lambda: has_process(client), "a process of SQL is ready")
    with ThreadPoolExecutor(1) as threads:
        harm = threads.submit(ask, client, HOSTILE["huge cast"])
        while not harm.done():
            assert client.get("/v1/tickets/t1").status_code == 200
    assert harm.result()[0] in (503, 504)
    wait_for(lambda: has_process(client), "another process is there")


def test_more_questions_than_may_wait_are_sent_away(client: Client) -> None:
    """The line is bounded, and says when to come again; questions once piled up until memory was gone."""
    with ThreadPoolExecutor(40) as threads:
        asked = [
            threads.submit(client.post, "/v1/sql", json={"sql": HOSTILE["recursion without end"]})
            for _ in range(40)
        ]
        answers = [one.result() for one in asked]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert {(answer.json()["error"]["type"], answer.headers["retry-after"]) for answer in refused} == {
        ("TooManyQueries", "1")
    }
    wait_for(lambda: has_process(client), "the line is short again")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
@pytest.mark.parametrize("door", ["/v1/sql", "/v1/explain"])
def test_a_body_must_say_that_it_is_json(client: Client, door: str, kind: str | None) -> None:
    """A page anywhere could once have a browser send SQL as plain text, which needs nobody's leave."""
    headers = {} if kind is None else {"content-type": kind}
    response = client.post(door, content=b'{"sql": "SELECT 1", "text": "a"}', headers=headers)
    assert (response.status_code, response.json()["error"]["type"]) == (415, "NotJson")


@pytest.mark.parametrize("door", ["/v1/tickets", "/health", "/v1/views"])
def test_another_name_is_not_this_server(client: Client, door: str) -> None:
    """A page that lets its own name point here reads nothing."""
    response = client.get(door, headers={"host": "attacker.example"})
    assert (response.status_code, response.json()["error"]["type"]) == (421, "WrongHost")
