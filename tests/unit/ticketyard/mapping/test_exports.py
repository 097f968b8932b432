"""What rows of help desks' exports become: several events a row, lists, nested values, codes, blanks."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.records.events import MessageAdded, TicketOpened, TicketResolved
from schemas.vocabulary import Author, Priority
from ticketyard.mapping import MappedRow, Mapper, Mapping, MappingError, parse_mapping
from ticketyard.reading import Row

NOW = datetime(2026, 12, 1, tzinfo=UTC)
OPENED = """
source: /x
time: {column: created, zone: UTC}
id: "x:{no}:{event}"
events:
  - type: TicketOpened
    fields: {ticket_id: {template: "T-{no}"}, customer_id: {constant: c}, channel: {constant: email}%s}
"""


def mapping(text: str) -> Mapping:
    return parse_mapping(text.encode(), source="m.yaml")


def opened(more: str = "", after: str = "") -> Mapping:
    return mapping(OPENED % (f", {more}" if more else "") + after)


def mapped(found: Mapping, *rows: dict[str, Any]) -> list[MappedRow]:
    mapper = Mapper(found, file_name="f.csv", file_sum="abcdef0123456789", now=NOW)
    return [mapper.map(Row(n, {"created": "2026-11-08T10:00", **row})) for n, row in enumerate(rows, start=1)]


def only(found: Mapping, **row: Any) -> Any:
    (result,) = mapped(found, {"no": "1", **row})
    assert result.rejected is None
    return result.events[0].event


def rejection(found: Mapping, **row: Any) -> str:
    (result,) = mapped(found, {"no": "1", **row})
    assert result.events == ()
    return str(result.rejected)


RESOLVED = """
  - type: TicketResolved
    time: {column: solved}
    when: {column: status, equals: solved}
    fields: {ticket_id: {template: "T-{no}"}}
"""
FIRST_REPLY = """
  - type: MessageAdded
    time: {column: replied}
    fields: {ticket_id: {template: "T-{no}"}, author: {constant: agent}, author_id: {constant: a}}
"""


class TestSeveralEventsOfARow:
    """A help desk exports one row a ticket, and its life stands in it side by side."""

    def test_each_has_its_own_time_and_they_come_in_order(self) -> None:
        """The resolution carried the time of the opening, so every ticket was solved in no time."""
        (row,) = mapped(
            opened(after=RESOLVED + FIRST_REPLY),
            {"no": "1", "status": "solved", "solved": "2026-11-09T09:00", "replied": "2026-11-08T10:30"},
        )
        assert [(type(one.event).__name__, one.time) for one in row.events] == [
            ("TicketOpened", datetime(2026, 11, 8, 10, tzinfo=UTC)),
            ("MessageAdded", datetime(2026, 11, 8, 10, 30, tzinfo=UTC)),
            ("TicketResolved", datetime(2026, 11, 9, 9, tzinfo=UTC)),
        ]

    def test_a_ticket_is_opened_before_all_that_happens_to_it(self) -> None:
        """A resolution cut to its minute lies before an opening in seconds."""
        (row,) = mapped(opened(after=RESOLVED), {"no": "1", "status": "solved", "solved": "2026-11-08T09:59"})
        assert [type(one.event) for one in row.events] == [TicketOpened, TicketResolved]

    def test_without_its_time_an_event_did_not_happen_or_rejects_its_row(self) -> None:
        """A blank cell says so; but a ticket that is solved at no time is broken, unless the mapping takes it."""
        (row,) = mapped(opened(after=FIRST_REPLY), {"no": "1", "replied": ""})
        assert [type(one.event) for one in row.events] == [TicketOpened]
        strict = opened(after=RESOLVED)
        assert "column solved is blank, so it is unknown when TicketResolved happened" in rejection(
            strict, status="solved", solved=""
        )
        lenient = opened(after=RESOLVED.replace("{column: solved}", "{column: solved, blank: skip}"))
        (row,) = mapped(lenient, {"no": "1", "status": "solved"})
        assert [type(one.event) for one in row.events] == [TicketOpened]

    @pytest.mark.parametrize(
        ("cell", "unit", "minute"),
        [("90", "minutes", 90), (1.5, "hours", 90), ("1:30", "minutes", 90), ("0:00:60", "days", 1)],
    )
    def test_a_time_may_be_so_long_after_another(self, cell: Any, unit: str, minute: int) -> None:
        """Zendesk and others tell the first reply in minutes after the opening."""
        own = f"{{column: waited, after: created, unit: {unit}}}"
        found = opened(after=FIRST_REPLY.replace("{column: replied}", own))
        (row,) = mapped(found, {"no": "1", "waited": cell})
        assert row.events[1].time == datetime(2026, 11, 8, 10, tzinfo=UTC) + timedelta(minutes=minute)
        assert len(mapped(found, {"no": "1", "waited": ""})[0].events) == 1
        assert f"column waited: 'long' is no number of {unit}" in rejection(found, waited="long")
        assert "before it began" in rejection(found, waited="-1")
        # The sum lay outside of what is tried, so one such cell ended the replay.
        ages = {"minutes": "1e12", "hours": "1e10", "days": "999999999"}[unit]
        assert "is no time that a calendar has" in rejection(found, waited=ages)
        with pytest.raises(MappingError, match="belong together"):
            opened(after=FIRST_REPLY.replace("{column: replied}", "{column: waited, unit: hours}"))

    def test_two_rules_of_a_type_have_ids_of_their_own(self) -> None:
        """Of equal ids the first counts, so the second rule's events would be nothing."""
        (row,) = mapped(opened(after=FIRST_REPLY + FIRST_REPLY), {"no": "1", "replied": "2026-11-08T11:00"})
        assert [one.id for one in row.events] == [
            "x:1:TicketOpened",
            "x:1:MessageAdded",
            "x:1:MessageAdded-2",
        ]


