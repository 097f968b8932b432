"""Mapping files: what is refused with which words, and what rows become."""

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from schemas.records.events import (
    TicketOpened,
    TicketUpdated,
)
from schemas.vocabulary import Channel, Priority
from ticketyard.mapping import MappedRow, Mapper, Mapping, MappingError, parse_mapping
from ticketyard.mapping.mapper import NO_RULE
from ticketyard.reading import Row

NOW = datetime(2026, 12, 1, tzinfo=UTC)
OPENED: dict[str, Any] = {
    "type": "TicketOpened",
    "fields": {"ticket_id": "no", "customer_id": {"constant": "C"}, "channel": {"constant": "email"}},
}


def mapping(**changes: Any) -> Mapping:
    return parse_mapping(yaml.safe_dump({"events": [OPENED], **changes}).encode(), source="m.yaml")


def opened_with(**fields: Any) -> dict[str, Any]:
    return {**OPENED, "fields": {**OPENED["fields"], **fields}}


def mapped(found: Mapping, *rows: dict[str, Any]) -> list[MappedRow]:
    mapper = Mapper(found, file_name="f.csv", file_sum="abcdef0123456789", now=NOW)
    return [mapper.map(Row(number, values)) for number, values in enumerate(rows, start=1)]


def only_event(found: Mapping, **values: Any) -> Any:
    (row,) = mapped(found, {"no": "T1", **values})
    assert row.rejected is None
    return row.events[0].event


def rejection(found: Mapping, **values: Any) -> str:
    (row,) = mapped(found, {"no": "T1", **values})
    assert row.events == ()
    return str(row.rejected)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"events": []}, "events: "),
        ({"event": []}, "event: Extra inputs"),
        ({"events": [{**OPENED, "type": "TicketOpend"}]}, "'TicketOpend' is not an event; use one of Ticket"),
        ({"events": [opened_with(txt="body")]}, "TicketOpened has no field 'txt'"),
        ({"events": [{"type": "TicketClosed", "fields": {}}]}, "TicketClosed needs the field 'ticket_id'"),
        (
            {"events": [opened_with(text={"column": "a", "constant": "b"})]},
            "exactly one of column, template and",
        ),
        ({"events": [opened_with(text={"column": "a", "default": "b"})]}, "belong together"),
        ({"events": [opened_with(attributes="a")]}, "name each of attributes"),
        ({"events": [{**OPENED, "when": {}}]}, "an empty condition"),
        ({"events": [{**OPENED, "when": {"equals": "x"}}]}, "belong together"),
        ({"events": [{**OPENED, "when": {"first": True}}]}, "key: something compares"),
        ({"events": [OPENED, OPENED], "id": "{row}"}, "the id needs {event}"),
        ({"events": [opened_with(text={"column": "a", "changed_only": True})]}, "key: "),
        ({"time": {"column": "ts", "zone": "Mars/Olympus"}}, "Mars/Olympus"),
    ],
)
def test_a_mistake_is_said_with_its_place(changes: dict[str, Any], said: str) -> None:
    """A mapping is refused before a row is read, and the message says what to mend."""
    with pytest.raises(MappingError) as caught:
        mapping(**changes)
    assert said in str(caught.value)
    assert "m.yaml" in str(caught.value)


def test_what_is_not_yaml_is_refused() -> None:
    """A broken file is a MappingError like any other mistake."""
    with pytest.raises(MappingError, match=r"m\.yaml is not YAML"):
        parse_mapping(b"events: [", source="m.yaml")


def test_a_text_means_a_column_and_constants_and_templates_stand_beside() -> None:
    """The three sources of a field's value."""
    found = mapping(events=[opened_with(text="body", subject={"template": "{no}/{row} of {file}"})])
    event = only_event(found, body="help")
    expected = TicketOpened(
        ticket_id="T1", customer_id="C", channel=Channel.EMAIL, text="help", subject="T1/1 of f.csv"
    )
    assert event == expected


def test_values_are_translated_or_the_row_is_rejected() -> None:
    """A text that the mapping does not list rejects its row unless it says otherwise."""
    table = {"column": "prio", "values": {"1": "critical"}}
    assert only_event(mapping(events=[opened_with(priority=table)]), prio="1").priority is Priority.CRITICAL
    assert "'9' is not among" in rejection(mapping(events=[opened_with(priority=table)]), prio="9")
    skipping = {**table, "skip": ["9"]}
    assert only_event(mapping(events=[opened_with(priority=skipping)]), prio="9").priority is None
    lenient = {**table, "otherwise": "keep"}
    assert only_event(mapping(events=[opened_with(priority=lenient)]), prio="high").priority is Priority.HIGH
    assert "Invalid enum value 'x'" in rejection(mapping(events=[opened_with(priority=lenient)]), prio="x")


def test_blanks_are_skipped_nulled_defaulted_or_rejected() -> None:
    """An empty cell and a missing one are the same."""
    for values in ({"who": ""}, {"who": "  "}, {"who": None}, {}):
        assert only_event(mapping(events=[opened_with(assignee="who")]), **values).assignee is None
        default = {"column": "who", "blank": "default", "default": "A1"}
        assert only_event(mapping(events=[opened_with(assignee=default)]), **values).assignee == "A1"
        strict = {"column": "who", "blank": "reject"}
        assert rejection(mapping(events=[opened_with(assignee=strict)]), **values) == "column who is blank"
    update = {
        "type": "TicketUpdated",
        "fields": {"ticket_id": "no", "assignee": {"column": "who", "blank": "null"}},
    }
    assert only_event(mapping(events=[update])) == TicketUpdated(ticket_id="T1", assignee=None)


