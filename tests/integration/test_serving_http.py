"""The doors of serving, asked as clients ask them; the tail reads a log in memory."""

import json
from collections.abc import Iterator
from operator import methodcaller
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import AgentUpdated
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.settings import CommonSettings
from schemas.views.tables import VIEWS
from schemas.vocabulary import AgentStatus, Priority, Status
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.tail.rows import TailRecord
from tests.integration.serving_client import client_of
from tests.patience import PATIENCE_S
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.ticket_log import at, record, ticket_row
from tests.unit.serving.waiting import wait_for

ARROW = "application/vnd.apache.arrow.stream"
Client = TestClient[Litestar]
CARRIED = {"run_id", "boundary", "watermark", "freshness_s", "complete", "reasons", "ok"}


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    """Five tickets of two teams and an agent with too much to do."""
    log = MemoryLog()
    for number in range(5):
        fields: dict[str, Any] = {
            "team": "one" if number % 2 else "two",
            "priority": Priority.CRITICAL if number == 3 else Priority.LOW,
            "opened_at": at(60 * 24 * (number // 2)),
            "assignee": "agent-1" if number in (1, 2) else None,
            "work": Work.HELD if number in (1, 2) else Work.WANTED,
            "waiting_since": at(number),
            "customer_id": "C'1" if number < 3 else "C-2",
        }
        log.add(record(ticket_row(f"t{number}", 1, 1, **fields), number % 2, 0))
    log.add(record(ticket_row("t4", 1, 2, team="two", status=Status.CLOSED, resolved_at=at(90)), 0, 0))
    agent = AgentUpdated(agent_id="agent-1", home_team="one", status=AgentStatus.AVAILABLE, capacity=1)
    headers = encode_headers(Envelope(id="a", type="AgentUpdated", source="test", time=at(0)))
    log.add(
        TailRecord(
            topic=Topic.AGENTS_EVENTS,
            partition=0,
            offset=0,
            timestamp_ms=1,
            headers=headers,
            value=encode_body(agent),
        )
    )
    return log


@pytest.fixture(scope="module")
def client(log: MemoryLog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server that has read the log."""
    settings = ServingSettings(
        home=tmp_path_factory.mktemp("home"), query_timeout_s=3, query_rows=50, tail_poll_ms=5
    )
    serving = Serving(settings, connect=lambda: log)
    with client_of(serving) as client:
        yield client


def get(client: Client, path: str) -> Any:
    """The JSON of an answer, which must be good and carry its metadata."""
    response = client.get(path)
    assert response.status_code == 200, response.text
    body = response.json()
    assert body.keys() >= CARRIED
    assert body["complete"]
    return body


def ask(client: Client, method: str, path: str, body: Any, headers: Any = None) -> Any:
    """An answer, asked for again while the process of SQL that a statement before has ended is being replaced."""
    found = []

    def answered() -> bool:
        found.append(client.request(method, path, json=body, headers=headers))
        return bool(found[-1].status_code != 429)

    wait_for(answered, "a process of SQL", PATIENCE_S)
    return found[-1]


def sql(client: Client, text: str, params: Any = None) -> Any:
    """An answer to SQL."""
    return ask(client, "POST", "/v1/sql", {"sql": text} | ({} if params is None else {"params": params}))


def test_a_ticket_comes_with_its_events(client: Client) -> None:
    """One ticket's door shows the newest row and the whole story."""
    body = get(client, "/v1/tickets/t4")
    assert (body["ticket"]["status"], body["ticket"]["opened_at"]) == ("closed", "2026-03-01T22:00:00Z")
    assert [event["revision"] for event in body["events"]] == [1, 2]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("", ["t4", "t0", "t1", "t2", "t3"]),
        ("team=one", ["t1", "t3"]),
        ("team=one&team=two&priority=critical", ["t3"]),
        ("status=closed", ["t4"]),
        ("assignee=agent-1", ["t1", "t2"]),
        ("opened_from=2026-03-02T22:00:00Z", ["t2", "t3"]),
        ("opened_to=2026-03-02T22:00:00", ["t4", "t0", "t1"]),
        ("tier=gold", []),
        ("team=x%27%20OR%201=1", []),
    ],
)
def test_lists_of_tickets_pass_every_filter(client: Client, filters: str, expected: list[str]) -> None:
    """Filters of several fields hold together, values of one field are alternatives."""
    body = get(client, f"/v1/tickets?sort=opened_at&{filters}")
    assert sorted(row["ticket_id"] for row in body["rows"]) == sorted(expected)


@pytest.mark.parametrize("sort", ["opened_at", "-opened_at", "priority", "-last_event_at", "-ticket_id"])
def test_pages_show_every_ticket_once(client: Client, sort: str) -> None:
    """Walking by cursors gives the same list as one large page, in its order."""
    whole = [row["ticket_id"] for row in get(client, f"/v1/tickets?sort={sort}")["rows"]]
    walked, cursor = [], ""
    while True:
        body = get(client, f"/v1/tickets?sort={sort}&limit=2{cursor}")
        walked += [row["ticket_id"] for row in body["rows"]]
        if body["next_cursor"] is None:
            break
        cursor = f"&cursor={body['next_cursor']}"
    assert (walked, len(walked)) == (whole, 5)


def test_queues_say_what_waits_and_how_long(client: Client) -> None:
    """By team and priority: waiting, held, and the age of the oldest."""
    rows = get(client, "/v1/queues")["rows"]
    found = {(row["team"], row["priority"]): (row["waiting"], row["held"]) for row in rows}
    assert found == {("one", "critical"): (1, 0), ("one", "low"): (0, 1), ("two", "low"): (1, 1)}
    assert all((row["oldest_waiting_s"] is None) == (row["waiting"] == 0) for row in rows)


def test_agents_show_their_load(client: Client) -> None:
    """Who holds more than they can is counted."""
    body = get(client, "/v1/agents")
    (agent,) = body["rows"]
    assert (agent["agent_id"], agent["capacity"], agent["load"], agent["over_capacity"]) == (
        "agent-1",
        1,
        2,
        True,
    )
    assert body["over_capacity"] == 1


def test_daily_analytics_group_and_filter(client: Client) -> None:
    """Sums are over the filtered rows, by the dimensions asked for."""
    rows = get(client, "/v1/analytics/daily?group_by=team&day_to=2026-03-03")["rows"]
    assert [(row["team"], row["tickets"], row["resolved"]) for row in rows] == [("one", 2, 0), ("two", 3, 1)]
    assert get(client, "/v1/analytics/daily_analytics?team=one")["rows"][0]["day"] == "2026-03-01"


def test_other_analytics_filter_by_their_columns(client: Client) -> None:
    """A view of analytics can be narrowed by the columns that it has, and by no other."""
    rows = get(client, "/v1/analytics/resolution_times?team=one&priority=low")["rows"]
    assert [row["tickets"] for row in rows] == [1]
    (customer,) = get(client, "/v1/analytics/customers?customer_id=C%271")["rows"]
    assert (customer["tickets"], customer["open_tickets"], customer["churn_basis"]) == (3, 3, "formula")
    refused = client.get("/v1/analytics/model_quality?team=one")
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "QueryRefused")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/dead-letters"])
def test_what_nothing_was_logged_of_is_an_empty_list(client: Client, path: str) -> None:
    """No row is a good answer."""
    assert get(client, path)["rows"] == []


