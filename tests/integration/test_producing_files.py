"""Replaying a file: what is read, what is published, what is remembered, and what a crash leaves."""

import contextlib
import gzip
import json
import re
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.records.events import Event, TicketOpened
from ticketyard.errors import DeliveryFailed
from ticketyard.mapping import Mapping, MappingError, parse_mapping
from ticketyard.producer import Receipt
from ticketyard.reading import RowFile, UnreadableFile
from ticketyard.reading.identity import file_sum
from ticketyard.record import MAX_BODY_BYTES
from ticketyard.replaying import (
    AsFastAsPossible,
    EventTime,
    Rate,
    Replay,
    ReplaySummary,
)
from ticketyard.replaying.progress import ProgressFile, ReplayKey

NOT_UTF_8 = (
    "line 5: column text is not UTF-8; if Windows or Excel wrote the file, try --encoding windows-1252"
)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPENED = {
    "type": "TicketOpened",
    "fields": {
        "ticket_id": {"column": "no", "blank": "reject"},
        "customer_id": {"constant": "C"},
        "channel": {"constant": "chat"},
        "text": "text",
    },
}
MAPPING = parse_mapping(yaml.safe_dump({"events": [OPENED]}).encode(), source="m")
TIMED = parse_mapping(
    yaml.safe_dump({"events": [OPENED], "time": {"column": "at", "zone": "UTC"}}).encode(), source="m"
)


class Kafka:
    """Takes events; acknowledges them when flushed, or at once; dies before event number `dies_at`."""

    def __init__(self, *, at_once: bool = True, dies_at: int | None = None) -> None:
        self.events: list[tuple[str, datetime, Event]] = []
        self._at_once = at_once
        self._dies_at = dies_at
        self._waiting: list[Future[Receipt]] = []

    def send(
        self,
        event: Event,
        *,
        id: str | None = None,  # noqa: A002 - the protocol's name
        time: datetime | None = None,
        source: str | None = None,
    ) -> "Future[Receipt]":
        """Take one event."""
        assert id
        assert time
        assert source
        if len(self.events) == self._dies_at:
            raise DeliveryFailed("the broker is gone")
        self.events.append((id, time, event))
        future: Future[Receipt] = Future()
        self._waiting.append(future)
        if self._at_once:
            self.flush()
        return future

    def flush(self) -> None:
        """Acknowledge all."""
        for future in self._waiting:
            future.set_result(Receipt("", "", 0, 0))
        self._waiting = []