def test_numbers_flags_and_attributes_are_converted() -> None:
    """Cells are text; fields are not always, and attributes always are."""
    survey = {"type": "SurveyAnswered", "fields": {"ticket_id": "no", "score": "stars"}}
    assert only_event(mapping(events=[survey]), stars="4").score == 4
    assert only_event(mapping(events=[survey]), stars=5).score == 5
    assert "$.score" in rejection(mapping(events=[survey]), stars="6")
    event = only_event(mapping(events=[opened_with(**{"attributes.floor": "floor"})]), floor=7)
    assert event.attributes == {"floor": "7"}
    headers = opened_with(**{"mail_headers.Auto-Submitted": "auto"})
    assert only_event(mapping(events=[headers]), auto="auto-replied").mail_headers == {
        "Auto-Submitted": "auto-replied"
    }


@pytest.mark.parametrize(
    ("how", "cell"),
    [
        ({"zone": "UTC"}, "2026-03-02T08:30"),
        ({}, "2026-03-02T09:30:00+01:00"),
        ({"zone": "Europe/Berlin"}, "2026-03-02 09:30"),
        ({"formats": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}, "02.03.2026 09:30"),
        ({"formats": ["iso", "epoch_s"]}, "1772440200"),
        ({"formats": "epoch_ms"}, 1772440200000),
        ({"zone": "UTC"}, datetime(2026, 3, 2, 8, 30)),  # noqa: DTZ001 - as Parquet may have it
    ],
)
def test_times_are_read_in_every_format_and_zone(how: dict[str, Any], cell: Any) -> None:
    """However the file writes it, it is the same moment."""
    found = mapping(time={"column": "ts", **how})
    (row,) = mapped(found, {"no": "T1", "ts": cell})
    assert row.events[0].time == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


def test_a_time_that_cannot_be_known_rejects_the_row() -> None:
    """Neither a zone nor a time is ever guessed."""
    assert "no offset from UTC" in rejection(mapping(time={"column": "ts"}), ts="2026-03-02T08:30")
    assert "is no time of the form iso" in rejection(mapping(time={"column": "ts"}), ts="yesterday")
    assert "blank" in rejection(mapping(time={"column": "ts"}), ts="")


def test_rows_without_any_event_are_rejected_or_skipped() -> None:
    """The mapping says whether a row may mean nothing."""
    never = {**OPENED, "when": {"column": "kind", "equals": "request"}}
    assert rejection(mapping(events=[never]), kind="order") == NO_RULE
    (row,) = mapped(mapping(events=[never], unmatched="skip"), {"no": "T1", "kind": "order"})
    assert (row.events, row.rejected) == ((), None)


def test_a_rejected_row_leaves_no_trace_in_its_ticket() -> None:
    """The row after a rejected first row is the ticket's first."""
    first = {**opened_with(priority={"column": "p", "values": {"1": "low"}}), "when": {"first": True}}
    rows = mapped(mapping(events=[first], key="no", unmatched="skip"), *({"no": "T1", "p": p} for p in "911"))
    assert [len(row.events) for row in rows] == [0, 1, 0]


COMPARING = mapping(
    events=[
        {**OPENED, "when": {"first": True}},
        {
            "type": "TicketUpdated",
            "when": {"changed": ["a", "b"]},
            "fields": {"ticket_id": "no", "team": {"column": "a", "changed_only": True}},
        },
    ],
    key="no",
    unmatched="skip",
)
cells = st.dictionaries(st.sampled_from(["no", "a", "b"]), st.text("xyz", max_size=2))


@given(st.lists(cells, max_size=8))
def test_equal_files_give_equal_events_with_ids_of_their_own(rows: list[dict[str, str]]) -> None:
    """Mapping is a function of the file, and no two events of it share an id."""
    once = mapped(COMPARING, *rows)
    assert once == mapped(COMPARING, *rows)
    ids = [event.id for row in once for event in row.events]
    assert len(ids) == len(set(ids))
    assert all(row.rejected or len(row.events) <= 1 for row in once)


_AWKWARD = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=5), st.datetimes(),
        st.dates(), st.timedeltas(), st.binary(max_size=3), st.decimals(),
        st.sampled_from(["0001-01-01", "9999-12-31 23:59", "1e12", "-1", "\ud800", "doc", "a;b;c", "2026-01-01"]),
    ),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["type", "content", "attrs", "\ud800"]), inner, max_size=3)
    | st.fixed_dictionaries({"type": st.just("doc"), "content": st.lists(inner, max_size=2)}),
    max_leaves=5,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["no", "at", "via", "waited", "body", "list", "parts"]), _AWKWARD))
def test_no_cell_ends_a_replay(cells: dict[str, Any]) -> None:
    """What is wrong with a row rejects it: an exception would stop every run at this row again."""
    found = mapping(
        time={"column": "at", "formats": ["iso", "epoch_s", "excel"], "zone": "America/New_York"},
        parts={"parts": {"separator": ";", "names": ["at", "text"]}},
        events=[
            opened_with(
                channel={"column": "via", "otherwise": "keep"}, text="body",
                subject={"column": "list", "join": ","}, **{"attributes.list": "list"},
            ),
            {
                "type": "TicketClosed", "fields": {"ticket_id": "no"},
                "time": {"column": "waited", "after": "at", "unit": "days"},
            },
            {
                "type": "MessageAdded", "time": {"column": "parts[].at", "formats": "iso"},
                "fields": {"ticket_id": "no", "author": {"constant": "agent"}, "author_id": {"constant": "a"},
                           "text": "parts[].text"},
            },
        ],
    )  # fmt: skip
    (row,) = mapped(found, {"no": "T1", "at": "2026-11-01", "via": "email", **cells})
    assert row.events or row.rejected