def test_views_are_documented(client: Client) -> None:
    """Every view that SQL can read is described with all its columns."""
    body = client.get("/v1/views").json()
    described = {view["name"]: [one["name"] for one in view["columns"]] for view in body["views"]}
    assert described == {name: [one.name for one in view.columns] for name, view in VIEWS.items()}
    for name in described:
        assert sql(client, f"SELECT * FROM {name} LIMIT 1").status_code == 200


def test_sql_answers_as_json(client: Client) -> None:
    """Columns with types, rows in their order, and the metadata that every answer carries."""
    body = sql(client, "SELECT team, SUM(revision) AS n FROM tickets GROUP BY team ORDER BY team").json()
    assert body["columns"][0] == {"name": "team", "type": "string"}
    assert (body["rows"], body["row_count"], body["truncated"]) == ([["one", 2], ["two", 4]], 2, False)
    assert body.keys() >= CARRIED


@pytest.mark.parametrize("params", [["one"], {"team": "one"}])
def test_sql_takes_parameters(client: Client, params: Any) -> None:
    """Values come by place or by name."""
    mark = "?" if isinstance(params, list) else "$team"
    body = sql(client, f"SELECT COUNT(*) FROM tickets WHERE team = {mark}", params).json()
    assert body["rows"] == [[2]]


def test_sql_answers_as_arrow(client: Client) -> None:
    """The same answer as an Arrow stream has its metadata in schema and headers."""
    response = ask(client, "POST", "/v1/sql", {"sql": "SELECT 1 AS one"}, {"accept": ARROW})
    table = pa.ipc.open_stream(response.content).read_all()
    about = json.loads(table.schema.metadata[b"ticketyard"])
    assert (response.headers["content-type"], table.to_pydict()) == (ARROW, {"one": [1]})
    assert json.loads(response.headers["x-ticketyard-boundary"]) == about["boundary"]
    assert (response.headers["x-ticketyard-complete"], about["complete"]) == ("true", True)


