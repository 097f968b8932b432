"""Changes come once, in order, resumed by offsets; whoever is too far behind is told so."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from litestar.response.sse import ServerSentEventMessage

from serving.foundation.state import AnswerMetadata, PartitionState, ServedState, TopicState
from serving.listing.filters import Filters, given
from serving.live.changes import MOST_AT_ONCE, MOST_KEPT, Changes, ChangesReader, Found, Offsets

ABOUT = AnswerMetadata(
    run_id="r", boundary={}, watermark=None, freshness_s=None, complete=False, reasons=("a gap",)
)


class Log:
    """A topic of two partitions whose rows a test adds, and the source over it."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.topic_id, self.batch, self.caught_up = "topic-1", {0: 0, 1: 0}, True
        self.changes = Changes("tickets.log", "ticket_id", self.find)

    def add(self, ticket_id: str, partition: int = 0, **fields: Any) -> None:
        place = {"log_partition": partition, "log_offset": self.ends()[partition]}
        self.rows.append({"ticket_id": ticket_id, "team": "billing"} | fields | place)

    def ends(self) -> dict[int, int]:
        return {number: sum(row["log_partition"] == number for row in self.rows) for number in (0, 1)}

    async def find(self, since: Offsets | None) -> Found:
        first = since or self.batch
        newest = {row["ticket_id"]: row for row in self.rows}.values()
        rows = [row for row in newest if row["log_offset"] >= first.get(row["log_partition"], 0)]
        rows.sort(key=lambda row: (row["log_partition"], row["log_offset"]))
        parts = {str(number): PartitionState(next=end) for number, end in self.ends().items()}
        topic = TopicState(topic_id=self.topic_id, partitions=parts)
        return Found(
            topic=topic,
            caught_up=self.caught_up,
            about=ABOUT,
            since=first,
            rows=None if len(rows) > MOST_KEPT else rows,
        )

    def read(self) -> None:
        asyncio.run(self.changes.read())

    def reader(self, last_id: str | None = None, filters: Filters | None = None) -> ChangesReader:
        return ChangesReader(
            self.changes, "tickets", filters or Filters(), last_id, door="GET /v1/tickets", gone="ticket_id"
        )


def data_of(event: ServerSentEventMessage) -> Any:
    """What an event says."""
    assert isinstance(event.data, bytes)
    return json.loads(event.data)


def taken(reader: ChangesReader) -> list[tuple[str, list[str], str]]:
    """What a reader takes: event, ids of tickets, id."""
    found = []
    for event in reader.take():
        data = data_of(event)
        found.append((event.event or "", [row["ticket_id"] for row in data.get("rows", [])], str(event.id)))
    return found


def test_a_listener_begins_where_the_log_ends_and_gets_each_change_once() -> None:
    log = Log()
    log.add("a")
    log.read()
    reader = log.reader()
    (begin,) = taken(reader)
    assert begin[:2] == ("tickets", [])
    log.add("b", 1)
    log.add("a")
    log.read()
    ((event, tickets, identity),) = taken(reader)
    assert (event, tickets) == ("tickets", ["a", "b"])
    assert identity.endswith(":0.2,1.1")
    assert taken(reader) == []


def test_who_comes_back_misses_nothing_and_gets_nothing_twice() -> None:
    """Its id means the same to a server that has just started: offsets, not a count of its own."""
    log = Log()
    log.add("a")
    log.read()
    identity = taken(log.reader())[0][2]
    log.add("b", 1)
    log.add("c")
    log.changes = Changes("tickets.log", "ticket_id", log.find)  # the server started again
    log.read()
    ((_, tickets, newer),) = taken(log.reader(identity))
    assert tickets == ["c", "b"]
    assert taken(log.reader(newer)) == [("tickets", [], newer)]


def test_a_slow_listener_gets_the_newest_row_of_each_ticket() -> None:
    log = Log()
    log.read()
    reader = log.reader()
    taken(reader)
    for number in range(5):
        log.add("a", status=number)
        log.read()
    (event,) = reader.take()
    assert [row["status"] for row in data_of(event)["rows"]] == [4]


def test_who_is_further_behind_than_what_is_kept_is_told() -> None:
    """Where nothing was said, a board went on to show what had long changed."""
    log = Log()
    log.read()
    slow, quick = log.reader(), log.reader()
    before = taken(slow)[0][2]
    taken(quick)
    for number in range(MOST_KEPT):
        log.add(f"t{number}")
    log.read()
    assert sum(len(tickets) for _, tickets, _ in taken(quick)) == MOST_KEPT
    log.add("one more")
    log.read()
    assert [tickets for _, tickets, _ in taken(quick)] == [["one more"]]
    (missed,) = slow.take()
    assert missed.event == "missed"
    assert "GET /v1/tickets" in data_of(missed)["message"]
    log.add("after")
    log.read()
    assert [tickets for _, tickets, _ in taken(slow)] == [["after"]]
    assert [event for event, _, _ in taken(log.reader(before))] == ["missed"]


