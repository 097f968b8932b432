"""Batches of archived records as batches of rows."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from msgspec import Raw

from batch.views.gaps import UnreadableRange
from batch.views.row_batches import RowBatches, arrow_schema, as_batch
from schemas.records.derived import SourceEvent, TicketLogged
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import AgentUpdated, Event
from schemas.records.ticket_row import TicketRow
from schemas.views.tables import BASE_VIEWS, VIEWS, BaseView
from schemas.vocabulary import AgentStatus, Status

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


ROW = TicketRow(
    ticket_id="T1", life=0, revision=1, routing_revision=1, status=Status.NEW, opened_at=AT, last_event_at=AT
)  # fmt: skip
LOGGED = TicketLogged(
    ticket_id="T1",
    life=0,
    revision=1,
    event=SourceEvent(
        id="e", type="TicketResolved", source="test", time=AT, body=Raw(b'{"ticket_id": "T1"}')
    ),
    after=ROW,
)
AGENT = AgentUpdated(agent_id="A1", home_team="billing", status=AgentStatus.AWAY, capacity=4)
EVENTS: dict[str, tuple[str, Event]] = {
    "tickets": ("TicketLogged", LOGGED),
    "ticket_events": ("TicketLogged", LOGGED),
    "agent_events": ("AgentUpdated", AGENT),
}


def records(view: str) -> list[dict[str, Any]]:
    """Five records of the view's topic as the archive has them."""
    name, event = EVENTS[view]
    headers = encode_headers(Envelope(id="e", type=name, source="test", time=AT))
    return [
        {
            "topic_id": "id",
            "partition": 1,
            "offset": offset,
            "timestamp": AT,
            "headers": [{"key": key, "value": value} for key, value in headers],
            "value": encode_body(event),
        }
        for offset in range(5)
    ]


def convert(view: str, rows: list[dict[str, Any]]) -> tuple[pa.Table, list[UnreadableRange]]:
    unreadable: list[UnreadableRange] = []
    batches = RowBatches(view, unreadable.extend)([pa.RecordBatch.from_pylist(rows)])
    return pa.Table.from_batches(list(batches)), unreadable


@pytest.mark.parametrize("view", EVENTS)
def test_each_record_is_a_row(view: str) -> None:
    """Every record of the view's topic becomes one row of the view's types, with its position."""
    rows = records(view)
    table, unreadable = convert(view, rows)
    assert table.schema == arrow_schema(VIEWS[view].columns)
    assert table["log_offset"].to_pylist() == list(range(len(rows)))
    assert set(table["logged_at"].to_pylist()) == {AT}
    assert unreadable == []


def test_unreadable_records_are_told_and_skipped() -> None:
    """A record that is no event stops nothing: the others become rows, and its place and the reason are told."""
    rows = records("ticket_events")
    for offset in (1, 3, 4):
        rows[offset]["value"] = b"\xff not JSON"
    table, unreadable = convert("ticket_events", rows)
    assert [(one.partition, one.first, one.last) for one in unreadable] == [(1, 1, 1), (1, 3, 4)]
    assert all(one.error.startswith("InvalidBody: TicketLogged: ") for one in unreadable)
    assert table["log_offset"].to_pylist() == [0, 2]


@pytest.mark.parametrize("view", BASE_VIEWS, ids=lambda view: view.name)
def test_no_rows_make_an_empty_batch_of_the_same_types(view: BaseView) -> None:
    """A batch without rows has the view's columns all the same."""
    schema = arrow_schema(view.columns)
    batch = as_batch([], schema)
    assert batch.schema == schema
    assert batch.num_rows == 0