def test_more_rows_than_an_answer_holds_are_cut_and_said(client: Client) -> None:
    """The cap is a setting, and a cut answer says that it is one."""
    body = sql(client, "SELECT * FROM range(1000)").json()
    assert (body["row_count"], body["truncated"]) == (50, True)
    whole = sql(client, "SELECT * FROM range(50)").json()
    assert (whole["row_count"], whole["truncated"]) == (50, False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("DATE '290000-01-02'", "+290000-01-02"),
        ("TIMESTAMP '290000-01-02 03:04:05'", "+290000-01-02T03:04:05"),
        ("[DATE '290000-01-02']", ["+290000-01-02"]),
        ("CAST('infinity' AS TIMESTAMPTZ)", "infinity"),
        ("9007199254740993", "9007199254740993"),
        (
            "CAST('170141183460469231731687303715884105727' AS HUGEINT)",
            "170141183460469231731687303715884105727",
        ),
        ("CAST('0.12345678901234567891' AS DECIMAL(38, 20))", "0.12345678901234567891"),
        ("CAST('2026-03-01 00:00:00.000000001' AS TIMESTAMP_NS)", "2026-03-01T00:00:00.000000001"),
    ],
)
def test_values_of_any_size_are_shown_as_they_are(client: Client, text: str, shown: Any) -> None:
    """Far dates and wide numbers were errors 500, and numbers beyond 2^53 came out as others."""
    response = sql(client, f"SELECT {text}")
    assert (response.status_code, response.json().get("rows")) == (200, [[shown]])


def test_600_nested_terms_are_refused(client: Client) -> None:
    """They were an error 500."""
    response = sql(client, "SELECT 1" + " + 1" * 600)
    assert (response.status_code, response.json()["error"]["type"]) == (400, "QueryRefused")


def test_a_query_that_takes_too_long_is_stopped(client: Client) -> None:
    """The time limit ends the query; the reader's connection goes on to serve."""
    text = "SELECT COUNT(*) FROM range(1000000000) AS a, range(1000000) AS b WHERE a.range % 7 = b.range % 5"
    response = sql(client, text)
    assert (response.status_code, response.json()["error"]["type"]) == (504, "QueryTookTooLong")
    assert sql(client, "SELECT 1").json()["rows"] == [[1]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "/v1/tickets/none", None, 404, "NotFound"),
        ("GET", "/nowhere", None, 404, "NotFound"),
        ("DELETE", "/v1/tickets", None, 405, "MethodNotAllowed"),
        ("GET", "/v1/tickets?status=lost", None, 400, "BadRequest"),
        ("GET", "/v1/tickets?limit=0", None, 400, "BadRequest"),
        ("GET", "/v1/tickets?cursor=x", None, 400, "QueryRefused"),
        ("GET", "/v1/analytics/none", None, 404, "NotFound"),
        ("POST", "/v1/sql", {"sql": "DROP VIEW tickets"}, 400, "QueryRefused"),
        ("POST", "/v1/sql", {"sql": "SELECT * FROM read_csv('/etc/passwd')"}, 400, "QueryRefused"),
        ("POST", "/v1/sql", {"sql": "SELECT nothing FROM tickets"}, 400, "QueryRefused"),
        ("POST", "/v1/sql", {"sql": "SELECT CAST('x' AS INTEGER)"}, 400, "QueryRefused"),
        ("POST", "/v1/sql", {"sql": "SELECT ?"}, 400, "QueryRefused"),
        ("POST", "/v1/sql", {"statement": "SELECT 1"}, 400, "BadRequest"),
        ("POST", "/v1/sql", {"sql": 1}, 400, "BadRequest"),
        ("POST", "/v1/sql", {"sql": "SELECT ?", "params": [2**64]}, 400, "QueryRefused"),
        ("POST", "/v1/sql", {"sql": "SELECT $a", "params": {"a": [-(2**63) - 1]}}, 400, "QueryRefused"),
    ],
)
def test_every_error_has_the_one_shape(
    *, client: Client, method: str, path: str, body: Any, status: int, kind: str
) -> None:
    """Whatever is wrong, the client reads type, message and status in the same place."""
    response = ask(client, method, path, body)
    found = response.json()
    message = found["error"]["message"]
    assert found == {"ok": False, "error": {"type": kind, "message": message, "status": status}}
    assert response.status_code == status
    assert message