COMMENTS = """
  - type: MessageAdded
    time: {column: "comments[].at"}
    when: {column: "comments[].by", same_as: requester}
    fields:
      ticket_id: {template: "T-{no}"}
      author: {constant: customer}
      author_id: comments[].by
      text: comments[].body
  - type: MessageAdded
    time: {column: "comments[].at"}
    when: {column: "comments[].by", not_same_as: requester}
    fields:
      ticket_id: {template: "T-{no}"}
      author: {constant: agent}
      author_id: comments[].by
      text: comments[].body
      public: comments[].public
"""


class TestLists:
    """Comments, labels and whatever else stands several times."""

    def test_each_comment_is_a_message(self) -> None:
        """Comments of both sides come in the order in which they were written."""
        comments = [
            {"at": "2026-11-08T12:00", "by": "dana", "body": "and now?", "public": False},
            {"at": "2026-11-08T11:00", "by": "ivo", "body": "still broken", "public": True},
        ]
        (row,) = mapped(opened(after=COMMENTS), {"no": "1", "requester": "ivo", "comments": comments})
        assert [one.event for one in row.events[1:]] == [
            MessageAdded(ticket_id="T-1", author=Author.CUSTOMER, author_id="ivo", text="still broken"),
            MessageAdded(
                ticket_id="T-1", author=Author.AGENT, author_id="dana", text="and now?", public=False
            ),
        ]
        assert [one.id for one in row.events[1:]] == ["x:1:MessageAdded:2", "x:1:MessageAdded-2:1"]

    def test_one_comment_may_stand_without_its_list_and_none_gives_none(self) -> None:
        """Tools that turn XML into JSON write one item as itself."""
        one = {"at": "2026-11-08T11:00", "by": "ivo", "body": "hi"}
        lists: tuple[Any, ...] = (one, [], None)
        rows = [{"no": "1", "requester": "ivo", "comments": comments} for comments in lists]
        found = mapped(opened(after=COMMENTS), *rows)
        assert [len(row.events) for row in found] == [2, 1, 1]

    def test_cells_of_several_values_are_taken_apart(self) -> None:
        """Jira's comments are time;author;text, and the text may hold semicolons."""
        after = COMMENTS.replace("public: comments[].public", "") + (
            "parts:\n  comments: {separator: ';', names: [at, by, body]}\n"
        )
        row = {"no": "1", "requester": "ivo", "comments": ["2026-11-08 11:00;dana;try tray 2; it is newer"]}
        (result,) = mapped(opened(after=after), row)
        assert result.events[1].event.text == "try tray 2; it is newer"  # type: ignore[attr-defined]

    def test_a_comment_that_cannot_be_taken_apart_costs_itself(self) -> None:
        """One of them rejected the whole issue with its opening, its resolution and all other comments.

        The comments behind it keep their ids, so that the file, mended, repeats none.
        """
        after = COMMENTS.replace("public: comments[].public", "") + (
            "parts:\n  comments: {separator: ';', names: [at, by, body]}\n"
        )
        good = "2026-11-08 11:00;dana;try tray 2"
        (result,) = mapped(
            opened(after=after), {"no": "1", "requester": "ivo", "comments": ["no parts", good]}
        )
        assert [one.id for one in result.events] == ["x:1:TicketOpened", "x:1:MessageAdded-2:2"]
        assert "column comments: 'no parts' is not at;by;body" in str(result.rejected)

    def test_a_blank_item_hides_none_behind_it(self) -> None:
        """The items were counted without the blank ones and taken from the list with them, so the last were lost."""
        comment = {"at": "2026-11-08T11:00", "by": "ivo", "body": "hi"}
        (row,) = mapped(
            opened(after=COMMENTS), {"no": "1", "requester": "ivo", "comments": [None, {}, comment]}
        )
        assert [one.id for one in row.events[1:]] == ["x:1:MessageAdded:3"]

    def test_a_list_is_json_as_an_attribute_and_never_silently_a_text(self) -> None:
        """SQL could not read ['a', 'b'] as Python writes it; and of three comments only the last was sent."""
        event = only(
            opened("attributes.tags: tags, attributes.raw: raw"), tags=["a", "b"], raw={"x": [1, None]}
        )
        assert event.attributes == {"tags": '["a","b"]', "raw": '{"x":[1,null]}'}
        assert only(opened("text: body"), body=["alone"]).text == "alone"
        assert "column body is a list of 2; name an item as body[0]" in rejection(
            opened("text: body"), body=["a", "b"]
        )
        assert only(opened("text: {column: body, join: ' / '}"), body=["a", "b"]).text == "a / b"
        said = rejection(opened("text: body"), body={"raw": "x"})
        assert said == "column body is an object; name what is in it: body.raw"

    def test_one_event_goes_through_one_list_and_an_opening_through_none(self) -> None:
        """Said when the mapping is read."""
        with pytest.raises(
            MappingError, match=r"TicketOpened happens once a row, so name one item as body\[0\]"
        ):
            opened("text: 'body[].x'")
        with pytest.raises(MappingError, match="through one list, not through a and b"):
            opened(after=FIRST_REPLY.replace("{constant: a}", "'a[].x', text: 'b[].y'"))


