"""The checks on public data: mapping and fold against the recount, and what a check says of serving's answers."""

import csv
import gzip
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.demo.serving_client import NotServedInTime, ServingClient, ServingRefused, ServingUnreachable
from schemas.fold import Fact, fold
from schemas.records.events import TicketEvent
from schemas.records.ticket_row import TicketRow
from tests.public_data import incidents, it_tickets
from ticketyard.mapping import Mapper, load_mapping
from ticketyard.reading import RowFile
from ticketyard.replaying import ReplayRequest, ReplaySummary
from ticketyard.settings import ProducingSettings

RECOUNT = Path(__file__).parents[1] / "public_data" / "recount_incidents.py"
Answer = Callable[[str, list[Any]], list[list[Any]]]


def summary_of(events: int) -> ReplaySummary:
    return ReplaySummary(
        rows=events,
        published_rows=events,
        events=events,
        rejected=0,
        without_event=0,
        resumed_after=0,
        seconds=1.0,
        events_per_second=1.0,
        worst_delay=timedelta(0),
        rejects=None,
        unseen=(),
    )


class FakeServing:
    """Answers SQL over HTTP as it is told."""

    def __init__(self) -> None:
        self.answer: Answer = lambda _sql, _params: [[0]]
        self.asked: list[str] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = msgspec.json.decode(self.rfile.read(int(self.headers["content-length"])))
                fake.asked.append(question["sql"])
                try:
                    body = {"rows": fake.answer(question["sql"], question["params"]), "truncated": False}
                    status = 200
                except ValueError as error:
                    body, status = {"detail": str(error)}, 400
                self.send_response(status)
                self.end_headers()
                self.wfile.write(msgspec.json.encode(body))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def serving() -> Iterator[FakeServing]:
    fake = FakeServing()
    thread = threading.Thread(target=fake.server.serve_forever)
    thread.start()
    yield fake
    fake.server.shutdown()
    thread.join()
    fake.server.server_close()


def test_mapping_and_fold_agree_with_the_recount(data_dir: Path, tmp_path: Path) -> None:
    """On a tenth of the incidents: states, reassignments and resolution times are those of the file."""
    file = tmp_path / "slice.csv.gz"
    incidents.write_slice(data_dir / incidents.DATA_FILE, file, share=0.1)
    mapping, _ = load_mapping(incidents.MAPPING)
    rows: dict[str, TicketRow] = {}
    with RowFile.open(file) as source:
        mapper = Mapper(mapping, file_name=file.name, file_sum="0" * 64, now=datetime.now(UTC))
        for mapped in map(mapper.map, source):
            assert mapped.rejected is None
            for event in mapped.events:
                assert isinstance(event.event, TicketEvent)
                assert event.time
                fact = Fact(id=event.id, type="", source=incidents.SOURCE, time=event.time, body=event.event)
                rows[event.event.ticket_id] = fold(rows.get(event.event.ticket_id), fact)
    recounted = incidents.run_recount(RECOUNT, file)
    assert dict(Counter(str(row.status) for row in rows.values())) == recounted["by_status"]
    assert figures_of(rows.values()) == recounted["by_priority"]


def figures_of(rows: Any) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(
        lambda: {"incidents": 0, "reassignments": 0, "resolved": 0, "resolution_s": 0}
    )
    for row in rows:
        own = found[row.priority]
        own["incidents"] += 1
        own["reassignments"] += row.reassignments
        if row.resolved_at is not None:
            own["resolved"] += 1
            own["resolution_s"] += round((row.resolved_at - row.opened_at).total_seconds())
    return dict(found)


LOG = """ts,number,incident_state,reassignment_count,opened_at,priority
2016-03-01T10:00:00,INC1,New,0,2016-03-01T09:00:00,3 - Moderate
2016-03-01T10:05:00,INC2,Resolved,2,2016-03-01T10:10:00,2 - High
2016-03-01T11:00:00,INC1,Resolved,1,2016-03-01T09:00:00,3 - Moderate
2016-03-01T12:00:00,INC1,Active,1,2016-03-01T09:00:00,3 - Moderate
2016-03-01T13:00:00,INC1,Resolved,3,2016-03-01T09:00:00,4 - Low
2016-03-01T13:30:00,INC1,Resolved,3,2016-03-01T09:00:00,4 - Low
2016-03-02T10:00:00,INC1,Closed,3,2016-03-01T09:00:00,4 - Low
2016-03-02T10:00:00,INC3,Closed,0,2016-03-01T09:00:00,4 - Low
2016-03-02T10:01:00,INC4,Active,5,2016-03-01T09:00:00,4 - Low
"""
RECOUNTED = {
    "incidents": 4,
    "by_status": {"closed": 2, "in_progress": 1, "resolved": 1},
    "by_priority": {
        "high": {"incidents": 1, "reassignments": 2, "resolved": 1, "resolution_s": 0},
        "low": {"incidents": 3, "reassignments": 8, "resolved": 1, "resolution_s": 4 * 3600},
    },
    "reassignments": 10,
}


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(LOG.encode()))
    return path