def test_more_at_once_than_is_kept_is_missed_by_all() -> None:
    log = Log()
    log.read()
    reader = log.reader()
    taken(reader)
    for number in range(MOST_KEPT + 1):
        log.add(f"t{number}")
    log.read()
    assert [event for event, _, _ in taken(reader)] == ["missed"]


def test_each_part_of_many_changes_can_be_gone_on_from() -> None:
    log = Log()
    log.read()
    reader = log.reader()
    taken(reader)
    for number in range(2 * MOST_AT_ONCE + 1):
        log.add(f"t{number}", number % 2)
    log.read()
    parts = taken(reader)
    assert [len(tickets) for _, tickets, _ in parts] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
    rest = [ticket for _, tickets, _ in taken(log.reader(parts[0][2])) for ticket in tickets]
    assert rest == [*parts[1][1], *parts[2][1]]


def test_a_topic_that_was_made_again_is_missed() -> None:
    """Its offsets mean other records now."""
    log = Log()
    log.add("a")
    log.read()
    reader = log.reader()
    identity = taken(reader)[0][2]
    log.topic_id, log.rows = "topic-2", []
    log.add("b")
    log.read()
    assert [event for event, _, _ in taken(reader)] == ["missed"]
    assert [event for event, _, _ in taken(log.reader(identity))] == ["missed"]


def test_an_id_beyond_the_end_of_the_log_is_missed() -> None:
    """Whoever came with one heard nothing, for as long as the log took to get there."""
    log = Log()
    log.add("a")
    log.read()
    (begin,) = taken(log.reader())
    reader = log.reader(begin[2].replace("0.1", "0.900"))
    assert [event for event, _, _ in taken(reader)] == ["missed"]
    log.add("b")
    log.read()
    assert [tickets for _, tickets, _ in taken(reader)] == [["b"]]


def test_a_server_that_has_just_started_gets_to_the_end_before_it_says_missed() -> None:
    """Browsers come back within a second, long before its tail is where it was."""
    log = Log()
    log.add("a")
    log.add("b")
    log.read()
    (begin,) = taken(log.reader())
    rows, log.rows, log.caught_up = log.rows, [], False
    log.changes = Changes("tickets.log", "ticket_id", log.find)  # the server started again
    log.read()
    reader = log.reader(begin[2])
    assert [(event, tickets) for event, tickets, _ in taken(reader)] == [("tickets", [])]
    log.rows, log.caught_up = rows, True
    log.add("c")
    log.read()
    assert [tickets for _, tickets, _ in taken(reader)] == [["c"]]


def test_a_tail_that_has_nothing_to_catch_up_on_is_read_again_all_the_same() -> None:
    """Else an id beyond the log's end would be waited for until the next record came."""
    starting, there = (
        ServedState(topics={"tickets.log": TopicState()}, caught_up=caught_up) for caught_up in (False, True)
    )
    assert Log().changes.place(starting) != Log().changes.place(there)


def test_a_log_that_was_set_back_is_missed_although_it_has_grown_since() -> None:
    """Its id is the same: listeners above the new end left out all records up to where they had been."""
    log = Log()
    for ticket_id in "abc":
        log.add(ticket_id)
    log.read()
    slow, quick = log.reader(), log.reader()
    taken(slow), taken(quick)
    log.rows = log.rows[:1]
    log.read()
    assert [event for event, _, _ in taken(quick)] == ["missed"]
    for ticket_id in "xyz":
        log.add(ticket_id)
    log.read()
    assert [tickets for _, tickets, _ in taken(quick)] == [["x", "y", "z"]]
    assert [event for event, _, _ in taken(slow)] == ["missed"]


@pytest.mark.parametrize("edited", ["x", "0", "00000000:0.1", ":", "a" * 100_000, "\x00", "deadbeef:0.-1"])
def test_an_edited_id_is_missed(edited: str) -> None:
    """A browser that got an error would never come back."""
    log = Log()
    log.read()
    (missed,) = log.reader(edited).take()
    assert missed.event == "missed"
    assert len(str(missed.data)) < 500


def test_tickets_that_do_not_pass_any_more_are_named() -> None:
    """Who shows one team's tickets must hear that one of them has left."""
    log = Log()
    log.add("a")
    log.read()
    reader = log.reader(filters=given([("team", ["billing"])]))
    taken(reader)
    log.add("a", team="technical")
    log.add("b")
    log.read()
    (event,) = reader.take()
    data = data_of(event)
    assert ([row["ticket_id"] for row in data["rows"]], data["gone"]) == (["b"], ["a"])
    assert (data["complete"], data["reasons"]) == (False, ["a gap"])


def test_filters_are_those_of_lists() -> None:
    row = {"team": "billing", "opened_at": "2026-03-01T22:00:00Z", "assignee": None}
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert Filters(ranges=(("opened_at", ">=", noon), ("opened_at", "<", None))).passes(row)
    assert not Filters(ranges=(("opened_at", "<", noon.replace(tzinfo=None)),)).passes(row)
    assert given([("team", ["x", "billing"]), ("assignee", None)]).passes(row)
    assert not given([("assignee", ["agent-1"])]).passes(row)
    assert given([("team", ["a"]), ("assignee", [])]).key == given([("team", ["a"])]).key