class Desk:
    """A folder with a file to replay, and one replay's memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rejects = folder / "rejects.jsonl"

    def csv(self, *lines: str, name: str = "f.csv") -> Path:
        """Write a CSV file."""
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def progress(self, replay: Replay) -> ProgressFile:
        """Return the memory of a replay."""
        key = ReplayKey(file_sum=replay.file_sum, mapping_sum="m", topic_id="t", selection=replay.selection())
        return ProgressFile(self.folder, key)

    def run(
        self, path: Path, kafka: Kafka, *, mapping: Mapping = MAPPING, every_row: bool = False, **options: Any
    ) -> ReplaySummary:
        """Replay a file; `every_row` keeps the progress after each row instead of once a second."""
        pace = options.pop("pace", AsFastAsPossible())
        on_progress = options.pop("on_progress", lambda *_: None)
        with RowFile.open(path) as rows:
            replay = Replay(rows=rows, mapping=mapping, file_sum=file_sum(path), **options)
            return replay.run(
                kafka,
                pace,
                self.progress(replay),
                self.rejects,
                on_progress=on_progress,
                clock=lambda: NOON,
                sleep=lambda _: None,
                progress_every_s=0.0 if every_row else 1.0,
            )

    def rejected(self) -> list[dict[str, Any]]:
        """Return the rejects."""
        return [json.loads(line) for line in self.rejects.read_text().splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def texts(kafka: Kafka) -> list[str]:
    return [event.text for _, _, event in kafka.events if isinstance(event, TicketOpened)]


def write_jsonl(path: Path) -> None:
    path.write_text('{"no": "T1", "text": "one"}\n\n{"no": "T2", "text": "two"}\n')


def write_csv(path: Path) -> None:
    path.write_text('\ufeffno,text\nT1,one\n\nT2,"two"\n', encoding="utf-8")


def write_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(b"no,text\r\nT1,one\r\nT2,two\r\n"))


def write_parquet(path: Path) -> None:
    pq.write_table(pa.table({"no": ["T1", "T2"], "text": ["one", "two"]}), path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("f.csv", write_csv),
        ("f.csv.gz", write_gzip),
        ("f.jsonl", write_jsonl),
        ("f.ndjson", write_jsonl),
        ("f.parquet", write_parquet),
    ],
)
def test_every_format_gives_the_same_events(desk: Desk, name: str, write: Callable[[Path], None]) -> None:
    """CSV, JSON lines and Parquet, gzip or not."""
    write(desk.folder / name)
    kafka = Kafka()
    summary = desk.run(desk.folder / name, kafka)
    assert texts(kafka) == ["one", "two"]
    assert (summary.rows, summary.events, summary.rejected, summary.exit_code) == (2, 2, 0, 0)
    assert not desk.rejects.exists()


def test_bad_rows_are_put_aside_with_number_and_reason(desk: Desk) -> None:
    """Nothing of a bad row is sent, nothing of a good one is lost, and the exit code tells."""
    path = desk.folder / "f.csv"
    path.write_bytes(b"no,text\nT1,one\n,nobody\nT3\nT4,\xff\nT5,five\n")
    kafka = Kafka()
    summary = desk.run(path, kafka)
    assert texts(kafka) == ["one", "five"]
    assert (summary.rows, summary.published_rows, summary.rejected, summary.exit_code) == (5, 2, 3, 3)
    assert summary.rejects == desk.rejects
    assert desk.rejected() == [
        {"row": 2, "reason": "column no is blank", "raw": {"no": "", "text": "nobody"}},
        {"row": 3, "reason": "line 4: 1 cells under 2 columns", "raw": {"no": "T3"}},
        {"row": 4, "reason": NOT_UTF_8, "raw": {"no": "T4", "text": "\ufffd"}},
    ]


def test_bad_json_lines_are_put_aside(desk: Desk) -> None:
    """A line that is no object is a bad row, not a bad file."""
    path = desk.folder / "f.jsonl"
    path.write_bytes(b'{"no": "T1"}\n{"no": \n[1]\n\xff\n{"no": "T5", "text": "five"}\n')
    kafka = Kafka()
    assert desk.run(path, kafka).rejected == 3
    assert [row["row"] for row in desk.rejected()] == [2, 3, 4]
    assert texts(kafka) == ["", "five"]


def test_what_is_too_large_for_the_topic_is_put_aside(desk: Desk) -> None:
    """The contract's limits reject a row before any of its events is sent."""
    kafka = Kafka()
    summary = desk.run(desk.csv("no,text", f"T1,{'x' * MAX_BODY_BYTES}", "T2,two"), kafka)
    assert texts(kafka) == ["two"]
    assert summary.rejected == 1
    assert "shorten its text" in desk.rejected()[0]["reason"]


def test_a_file_that_cannot_be_read_is_said_so(desk: Desk) -> None:
    """No heading, an unknown ending, a cut-off archive: one sentence each."""
    (desk.folder / "empty.csv").touch()
    with pytest.raises(UnreadableFile, match="has no heading"):
        RowFile.open(desk.folder / "empty.csv")
    with pytest.raises(UnreadableFile, match="say --format"):
        RowFile.open(desk.folder / "f.dat")
    with pytest.raises(UnreadableFile, match="cannot be read"):
        RowFile.open(desk.folder / "missing.csv")
    whole = gzip.compress(b"no,text\n" + b"".join(b"T%d,%d\n" % (n, n * n) for n in range(3000)))
    (desk.folder / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableFile, match="to its end"):
        desk.run(desk.folder / "cut.csv.gz", Kafka())


def test_missing_columns_are_named_before_anything_is_sent(desk: Desk) -> None:
    """A mapping for another file is found out at once."""
    path = desk.csv("no,body", "T1,one")
    with pytest.raises(MappingError, match=r"has no column 'text'.*; it has no, body"):
        desk.run(path, Kafka())
    with pytest.raises(MappingError, match="needs `time:`"):
        desk.run(desk.csv("no,text", "T1,one"), Kafka(), by_time=True)


def test_only_some_rows(desk: Desk) -> None:
    """By a column's value, and by the file's first rows; row numbers and ids stay the file's."""
    path = desk.csv("no,text,split", "T1,one,train", "T2,two,test", "T3,three,test", "T4,four,test")
    kafka = Kafka()
    desk.run(path, kafka, where={"split": "test"}, limit=3)
    assert texts(kafka) == ["two", "three"]
    assert [id_.split(":")[1] for id_, _, _ in kafka.events] == ["2", "3"]