def test_files_stay_shut_even_without_the_guard(client: Client, log: MemoryLog, tmp_path: Path) -> None:
    """The engine itself is locked: a statement that slipped through could not read this machine's files."""
    del client
    serving = Serving(ServingSettings(home=tmp_path), connect=lambda: log)
    serving.start()
    try:
        for text in (
            "SELECT * FROM read_text('/etc/passwd')",
            f"SELECT * FROM glob('{tmp_path}/*')",
            "INSERT INTO realtime.state VALUES ('x')",
            "SET enable_external_access = true",
            "COPY (SELECT 1) TO '/dev/null'",
            "ATTACH '/tmp/other.db'",
        ):
            with pytest.raises(Exception, match=r"disabled|read-only|locked|Cannot"):
                serving.answers.read(methodcaller("rows", text))
    finally:
        serving.stop()


def test_health_tells_the_tail_and_what_to_do(client: Client) -> None:
    """A healthy server has no problem to tell."""
    body = client.get("/health").json()
    assert (body["ok"], body["problems"], body["tail"]["records"]) == (True, [], 7)


def test_metrics_count_answers_by_route(client: Client) -> None:
    """Prometheus reads answers, their times, lag and freshness."""
    get(client, "/v1/tickets/t1")
    text = client.get("/metrics").text
    assert 'ticketyard_serving_answers_total{route="/v1/tickets/{ticket_id}",status="200"}' in text
    for name in (
        "tail_lag_records 0.0",
        "complete 1.0",
        "gaps 0.0",
        "freshness_seconds",
        "answer_seconds_bucket",
    ):
        assert f"ticketyard_serving_{name}" in text


def test_every_door_is_in_the_openapi_document(client: Client) -> None:
    """OpenAPI names all doors, each described; the pages are made of it and load nothing from elsewhere."""
    paths = client.get("/openapi.json").json()["paths"]
    assert {
        "/health",
        "/ready",
        "/metrics",
        "/v1/sql",
        "/v1/tickets.csv",
        "/v1/tickets.xlsx",
        "/v1/tickets.parquet",
        "/v1/live/queues",
        "/v1/live/alerts",
        "/v1/live/tickets",
        "/v1/tickets",
        "/v1/tickets/{ticket_id}",
        "/v1/tickets/{ticket_id}/summary",
        "/v1/tickets/{ticket_id}/explanation",
        "/v1/explain",
        "/v1/queues",
        "/v1/agents",
        "/v1/models",
        "/v1/models/stored",
        "/v1/models/{version}/card",
        "/v1/models/{version}/card.md",
        "/v1/dead-letters",
        "/v1/views",
        "/v1/analytics/daily",
        "/v1/analytics/daily_analytics",
        "/v1/analytics/{view}",
        "/v1/metrics",
        "/v1/metrics/{name}",
    } == paths.keys()
    for page in ("/doors", "/docs"):
        text = client.get(page).text
        assert all(path in text for path in paths)
        assert "http" not in text.replace("http-equiv", "")


def test_the_guide_names_every_door_and_setting(client: Client) -> None:
    """docs/serving.md cannot fall behind: each door and each setting of serving is in it."""
    guide = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
    doors = client.get("/openapi.json").json()["paths"]
    own = ServingSettings.model_fields.keys() - CommonSettings.model_fields.keys()
    assert [name for name in (*doors, *own) if f"{name}`" not in guide] == []


TAGGED = (
    "/v1/tickets?status=new",
    "/v1/tickets/t1",
    "/v1/tickets/t1/summary",
    "/v1/queues",
    "/v1/agents",
    "/v1/models",
    "/v1/dead-letters",
    "/v1/analytics/daily",
    "/v1/analytics/model_quality",
    "/v1/metrics/waiting",
    "/now",
    "/tickets",
    "/data",
)


@pytest.mark.parametrize("path", TAGGED)
def test_who_has_an_answer_is_not_sent_it_again(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tag names the snapshot, so an answer that somebody has already asks no database."""
    app_serving = client.app.dependencies["serving"].dependency()
    monkeypatch.setattr(app_serving, "clock", lambda: at(0))
    first = client.get(path)
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-cache")

    async def refuse(_: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(app_serving, "ask", refuse)
    again = client.get(path, headers={"if-none-match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_a_tag_is_of_one_address_and_one_language(client: Client) -> None:
    """A tag of another list, or of the page in another language, must not pass for this one's."""
    tag = client.get("/v1/tickets").headers["etag"]
    assert client.get("/v1/tickets?status=closed", headers={"if-none-match": tag}).status_code == 200
    english = client.get("/tickets").headers["etag"]
    german = client.get("/tickets", headers={"accept-language": "de", "if-none-match": english})
    assert german.status_code == 200


def test_what_does_not_follow_from_the_snapshot_has_no_tag(client: Client) -> None:
    for path in ("/system", "/health", "/ready", "/metrics"):
        assert "etag" not in client.get(path).headers, path