class TestValues:
    """What a cell is, whatever its file made of it."""

    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            (88213.0, "T-88213"), (9007199254740993, "T-9007199254740993"), (True, "T-true"), (1.5, "T-1.5"),
            (datetime(2026, 11, 8, 10, tzinfo=UTC), "T-2026-11-08T10:00:00+00:00"), (" 7 ", "T-7"),
        ],
    )  # fmt: skip
    def test_a_whole_number_is_the_integer_that_it_was(self, cell: Any, text: str) -> None:
        """One missing id makes a column of floats, and ticket 88213 became 88213.0."""
        assert only(opened(), no=cell).ticket_id == text

    @pytest.mark.parametrize("cell", [math.nan, "NaN", "NaT", "#N/A", "", "  ", None, [], {}])
    def test_what_means_nothing_is_blank(self, cell: Any) -> None:
        """A thousand tickets of the customer `nan` are no customer's."""
        assert "column no is blank, and the event's id needs it" in rejection(opened(), no=cell)
        assert (
            only(opened("assignee: {column: who, blank: default, default: unknown}"), who=cell).assignee
            == "unknown"
        )

    def test_a_mapping_says_what_else_is_blank(self) -> None:
        """Systems write a dash or a question mark into empty cells."""
        assert only(opened("team: group", "blanks: ['-', '?']\n"), group="-").team is None

    def test_a_field_may_fall_back_on_other_columns_and_take_the_first_of_a_text(self) -> None:
        """Without a contact's id all tickets were the customer `unknown`, and with two ids that of `901;902`."""
        found = opened(
            "assignee: {column: who, fallback: [mail, name], until: ';', blank: default, default: nobody}"
        )
        assert only(found, who="901;902", mail="a@x.example").assignee == "901"
        assert only(found, who=" ", mail="a@x.example", name="Jo").assignee == "a@x.example"
        assert only(found, name="Jo ; Bo").assignee == "Jo"
        assert only(found, who=";901").assignee == only(found).assignee == "nobody"
        with pytest.raises(MappingError, match="fallback and until need a column"):
            opened("assignee: {constant: x, until: ';'}")
        with pytest.raises(MappingError, match="so it has no fallback"):
            opened("assignee: {column: a, fallback: b, changed_only: true}")

    def test_a_blank_part_of_a_template_rejects_the_row(self) -> None:
        """Rows without an id all became the ticket `T-`, whose life was that of strangers."""
        found = mapping((OPENED % ", subject: {template: '{a} of {b}'}").replace("x:{no}", "x:{row}"))
        assert 'column a is blank, and subject needs it: "{a} of {b}"' in rejection(found, a="", b="x")
        lenient = opened("subject: {template: '{a} of {b}', blank: skip}")
        assert only(lenient, a="", b="x").subject == ""

    def test_a_needed_field_that_is_left_out_names_its_column(self) -> None:
        """Not `Object missing required field`, which is in no file."""
        found = mapping(
            (OPENED % "").replace(
                "{constant: email}", "{column: via, values: {Mail: email}, otherwise: skip}"
            )
        )
        assert rejection(found, via="API") == "column via: 'API' is skipped, and TicketOpened needs channel"
        assert rejection(found, via="") == "column via is blank, and TicketOpened needs channel"