def test_in_event_time_rows_go_by_their_time(desk: Desk) -> None:
    """The file's order does not matter, and equal times keep it."""
    path = desk.csv(
        "no,text,at", "T1,b,2026-03-02T10:00", "T2,a,2026-03-02T09:00", "T3,c,2026-03-02T10:00", "T4,x,never"
    )
    kafka = Kafka()
    summary = desk.run(path, kafka, mapping=TIMED, pace=EventTime(0), by_time=True)
    assert texts(kafka) == ["a", "b", "c"]
    assert [time.hour for _, time, _ in kafka.events] == [9, 10, 10]
    assert summary.rejected == 1


def test_an_event_without_a_time_gets_the_scheduled_one(desk: Desk) -> None:
    """So latency counts from when it should have been sent, not from when it was."""
    kafka = Kafka()
    desk.run(desk.csv("no,text", "T1,one", "T2,two"), kafka, pace=Rate(2))
    assert [(time - NOON).total_seconds() for _, time, _ in kafka.events] == [0.0, 0.5]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.sampled_from(["ok", "", "bad"]), max_size=12),
    deaths=st.lists(st.integers(0, 12), max_size=4),
)
def test_deaths_lose_and_repeat_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], deaths: list[int]
) -> None:
    """Wherever a run dies, the next goes on: every event arrives, equal ids at most again, no reject twice."""
    desk = Desk(tmp_path_factory.mktemp("replay"))
    line_of = {"ok": "T{n},{n}", "": ",{n}", "bad": "T{n}"}
    lines = [line_of[kind].format(n=n) for n, kind in enumerate(rows)]
    path = desk.csv("no,text", *lines)
    arrived: list[tuple[str, datetime, Event]] = []
    for at in deaths:
        kafka = Kafka(dies_at=at)
        try:
            desk.run(path, kafka, every_row=True)
        except DeliveryFailed:
            pass
        finally:
            arrived += kafka.events
    last = Kafka()
    summary = desk.run(path, last, every_row=True)
    arrived += last.events
    good = [n for n, kind in enumerate(rows) if kind == "ok"]
    assert {event.text for _, _, event in arrived if isinstance(event, TicketOpened)} == {
        str(n) for n in good
    }
    assert len({id_ for id_, _, _ in arrived}) == len(good)
    assert (summary.rows, summary.events, summary.rejected) == (len(rows), len(good), len(rows) - len(good))
    assert (len(desk.rejected()) if desk.rejects.exists() else 0) == summary.rejected


def test_progress_waits_for_the_acknowledgement(desk: Desk) -> None:
    """What was sent but not acknowledged when the process died is sent again, with the same id."""
    path = desk.csv("no,text", "T1,one", "T2,two", "T3,three")
    dying = Kafka(at_once=False, dies_at=2)
    with pytest.raises(DeliveryFailed):
        desk.run(path, dying, every_row=True)
    again = Kafka()
    summary = desk.run(path, again)
    assert [id_ for id_, _, _ in again.events][:2] == [id_ for id_, _, _ in dying.events]
    assert (summary.events, summary.resumed_after) == (3, 0)


def test_a_finished_replay_sends_nothing_again_and_a_grown_limit_goes_on(desk: Desk) -> None:
    """The sums are of all runs together."""
    path = desk.csv("no,text", "T1,one", "T2,two", "T3,three")
    assert desk.run(path, Kafka(), limit=2).events == 2
    kafka = Kafka()
    summary = desk.run(path, kafka)
    assert texts(kafka) == ["three"]
    assert (summary.events, summary.resumed_after) == (3, 2)
    idle = Kafka()
    assert desk.run(path, idle).events == 3
    assert idle.events == []


def test_another_mapping_file_or_topic_starts_anew(desk: Desk) -> None:
    """Progress belongs to exactly one file, mapping, topic and choice of rows."""
    path = desk.csv("no,text", "T1,one")
    with RowFile.open(path) as rows:
        replay = Replay(rows=rows, mapping=MAPPING, file_sum="s")
        other = Replay(rows=rows, mapping=MAPPING, file_sum="s", where={"no": "T1"})
        assert replay.selection() != other.selection()
    keys = [
        ReplayKey(file_sum=a, mapping_sum=b, topic_id=c, selection=d)
        for a, b, c, d in ("1111", "2111", "1211", "1121", "1112")
    ]
    assert len({key.name for key in keys}) == 5
    assert ProgressFile(desk.folder, keys[0]).read().steps == 0


