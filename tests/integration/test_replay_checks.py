"""`ticketyard replay FILE --check` and `--suggest`: what they say of a file, without any Kafka."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli.tickets.replay import command
from ticketyard.mapping import MappingError, parse_mapping
from ticketyard.reading import ReadingOptions, Row, UnreadableFile
from ticketyard.replaying import CheckReport, ReplayRequest, check_file
from ticketyard.replaying.progress import RejectsFile
from ticketyard.suggesting import suggest_mapping

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MAPPING = """
time: {column: at, zone: UTC}
id: "x:{no}:{event}"
optional: [floor]
events:
  - type: TicketOpened
    fields:
      ticket_id: no
      customer_id: {constant: c}
      channel: {column: via, values: {Mail: email, Web: web_form}}
      text: body
      attributes.floor: floor
  - type: TicketResolved
    time: {column: done}
    fields: {ticket_id: no}
"""
HEADING = "no,at,via,body,done,colour\n"


def check(folder: Path, text: str, *, name: str = "f.csv", mapping: str = MAPPING) -> CheckReport:
    (folder / name).write_text(text, encoding="utf-8")
    (folder / "m.yaml").write_text(mapping, encoding="utf-8")
    return check_file(ReplayRequest(file=folder / name, mapping=folder / "m.yaml"), now=NOW)


def cli(*arguments: str | Path, env: dict[str, str] | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(command, [str(one) for one in arguments], standalone_mode=False, env=env)
    if result.exception:
        raise result.exception
    return result.return_value, result.output


def test_a_good_file_says_what_would_be_published(tmp_path: Path) -> None:
    """By type, with examples of each, and which columns the mapping leaves alone."""
    rows = "".join(f"T{n},2026-11-08T1{n}:00,Mail,hello {n},2026-11-09T10:00,red\n" for n in range(3))
    found = check(tmp_path, HEADING + rows)
    assert (found.rows, found.published_rows, found.events, found.exit_code) == (
        3, 3, {"TicketOpened": 3, "TicketResolved": 3}, 0,
    )  # fmt: skip
    assert [event.id for event in found.examples] == [
        "x:T0:TicketOpened",
        "x:T0:TicketResolved",
        "x:T1:TicketOpened",
    ]
    assert (found.unused, found.unseen) == (["colour"], [])


def test_each_problem_stands_once_with_its_count_and_first_row(tmp_path: Path) -> None:
    """A mapping was mended by replaying, reading a file of a thousand rejects, and replaying again."""
    rows = [
        f"T{n},2026-11-08T10:00,{via},x,,\n" for n, via in enumerate(["Mail", "Fax", "Fax", "Telex", "Web"])
    ]
    found = check(
        tmp_path, HEADING + "".join(rows) + 'T8,2026-11-08T10:00,Mail,"open\n' + "T9,1971-01-01,Web,x,,\n"
    )
    assert [(problem.count, problem.first_row, problem.first_line) for problem in found.problems] == [
        (3, 2, 3), (1, 6, 7), (1, 7, 8),
    ]  # fmt: skip
    table, quote, time = (problem.messages for problem in found.problems)
    assert [message.partition(" is ")[0] for message in table] == ["column via: 'Fax'", "column via: 'Telex'"]
    assert quote == ["a quote opens cell 4 and is never closed"]
    assert "which is before 1990" in time[0]
    assert (found.rejected, found.published_rows, found.exit_code) == (5, 2, 3)


def test_a_part_that_is_rejected_leaves_the_rest_of_its_row(tmp_path: Path) -> None:
    """The row is counted on both sides, and the check does not end well."""
    mapping = MAPPING + (
        "  - type: MessageAdded\n    time: {column: 'colour[].at'}\n"
        "    fields: {ticket_id: no, author: {constant: agent}, author_id: {constant: a}, text: 'colour[].text'}\n"
        "parts:\n  colour: {separator: ';', names: [at, text]}\n"
    )
    found = check(tmp_path, HEADING + "T1,2026-11-08T10:00,Mail,x,,red\n", mapping=mapping)
    assert (found.published_rows, found.events, found.rejected, found.exit_code) == (
        1, {"TicketOpened": 1}, 1, 3,
    )  # fmt: skip
    assert "'red' is not at;text" in found.problems[0].messages[0]


def test_names_that_no_row_has_are_told(tmp_path: Path) -> None:
    """Of a file with a heading at once, of JSON at its end; what is optional may lack."""
    with pytest.raises(
        MappingError, match=r"no column 'via' \(did you mean 'vai'\?\); it has no, at, vai, body"
    ):
        check(tmp_path, "no,at,vai,body,done\n")
    line = {"no": "T1", "at": "2026-11-08T10:00", "via": "Mail", "body": "x"}
    found = check(tmp_path, json.dumps(line) + "\n", name="f.jsonl")
    assert (found.unseen, found.exit_code) == (["done"], 3)


def test_ids_that_stand_twice_are_told(tmp_path: Path) -> None:
    """Of equal ids only the first counts, so the second row of each ticket would be nothing."""
    found = check(tmp_path, HEADING + "T1,2026-11-08T10:00,Mail,x,,\nT1,2026-11-08T11:00,Mail,y,,\n")
    assert (found.repeated_ids, found.first_repeated_id, found.exit_code) == (1, "x:T1:TicketOpened", 3)


def test_the_command_needs_no_kafka_and_ends_with_3_where_something_is_wrong(tmp_path: Path) -> None:
    """It prints the counts, the problems and what to do."""
    nowhere = {
        "TICKETYARD_BOOTSTRAP_SERVERS": "nowhere.invalid:9092",
        "TICKETYARD_HOME": str(tmp_path / "home"),
    }
    (tmp_path / "m.yaml").write_text(MAPPING)
    file = tmp_path / "f.csv"
    file.write_text(HEADING + "T1,2026-11-08T10:00,Mail,x,,red\n")
    code, said = cli(file, "--mapping", tmp_path / "m.yaml", "--check", env=nowhere)
    assert code == 0
    assert "1 rows; 1 would be published as 1 events" in said
    assert "never used by the mapping: colour" in said
    file.write_text(HEADING + "T1,2026-11-08T10:00,Fax,x,,red\n")
    code, said = cli(file, "--mapping", tmp_path / "m.yaml", "--check", env=nowhere)
    assert code == 3
    assert "1 times: column via: 'Fax' is not among the mapping's values" in said
    assert "(first: row 1, line 2)" in said
    assert not (tmp_path / "home").exists()


def test_a_mapping_is_named_and_a_wrong_name_says_which_there_are(tmp_path: Path) -> None:
    """A newcomer need not know where the package lies."""
    file = tmp_path / "f.csv"
    file.write_text("a\n1\n")
    with pytest.raises(Exception, match="no ready mapping of that name: freshdesk_csv, hubspot_csv"):
        cli(file, "--mapping", "zendsk", "--check")
    with pytest.raises(Exception, match="--suggest prints a draft"):
        cli(file)


def test_rejected_cells_of_any_bytes_can_be_written(tmp_path: Path) -> None:
    """Under a heading that stands twice a cell is a list, and bytes of no UTF-8 in it ended the replay."""
    path = tmp_path / "rejects.jsonl"
    with RejectsFile(path, keep_bytes=0) as rejects:
        rejects.add(Row(1, {"a": ["\udcff", "x"], "b": {"\ud800": 1}}), "why")
    expected = {"row": 1, "reason": "why", "raw": {"a": ["\ufffd", "x"], "b": {"\ufffd": 1}}}
    assert json.loads(path.read_text(encoding="utf-8")) == expected


class TestSuggestions:
    """A draft from headings and values."""

    def draft(self, folder: Path, text: str, name: str = "f.csv") -> str:
        path = folder / name
        path.write_bytes(text.encode())
        return suggest_mapping(path, ReadingOptions(), now=NOW)

    def test_a_draft_is_a_mapping_that_fits_its_file(self, tmp_path: Path) -> None:
        """Where nothing is in doubt it can be used as it stands."""
        rows = (
            "T1,a@x.example,Printer,It jams,High,Closed,Email,2026-11-08T10:00Z,2026-11-08T12:00Z,2026-11-09T12:00Z,5\n"
            'T2,bo@x.example,VPN,"It drops",Low,New,Chat,2026-11-08T11:00:00Z,,,\n'
        )
        heading = "Ticket ID;Email;Subject;Description;Priority;Status;Source;Created at;Resolved at;Closed at;Rating\n"
        text = heading + rows.replace(",", ";")
        found = self.draft(tmp_path, text)
        assert "CHECK" not in found.partition("\nsource")[2]
        assert "file: {separator: semicolon}" in found
        report = check(tmp_path, text, mapping=found)
        assert report.exit_code == 0
        assert report.events == {
            "TicketOpened": 2,
            "TicketResolved": 1,
            "TicketClosed": 1,
            "SurveyAnswered": 1,
        }

    def test_a_format_that_may_be_two_is_named_and_not_chosen(self, tmp_path: Path) -> None:
        """03/04 is in March or in April; only whoever exported it knows."""
        rows = "1,03/04/2026 10:00\n2,05/06/2026 11:00\n"
        found = self.draft(tmp_path, "Id,Created at\n" + rows)
        assert "'Created at' is AMBIGUOUS" in found
        assert '"%d/%m/%Y %H:%M" or "%m/%d/%Y %H:%M"' in found
        assert "time: {column: Created at}" in found
        clear = self.draft(tmp_path, "Id,Created at\n" + rows + "3,25/06/2026 11:00\n")
        assert "AMBIGUOUS" not in clear
        assert 'time: {column: Created at, formats: "%d/%m/%Y %H:%M"}' in clear

    def test_a_missing_zone_and_unknown_words_are_asked_for(self, tmp_path: Path) -> None:
        """They are left out, so that the rows are rejected and nothing is guessed."""
        text = "Id,Created at,Channel,Status\n1,2026-11-08 10:00,Mail,Erledigt\n2,2026-11-08 11:00,Brieftaube,Ruht\n"
        found = self.draft(tmp_path, text)
        assert "'Created at' names no zone" in found
        assert (
            "add what these of 'Channel' are (email, web_form, phone, chat, social_media): Brieftaube"
            in found
        )
        assert "these of 'Status' are not known, and neither resolve nor close: Ruht" in found
        parse_mapping(found.encode(), source="draft")

    def test_an_end_without_a_time_stays_a_comment(self, tmp_path: Path) -> None:
        """It would have been solved in the moment in which it was opened."""
        found = self.draft(tmp_path, "Id,Created at,Status\n1,2026-11-08T10:00:00Z,Solved\n")
        assert "# - type: TicketResolved" in found
        assert len(parse_mapping(found.encode(), source="draft").events) == 1

    def test_a_draft_says_of_how_many_rows_it_was_made(self, tmp_path: Path) -> None:
        """A status that first stood in row 5,001 was in no list, no ticket was resolved, and nothing was wrong."""
        row = "1,2026-11-08T10:00:00Z,New\n"
        heading = "Id,Created at,Status\n"
        found = self.draft(tmp_path, heading + row * 5_000 + row.replace("New", "Solved"))
        assert "made of its headings and the first 5,000 rows" in found
        assert "# CHECK: a word that occurs only behind row 5,000" in found
        whole = self.draft(tmp_path, heading + row * 5_000)
        assert "made of its headings and all 5,000 rows" in whole
        assert "occurs only behind" not in whole

    def test_what_cannot_be_read_is_said_with_its_cause(self, tmp_path: Path) -> None:
        """Of a file of Windows the draft lacked rows, or there was none, and nothing said that it is no UTF-8."""
        path = tmp_path / "f.csv"
        path.write_bytes("Id,Subject\n1,für\n".encode("windows-1252"))
        with pytest.raises(
            UnreadableFile, match=r"line 2: column Subject is not UTF-8; .* --encoding windows-1252"
        ):
            suggest_mapping(path, ReadingOptions(), now=NOW)
        path.write_bytes("Id,Subject\n1,für\n2,plain\n".encode("windows-1252"))
        said = suggest_mapping(path, ReadingOptions(), now=NOW)
        assert "# CHECK: 1 of these rows could not be read" in said
        assert "try --encoding windows-1252" in said
        path.write_bytes(b"Id,Subject\n")
        with pytest.raises(UnreadableFile, match="has no row that can be read, for it has none"):
            suggest_mapping(path, ReadingOptions(), now=NOW)

    def test_headings_of_any_characters_give_a_mapping(self, tmp_path: Path) -> None:
        """A heading over two lines ended the comment that named it, and the draft was no YAML."""
        text = 'Id,"Created at","Sub\nject","a\nb: [x","Stat\x00us"\n1,2026-11-08T10:00:00Z,x,y,Solved\n'
        found = self.draft(tmp_path, text)
        assert len(parse_mapping(found.encode(), source="draft").events) == 1

    def test_nested_values_are_named_by_their_paths(self, tmp_path: Path) -> None:
        """The API of Jira, say."""
        issue = {
            "key": "A-1",
            "fields": {"summary": "S", "created": "2026-11-08T10:00:00.000+0100", "labels": ["a"]},
        }
        found = self.draft(tmp_path, json.dumps([issue]), "f.json")
        assert "ticket_id: key" in found
        assert "subject: fields.summary" in found
        assert "time: {column: fields.created, formats: iso}" in found