class TestMappingsAsPeopleWriteThem:
    """YAML reads codes as numbers and no as false; a mapping means what stands there."""

    def test_codes_and_yes_or_no_are_texts(self) -> None:
        """`values: {1: low}` was refused with four lines about a valid string, and `equals: No` too."""
        found = opened(
            "priority: {column: prio, values: {1: low, 2: medium, 010: high}}, product: {constant: 1.10}"
        )
        assert only(found, prio=1).priority is Priority.LOW
        assert only(found, prio="2").priority is Priority.MEDIUM
        assert only(found, prio="010").priority is Priority.HIGH
        assert only(found).product == "1.10"
        for word, spam in (("No", ["No", "Yes"]), ("false", [False, True])):
            found = opened(after=f"    when: {{column: spam, equals: {word}}}\nunmatched: skip\n")
            rows = mapped(found, *({"no": "1", "spam": cell} for cell in spam))
            assert [len(row.events) for row in rows] == [1, 0]

    def test_yes_and_no_are_flags_where_a_field_is_one(self) -> None:
        """`public: no` hides a note, whatever word a file has for it."""
        note = FIRST_REPLY.replace("{constant: a}}", "{constant: a}, public: visible}")
        for cell, public in (("Yes", True), ("no", False), (False, False), ("true", True)):
            (row,) = mapped(opened(after=note), {"no": "1", "replied": "2026-11-08T11:00", "visible": cell})
            assert row.events[1].event.public is public  # type: ignore[attr-defined]

    def test_a_constant_that_cannot_be_is_said_before_the_first_row(self) -> None:
        """Otherwise each of a million rows is rejected for it."""
        with pytest.raises(MappingError, match="channel cannot be 'mail'"):
            mapping((OPENED % "").replace("{constant: email}", "{constant: mail}"))

    def test_names_that_no_row_has_are_known_at_the_end(self) -> None:
        """A misspelled column of JSON lines was blank in every row, and nobody said so."""
        mapper = Mapper(opened("priority: priorty"), file_name="f", file_sum="0" * 12, now=NOW)
        for number in (1, 2):
            mapper.map(Row(number, {"no": number, "created": "2026-11-08T10:00", "priority": "high"}))
        assert mapper.unseen == {"priorty"}

    def test_columns_of_the_heading_are_there_whatever_becomes_of_the_rows(self) -> None:
        """Where every row was rejected, all columns were said to be in no row."""
        for columns in ((), ("no", "created")):
            mapper = Mapper(
                opened("text: body"), file_name="f", file_sum="0" * 12, now=NOW, columns=[*columns, "body"]
            )
            mapper.map(Row(1, {}, "line 2: 1 cells under 3 columns"))
            assert mapper.unseen == set()
            mapper.map(Row(2, {"no": "1"}))
            assert mapper.unseen == {"created"} - set(columns)
