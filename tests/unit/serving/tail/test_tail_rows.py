"""Records of the served topics become Arrow tables in the views' columns."""

import msgspec

from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import AgentUpdated
from schemas.records.topics import SERVED, Topic
from schemas.views.tables import BASE_VIEWS
from schemas.vocabulary import AgentStatus
from serving.tail.rows import ARROW_SCHEMAS, TailRecord, arrow_table, decode_records
from tests.unit.serving.ticket_log import Recount, at, record, ticket_row

IDS = dict.fromkeys(SERVED, "id")


def test_a_ticket_record_is_a_row_in_two_views() -> None:
    """One record of the log gives the ticket's row and the event's."""
    row = ticket_row("t", 1, 2, triage_reasons=("no_text",))
    rows, refused = decode_records([record(row, 0, 7)], IDS)
    assert (sorted(rows), refused) == (["ticket_events", "tickets"], [])
    expected = Recount([(0, 7, row)])
    assert arrow_table("tickets", rows["tickets"]).to_pylist() == [expected.tickets["t"]]
    assert arrow_table("ticket_events", rows["ticket_events"]).to_pylist() == list(
        expected.ticket_events.values()
    )


def test_of_several_records_of_a_ticket_the_newest_is_its_row() -> None:
    """Each has its event; a second delivery of the newest does not move it to a later offset."""
    log = [(0, n, ticket_row("t", 1, revision)) for n, revision in enumerate((1, 2, 3, 3))]
    log += [(0, 4, ticket_row("other", 5, 1)), (0, 5, ticket_row("other", 9, 1))]
    rows, _ = decode_records([record(row, partition, offset) for partition, offset, row in log], IDS)
    expected = Recount([log[2], log[5]])
    assert {
        row["ticket_id"]: row for row in arrow_table("tickets", rows["tickets"]).to_pylist()
    } == expected.tickets
    assert len(rows["tickets"]) == len(expected.tickets)
    assert len(rows["ticket_events"]) == len(log)


def test_an_agent_record_is_a_row_of_agent_events() -> None:
    """Agents' events from outside are read by their envelope."""
    body = AgentUpdated(agent_id="a", home_team="one", status=AgentStatus.AWAY, capacity=3)
    headers = encode_headers(Envelope(id="e", type="AgentUpdated", source="s", time=at(1)))
    found = TailRecord(
        topic=Topic.AGENTS_EVENTS,
        partition=1,
        offset=4,
        timestamp_ms=5,
        headers=headers,
        value=encode_body(body),
    )
    rows, _ = decode_records([found], IDS)
    (shown,) = arrow_table("agent_events", rows["agent_events"]).to_pylist()
    assert (shown["agent_id"], shown["status"], shown["capacity"], shown["log_offset"]) == ("a", "away", 3, 4)


def test_a_record_that_is_no_event_is_handed_back_with_the_reason() -> None:
    """One bad record does not keep the others of its batch from being read."""
    good = record(ticket_row("t", 1, 1), 0, 0)
    bad = msgspec.structs.replace(good, offset=1, value=b"{")
    rows, refused = decode_records([good, bad], IDS)
    assert len(rows["tickets"]) == 1
    assert [(one.record.offset, one.error.split(":")[0]) for one in refused] == [(1, "InvalidBody")]


def test_no_rows_are_an_empty_table_of_the_right_columns() -> None:
    """Every base view has an Arrow schema, and none of its rows is needed to make a table."""
    for view in BASE_VIEWS:
        table = arrow_table(view.name, [])
        assert (table.num_rows, table.schema) == (0, ARROW_SCHEMAS[view.name])
        assert table.column_names == [column.name for column in view.columns]