def test_the_recount_counts_by_its_own_words(log_file: Path) -> None:
    """Last state, last priority, last count, and the time to the last resolution."""
    assert incidents.run_recount(RECOUNT, log_file) == RECOUNTED


def served(late: bool = False) -> Answer:
    """Answer as a serving layer that has the log, or one that counted a reassignment too few."""

    def answer(sql: str, params: list[Any]) -> list[list[Any]]:
        if "ticket_events" in sql:
            assert params == [incidents.SOURCE]
            return [[9]]
        if "GROUP BY status" in sql:
            return [["closed", 2], ["in_progress", 1], ["resolved", 1]]
        return [["high", 1, 2, 1, 0], ["low", 3, 7 if late else 8, 1, 4 * 3_600_000]]

    return answer


@pytest.mark.parametrize("wrong", [False, True])
def test_a_check_agrees_only_if_every_figure_does(
    serving: FakeServing, log_file: Path, *, wrong: bool
) -> None:
    """Serving's answers are compared with the recount, figure by figure."""
    serving.answer = served(wrong)

    def replayer(_settings: ProducingSettings, request: ReplayRequest) -> ReplaySummary:
        assert request.file == log_file
        return summary_of(9)

    report = incidents.check_incidents(
        ProducingSettings(), serving.url, file=log_file, recount=RECOUNT, replayer=replayer
    )
    assert report.recounted == RECOUNTED
    assert report.agrees is not wrong


def test_a_split_parts_equal_texts_never(data_dir: Path, tmp_path: Path) -> None:
    """About a fifth is test, no text is on both sides, and the columns stay."""
    split = it_tickets.write_split(data_dir / it_tickets.DATA_FILE, tmp_path, share=0.05)
    texts = {}
    for path in (split.train, split.test):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            texts[path] = [row[it_tickets.TEXT_COLUMN] for row in csv.DictReader(file)]
    assert [len(each) for each in texts.values()] == [split.train_rows, split.test_rows]
    assert not set(texts[split.train]) & set(texts[split.test])
    assert 0.15 < split.test_rows / (split.train_rows + split.test_rows) < 0.25


def test_it_tickets_are_joined_with_the_file(
    serving: FakeServing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Serving's prediction is right where it is the label of the row that the ticket's id names."""
    test = tmp_path / "test.csv.gz"
    test.write_bytes(gzip.compress(b"Document,Topic_group\na,Access\nb,Hardware\nc,Access\n"))
    prefix = ""

    def answer(sql: str, params: list[Any]) -> list[list[Any]]:
        nonlocal prefix
        prefix = params[0].removesuffix("%")
        if "count(*)" in sql:
            return [[3]]
        found = [[f"{prefix}{n}", "Access", "m1"] for n in (1, 2, 3)]
        return [row for row in found if row[0] > params[1]]

    serving.answer = answer
    evaluated = it_tickets._Evaluated(accuracy=2 / 3, n=3)
    monkeypatch.setattr(it_tickets, "_evaluate", lambda _bundle, _test: evaluated)
    report = it_tickets.check_it_tickets(
        ProducingSettings(), serving.url, test=test, bundle=tmp_path, replayer=lambda _s, _r: summary_of(3)
    )
    assert (report.tickets, report.right, report.agrees) == (3, 2, True)
    assert prefix.startswith("IT-")


def test_serving_is_asked_until_it_has_all_or_stops_short(serving: FakeServing) -> None:
    """One that is behind is waited for while it gains, which on a slow machine a newcomer's demo did not do.

    One that stays behind is told with its dead letters.
    """
    counts, minutes = iter([1, 2, 3]), iter(range(0, 600, 60))
    serving.answer = lambda _sql, _params: [[next(counts)]]
    client = ServingClient(serving.url)
    client.wait_for_count(3, "SELECT 1", stalled_s=90, clock=lambda: next(minutes), sleep=lambda _: None)
    assert len(serving.asked) == 3
    serving.answer = lambda _sql, _params: [[2]]
    clock = iter(range(100))
    with pytest.raises(NotServedInTime, match="2 of 3, no more since 5 s, and 2 dead letters"):
        client.wait_for_count(3, "SELECT 1", stalled_s=5, clock=lambda: next(clock), sleep=lambda _: None)


def test_errors_of_serving_are_told_apart(serving: FakeServing) -> None:
    """A refused statement is permanent, a server that is away is not."""

    def refuse(_sql: str, _params: list[Any]) -> list[list[Any]]:
        raise ValueError("no such view")

    serving.answer = refuse
    with pytest.raises(ServingRefused, match="no such view"):
        ServingClient(serving.url).rows("SELECT 1")
    with pytest.raises(ServingUnreachable, match="does not answer"):
        ServingClient("http://127.0.0.1:1").rows("SELECT 1")