def test_the_documented_mapping_is_one() -> None:
    """The example in docs/mappings.md is accepted as it stands."""
    text = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    assert len(parse_mapping(example.encode(), source="docs/mappings.md").events) == 4


EXPORT = parse_mapping(
    yaml.safe_dump(
        {
            "time": {"column": "at", "zone": "UTC"},
            "events": [
                OPENED,
                {"type": "TicketClosed", "time": {"column": "end"}, "fields": {"ticket_id": "no"}},
            ],
        }
    ).encode(),
    source="m",
)
LIVES = (
    "no,text,at,end",
    "T1,a,2026-03-02T09:00,2026-03-02T11:00",
    "T2,b,2026-03-02T10:00,2026-03-02T10:30",
    "T3,c,2026-03-02T12:00,2026-03-02T11:59",
    ",d,2026-03-02T12:00,",
)


def test_in_event_time_the_events_of_a_row_go_each_by_its_own(desk: Desk) -> None:
    """The end of a ticket was published with its opening, days before what happened meanwhile to others."""
    kafka = Kafka()
    summary = desk.run(desk.csv(*LIVES), kafka, mapping=EXPORT, pace=EventTime(0), by_time=True)
    assert [(type(event).__name__, event.ticket_id) for _, _, event in kafka.events] == [  # type: ignore[attr-defined]
        ("TicketOpened", "T1"), ("TicketOpened", "T2"), ("TicketClosed", "T2"), ("TicketClosed", "T1"),
        ("TicketOpened", "T3"), ("TicketClosed", "T3"),
    ]  # fmt: skip
    assert (summary.rows, summary.published_rows, summary.events, summary.rejected) == (4, 3, 6, 1)


@pytest.mark.parametrize("deaths", range(7))
def test_a_death_between_the_events_of_a_row_loses_none(desk: Desk, deaths: int) -> None:
    """In the order of time a row's events lie apart, and a resumed run goes on between them."""
    path = desk.csv(*LIVES)
    first = Kafka(dies_at=deaths)
    with contextlib.suppress(DeliveryFailed):
        desk.run(path, first, mapping=EXPORT, by_time=True, every_row=True)
    second = Kafka()
    summary = desk.run(path, second, mapping=EXPORT, by_time=True, every_row=True)
    assert len({id_ for id_, _, _ in first.events + second.events}) == 6
    assert (summary.rows, summary.events, summary.rejected) == (4, 6, 1)


def test_a_zone_that_is_said_counts_and_is_another_replay(desk: Desk) -> None:
    """The times differ, so a run with the right zone must not go on where one with the wrong zone stopped."""
    unzoned = parse_mapping(
        yaml.safe_dump({"events": [OPENED], "time": {"column": "at"}}).encode(), source="m"
    )
    path = desk.csv("no,text,at", "T1,a,2026-03-02T09:00")
    kafka = Kafka()
    assert desk.run(path, kafka, mapping=unzoned).rejected == 1
    assert desk.run(path, kafka, mapping=unzoned, zone="Europe/Berlin").events == 1
    assert [time for _, time, _ in kafka.events] == [datetime(2026, 3, 2, 8, tzinfo=UTC)]


def test_names_that_no_row_has_are_told_after_a_replay(desk: Desk) -> None:
    """A misspelled name of JSON lines left its field out of every event, without a word."""
    path = desk.folder / "f.jsonl"
    path.write_text('{"no": "T1", "body": "x"}\n')
    assert desk.run(path, Kafka()).unseen == ("text",)


@pytest.mark.parametrize("by_time", [False, True])
def test_a_long_file_shows_how_far_it_is(desk: Desk, by_time: bool) -> None:
    """In the order of time a whole file is read before anything is sent, which looked as if nothing went on."""
    heard: list[tuple[float, int, int]] = []
    path = desk.csv("no,text,at", *(f"T{n},{n},2026-03-02T10:00" for n in range(50)))
    desk.run(path, Kafka(), mapping=TIMED, by_time=by_time, on_progress=lambda *said: heard.append(said))
    shares = [share for share, _, _ in heard]
    assert shares == sorted(shares)
    assert heard[-1] == (1.0, 50, 50)
    assert len(heard) == (100 if by_time else 50)
