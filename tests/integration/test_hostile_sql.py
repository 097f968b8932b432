"""Statements made to harm the server: each ends in time, in bounds, and nobody else notices.

These tests hold upper bounds of time and memory, which other tests do not: they are what this part promises. The
machine may be busy with other things, so a bound of time has room for that, and of the health checks made beside a
statement the quickest counts: a server that is held up has none that is quicker than the statement's limit.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psutil
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from schemas.records.ticket_row import Work
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.http.app import build_app
from tests.integration.hostile_statements import BOMBS, DOORS, ENDED
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.ticket_log import record, ticket_row
from tests.unit.serving.waiting import wait_for

Client = TestClient[Litestar]

LIMIT_S: Final = 1.0
BUSY_S: Final = 30.0
"""What a busy machine may add to the second that a process has beyond its limit; without one they run for hours."""

MEMORY: Final = 1_600_000_000
PROCESSES: Final = 2
SHARE: Final = MEMORY // 2 // PROCESSES

LONG: Final = "repeat('ab', 10000)"


def _chain(first: str, step: str, last: str, count: int) -> str:
    """A WITH in which each entry is made of the one before."""
    entries = [f"a0 AS ({first})"] + [f"a{n} AS ({step.format(n - 1)})" for n in range(1, count)]
    return f"WITH {', '.join(entries)} {last.format(count - 1)}"


HOSTILE: Final = {
    # Refused before they run.
    "sleeping": "SELECT sleep_ms(600000)",
    "sleeping as postgres": "SELECT pg_sleep(600)",
    "distance": f"SELECT levenshtein({LONG}, reverse({LONG})) FROM range(100000)",
    "other distance": f"SELECT damerau_levenshtein({LONG}, reverse({LONG})) FROM range(100000)",
    "similarity": f"SELECT jaro_winkler_similarity({LONG}, reverse({LONG})) FROM range(100000)",
    "long list": "SELECT list_sort(range(100000000))",
    "padding": "SELECT lpad('a', 2000000000)",
    "padding right": "SELECT rpad('a', 2000000000, 'xyz')",
    "width": "SELECT printf('%2000000000d', 1)",
    "other width": "SELECT format('{:>2000000000}', 'a')",
    "repeating by a column": "SELECT repeat('a', i * i * i) FROM range(100000) AS t(i)",
    "series of moments": "SELECT generate_series(TIMESTAMP '0001-01-01', TIMESTAMP '9999-01-01', INTERVAL 1 SECOND)",
    "union of 20,000": " UNION ALL ".join(f"SELECT {n}" for n in range(20_000)),
    "union of 1,500": " UNION ".join(f"SELECT {n}" for n in range(1500)),
    "nested terms": "SELECT 1" + " + 1" * 600,
    "nested cases": "SELECT " + "CASE WHEN TRUE THEN " * 400 + "1" + " END" * 400,
    "nested lists": "SELECT " + "[" * 900 + "]" * 900,
    "nested brackets": "SELECT " + "(" * 9000 + "1" + ")" * 9000,
    "nested subqueries": "SELECT * FROM " + "(SELECT * FROM " * 190 + "tickets" + ")" * 190,
    "nested negations": "SELECT " + "NOT " * 5000 + "TRUE",
    "settings": "SELECT current_setting('memory_limit')",
    # Run, and stopped at the limit or by their size.
    "regular expression": f"SELECT SUM(length(regexp_replace({LONG} || i, '(a|b|ab|ba)+$', ''))) "
    "FROM range(1000000) AS t(i)",
    "large expression": f"SELECT COUNT(*) FROM range(100000) AS t(i) "
    f"WHERE regexp_matches({LONG} || i, '(((a{{1,30}}b{{1,30}}){{1,10}})|b|a)*c$')",
    "all matches": f"SELECT len(regexp_extract_all({LONG} || i, '.')) FROM range(10000000) AS t(i) ORDER BY 1",
    "many hashes": f"SELECT MAX(sha256({LONG} || i)) FROM range(100000000) AS t(i)",
    "split and sort": f"SELECT MAX(list_sort(string_split({LONG} || i, 'a'))) FROM range(10000000) AS t(i)",
    "long formats": f"SELECT MAX(strftime(TIMESTAMP '2000-01-01' + to_seconds(i), '{'%A%B%c' * 500}')) "
    "FROM range(100000000) AS t(i)",
    "a case of many": f"SELECT MAX(CASE {' '.join(f'WHEN i % 1000 = {n} THEN {n}' for n in range(700))} END) "
    "FROM range(1000000000) AS t(i)",
    "cross join": "SELECT COUNT(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 3",
    "cross join of three": "SELECT SUM(a.range * b.range) FROM range(100000) a, range(100000) b, range(100000) c",
    "cross join of views": "SELECT COUNT(*) FROM " + ", ".join(f"ticket_events e{n}" for n in range(8)),
    "join of 60 views": "SELECT COUNT(*) FROM tickets t0 "
    + " ".join(f"JOIN tickets t{n} ON t{n}.ticket_id = t{n - 1}.ticket_id" for n in range(1, 60)),
    "range join": "SELECT COUNT(*) FROM range(10000000) a JOIN range(10000000) b "
    "ON a.range < b.range AND a.range > b.range - 100000",
    "lateral join": "SELECT COUNT(*) FROM range(1000000) a, LATERAL (SELECT COUNT(*) FROM range(1000000) b "
    "WHERE b.range > a.range)",
    "correlated subquery": "SELECT (SELECT SUM(b.range) FROM range(100000000) b WHERE b.range % 7 = a.range) "
    "FROM range(1000) a",
    "recursion without end": "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT COUNT(*) FROM a",
    "recursion that grows": "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n FROM a, range(10)) "
    "SELECT COUNT(*) FROM a",
    "recursion that doubles a text": "WITH RECURSIVE a(x, n) AS "
    "(SELECT 'abc', 0 UNION ALL SELECT x || x, n + 1 FROM a WHERE n < 60) SELECT MAX(length(x)) FROM a",
    "doubling texts": _chain(
        "SELECT 'abcdefgh' AS x", "SELECT x || x AS x FROM a{}", "SELECT length(x) FROM a{}", 36
    ),
    "doubling rows": _chain(
        "SELECT * FROM range(2)", "SELECT p.* FROM a{0} p, a{0} q", "SELECT COUNT(*) FROM a{}", 7
    ),
    "doubling plans": _chain(
        "SELECT 1 AS x", "SELECT p.x + q.x AS x FROM a{0} p JOIN a{0} q ON p.x = q.x", "SELECT * FROM a{}", 16
    ),
    "doubling lists": _chain(
        "SELECT range(1000) AS x", "SELECT list_concat(x, x) AS x FROM a{}", "SELECT len(x) FROM a{}", 30
    ),
    "nested lambdas": "SELECT list_transform(range(10000), lambda a: list_sum(list_transform(range(10000), "
    "lambda b: list_sum(list_transform(range(10000), lambda c: a * b * c)))))",
    "growing reduction": "SELECT list_reduce(list_transform(range(1000), lambda x: 'aaaaaaaa'), "
    "lambda a, b: a || a || b)",
    "long sums of lists": "SELECT MAX(list_sum(list_sort(list_transform(range(10000), lambda x: (x * i) % 997)))) "
    "FROM range(1000000) AS t(i)",
    "one long text": f"SELECT length(string_agg({LONG}, '')) FROM range(10000000)",
    "one long text, sorted": "SELECT md5(string_agg(CAST(i AS VARCHAR), ',' ORDER BY hash(i))) "
    "FROM range(1000000000) AS t(i)",
    "one long list": "SELECT len(list(i)) FROM range(10000000000) AS t(i)",
    "one long JSON": "SELECT length(CAST(json_group_array(i) AS VARCHAR)) FROM range(1000000000) AS t(i)",
    "one large map": "SELECT map(list(i), list(i)) FROM range(100000000) AS t(i)",
    "large histogram": "SELECT histogram(i) FROM range(1000000000) AS t(i)",
    "growing replacements": "SELECT length(replace(replace(repeat('a', 10000), 'a', repeat('b', 10000)), 'b', "
    "repeat('c', 10000)))",
    "nested repeating": "SELECT repeat(repeat(repeat('a', 10000), 10000), 10000)",
    "huge cast": "WITH a AS (SELECT string_agg('9', '') AS s FROM range(3000000)) SELECT CAST(s AS BIGNUM) FROM a",
    "huge numbers": "SELECT SUM(CAST(repeat('9', 4000) AS BIGNUM)) FROM range(100000000)",
    "sorting much": "SELECT * FROM range(10000000000) ORDER BY hash(range)",
    "sorting wide": f"SELECT i, {LONG} || i AS x FROM range(10000000) AS t(i) ORDER BY hash(i)",
    "counting much": "SELECT COUNT(DISTINCT hash(a.range, b.range)) FROM range(1000000) a, range(1000000) b",
    "grouping much": "SELECT hash(i), COUNT(*) FROM range(10000000000) AS t(i) GROUP BY 1 ORDER BY 2 DESC",
    "long series": "SELECT COUNT(DISTINCT x) FROM generate_series(1, 100000000000) AS t(x)",
    "sliding median": "SELECT MAX(m) FROM (SELECT median(i) OVER (ORDER BY i ROWS BETWEEN 100000 PRECEDING AND "
    "100000 FOLLOWING) AS m FROM range(100000000) AS t(i))",
    "quantiles": "SELECT quantile_cont(random(), 0.5) FROM range(10000000000)",
    "wide rows": f"SELECT {', '.join(f'{LONG} || i AS c{n}' for n in range(100))} FROM range(10000) AS t(i)",
    "summary": "SUMMARIZE SELECT i, i * i FROM range(100000000000) AS t(i)",
    "explained to the end": "EXPLAIN ANALYZE SELECT COUNT(*) FROM range(1000000000000) AS t(i) WHERE i % 3 = 7",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server with a few tickets, whose processes have answered once."""
    log = MemoryLog()
    for number in range(200):
        row = ticket_row(f"t{number}", 1, 1, team="one", work=Work.WANTED)
        log.add(record(row, number % 2, 0))
    settings = ServingSettings(
        home=tmp_path_factory.mktemp("home"),
        query_timeout_s=LIMIT_S,
        duckdb_memory=f"{MEMORY}B",
        sql_processes=PROCESSES,
        tail_poll_ms=20,
    )
    serving = Serving(settings, connect=lambda: log)
    serving.start()
    try:
        with TestClient(build_app(serving), base_url="http://127.0.0.1") as client:
            wait_for(lambda: client.get("/ready").status_code == 200, "the tail is read")
            yield client
    finally:
        serving.stop()


def ask(client: Client, sql: str) -> tuple[int, Any, float]:
    """The status, the body and the seconds of an answer."""
    started = time.monotonic()
    response = client.post("/v1/sql", json={"sql": sql})
    return response.status_code, response.json(), time.monotonic() - started


class Watch:
    """Looks, for as long as a statement runs, at the memory of the processes of SQL and at health."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._over = threading.Event()
        self.memory = 0
        self.health: list[float] = []

    def look(self) -> None:
        """Look on until told to stop."""
        while True:
            for process in psutil.Process().children(recursive=True):
                try:
                    # A broker or Spark that an earlier test of this process has left running is no process of SQL.
                    if "serving.sql.worker" in process.cmdline():
                        self.memory = max(self.memory, process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            started = time.monotonic()
            assert self._client.get("/health").status_code == 200
            self.health.append(time.monotonic() - started)
            if self._over.wait(0.02):
                return

    def stop(self) -> None:
        """Stop to look."""
        self._over.set()


def has_process(client: Client) -> bool:
    """Whether a process of SQL is ready: the one before may have been ended a moment ago."""
    return ask(client, "SELECT 1")[0] == 200


def ask_watched(client: Client, sql: str) -> tuple[int, Any]:
    """The status and the body of an answer, that came in time, within the memory, and with health beside it."""
    wait_for(lambda: has_process(client), "a process of SQL is ready")
    watch = Watch(client)
    with ThreadPoolExecutor(1) as threads:
        looking = threads.submit(watch.look)
        status, body, seconds = ask(client, sql)
        watch.stop()
        looking.result()
    assert seconds < LIMIT_S + 1 + BUSY_S
    assert 0 < watch.memory < 1.5 * SHARE
    assert min(watch.health) < LIMIT_S / 2
    return status, body


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
