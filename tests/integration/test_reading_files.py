"""Files as people export them: encodings, separators, line ends, arrays, workbooks."""

import gzip
import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ticketyard.reading import ReadingOptions, RowFile, UnreadableFile

TEXT = '"Id","Text"\r\n"1","für Søren; 5 €"\r\n"2","a\r\nb"\r\n'
ROWS = [{"Id": "1", "Text": "für Søren; 5 €"}, {"Id": "2", "Text": "a\r\nb"}]


def write(folder: Path, data: bytes | str, name: str = "f.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(data.encode(encoding) if isinstance(data, str) else data)
    return path


def rows(path: Path, **options: Any) -> list[dict[str, Any]]:
    with RowFile.open(path, ReadingOptions(**options)) as file:
        return [row.values for row in file if row.problem is None]


def notes(path: Path, **options: Any) -> str:
    with RowFile.open(path, ReadingOptions(**options)) as file:
        return "; ".join(file.facts.notes)


class TestEncodings:
    """What is not UTF-8 is said, and never guessed silently."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_a_byte_order_mark_says_what_follows(self, tmp_path: Path, encoding: str) -> None:
        """The mark before a quoted heading made its column unknown, and UTF-16 ended in a traceback."""
        path = write(tmp_path, TEXT, encoding=encoding)
        assert rows(path) == ROWS
        assert ("byte order mark" in notes(path)) == (encoding in {"utf-16", "utf-32"})
        packed = write(tmp_path, gzip.compress(path.read_bytes()), "f.csv.gz")
        assert rows(packed) == ROWS

    def test_utf_16_without_its_mark_must_be_named(self, tmp_path: Path) -> None:
        """Read as UTF-8 it is one heading full of zeros."""
        path = write(tmp_path, TEXT, encoding="utf-16-le")
        with pytest.raises(UnreadableFile, match="say --encoding utf-16-le"):
            rows(path)
        assert rows(path, encoding="utf-16-le") == ROWS
        big = write(tmp_path, TEXT, "big.csv", encoding="utf-16-be")
        with pytest.raises(UnreadableFile, match="say --encoding utf-16-be"):
            rows(big)

    def test_windows_1252_must_be_named(self, tmp_path: Path) -> None:
        """Its rows with other letters are put aside with the way out; those that are plain are the same in both."""
        path = write(tmp_path, TEXT, encoding="windows-1252")
        with RowFile.open(path) as file:
            first, second = file
        assert first.problem == (
            "line 2: column Text is not UTF-8; if Windows or Excel wrote the file, try --encoding windows-1252"
        )
        assert second.problem is None
        assert rows(path, encoding="windows-1252") == ROWS
        with pytest.raises(UnreadableFile, match="--encoding latin-17 is no encoding"):
            rows(path, encoding="latin-17")

    def test_a_codec_that_is_none_of_text_is_no_encoding(self, tmp_path: Path) -> None:
        """Python knows hex and base64 as codecs, and they ended in a traceback."""
        with pytest.raises(UnreadableFile, match="--encoding hex is no encoding"):
            rows(write(tmp_path, TEXT), encoding="hex")

    def test_a_file_that_is_no_text_says_what_it_is(self, tmp_path: Path) -> None:
        """Exports come packed, and sheets with the name of a text."""
        for data, said in ((b"PK\x03\x04rest", "ZIP archive"), (b"\xd0\xcf\x11\xe0rest", "old Excel")):
            with pytest.raises(UnreadableFile, match=said):
                rows(write(tmp_path, data))
        for name in ("f.xls", "f.zip"):
            with pytest.raises(UnreadableFile, match=r"save it as|unpack it"):
                rows(write(tmp_path, b"", name))


class TestSeparatorsAndLines:
    """Half of Europe's spreadsheets write semicolons."""

    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    def test_what_separates_is_found_out_and_said(self, tmp_path: Path, mark: str) -> None:
        """Commas and semicolons inside of texts do not mislead."""
        text = f"Id{mark}Text{mark}When\n" + "".join(f'{n}{mark}"a, b; c|d\te"{mark}x\n' for n in range(5))
        path = write(tmp_path, text)
        assert rows(path)[4] == {"Id": "4", "Text": "a, b; c|d\te", "When": "x"}
        assert ("seem separated" in notes(path)) == (mark != ",")

    def test_the_line_of_excel_says_it_and_is_no_heading(self, tmp_path: Path) -> None:
        """`sep=;` was the only column of the file."""
        path = write(tmp_path, "sep=;\r\nId;Text\r\n1;a,b\r\n")
        assert rows(path) == [{"Id": "1", "Text": "a,b"}]

    def test_an_option_comes_first(self, tmp_path: Path) -> None:
        """By character or by word; anything else is refused."""
        path = write(tmp_path, "a;b|c\n1;2|3\n")
        assert rows(path, separator="|") == [{"a;b": "1;2", "c": "3"}]
        assert rows(path, separator="semicolon") == [{"a": "1", "b|c": "2|3"}]
        with pytest.raises(UnreadableFile, match="give one character, or comma, semicolon, tab, bar"):
            rows(path, separator="::")

    def test_one_column_needs_no_separator(self, tmp_path: Path) -> None:
        """A text with semicolons below one heading is one cell."""
        assert rows(write(tmp_path, "Document\nhello; you\n")) == [{"Document": "hello; you"}]

    def test_lines_that_end_with_cr_alone_are_read_and_said(self, tmp_path: Path) -> None:
        """Excel for the Mac wrote them for twenty years; a CR inside of a line is part of its text."""
        path = write(tmp_path, "Id,Text\r1,a\r2,b\r")
        assert rows(path) == [{"Id": "1", "Text": "a"}, {"Id": "2", "Text": "b"}]
        assert "end with CR alone" in notes(path)
        assert rows(write(tmp_path, "Id,Text\n1,a\rb\n")) == [{"Id": "1", "Text": "a\rb"}]

    def test_a_rejected_row_names_its_line(self, tmp_path: Path) -> None:
        """Texts go over lines, so a row's number finds nothing in an editor."""
        path = write(tmp_path, 'Id,Text\n1,"a\nb\nc"\n2,"open\n3,after\n')
        with RowFile.open(path) as file:
            found = [(row.number, row.line, row.problem) for row in file]
        assert found == [
            (1, 2, None), (2, 5, "line 5: a quote opens cell 2 and is never closed"), (3, 6, None),
        ]  # fmt: skip

    def test_headings_that_stand_several_times_are_lists(self, tmp_path: Path) -> None:
        """Jira repeats Comment as often as the longest ticket has comments; only the last was kept."""
        path = write(tmp_path, "Id,Labels,Labels,Labels\n1,a,,c\n2,,,\n")
        assert rows(path) == [{"Id": "1", "Labels": ["a", "c"]}, {"Id": "2", "Labels": []}]
        assert notes(path) == "headings that stand several times are lists: Labels (3)"


class TestJson:
    """Lines, arrays, and what APIs answer."""

    @pytest.mark.parametrize(
        "text",
        [
            '{"a": 1}\n\n{"a": 2}\n',
            '\ufeff{"a": 1}\n{"a": 2}',
            '[{"a": 1}, {"a": 2}]',
            '[\n {\n  "a": 1\n },\n {\n  "a": 2\n }\n]\n',
            '{\n "a": 1\n}\n{\n "a": 2\n}\n',
        ],
    )
    def test_objects_in_every_shape_are_rows(self, tmp_path: Path, text: str) -> None:
        """A pretty-printed array was one broken row a line."""
        assert rows(write(tmp_path, text, "f.json")) == [{"a": 1}, {"a": 2}]

    def test_an_array_inside_an_answer_is_named(self, tmp_path: Path) -> None:
        """An API's page holds its rows under a name, and several pages may follow one another."""
        path = write(tmp_path, '{"tickets": [{"a": 1}]}\n{"tickets": [{"a": 2}], "next": null}\n', "f.json")
        assert rows(path, rows="tickets") == [{"a": 1}, {"a": 2}]
        alone = write(tmp_path, '{"next": null, "tickets": [{"a": 1}]}', "alone.json")
        with RowFile.open(alone) as file:
            assert len(list(file)) == 1
            assert file.facts.notes == [
                "the whole file is one object; if its rows are in an array inside, say --rows tickets"
            ]
        with pytest.raises(UnreadableFile, match="there is no array issues"):
            rows(path, rows="issues")

    def test_a_long_array_is_read_piece_by_piece(self, tmp_path: Path) -> None:
        """Its rows come with their lines, and a mistake is told by its line."""
        items = [f'{{"n": {n}, "t": "x{{[\\"{n}"}}' for n in range(20_000)]
        path = write(tmp_path, "[" + ",\n".join(items) + "]", "f.json")
        with RowFile.open(path) as file:
            found = list(file)
        assert [row.values["n"] for row in found] == list(range(20_000))
        assert found[19_999].line == 20_000
        broken = write(tmp_path, "[" + ",\n".join([*items[:5000], '{"n": }']) + "]", "g.json")
        with pytest.raises(UnreadableFile, match="line 5001: not JSON"):
            rows(broken)
        with pytest.raises(UnreadableFile, match="ends inside its array"):
            rows(write(tmp_path, '[{"a": 1}', "h.json"))

    def test_numbers_keep_their_digits_and_nan_is_read(self, tmp_path: Path) -> None:
        """Ids have more digits than a float; pandas writes NaN, which is no JSON."""
        (one, two) = rows(write(tmp_path, '{"a": 9007199254740993}\n{"a": NaN}\n', "f.jsonl"))
        assert one == {"a": 9007199254740993}
        assert math.isnan(two["a"])

    def test_a_broken_line_costs_itself(self, tmp_path: Path) -> None:
        """It is told by its line."""
        path = write(tmp_path, b'{"a": 1}\n{"a": \n[1]\n{"a": "\xff"}\n{"a": 5}\n', "f.jsonl")
        with RowFile.open(path) as file:
            found = [(row.number, row.problem and row.problem.partition(":")[0]) for row in file]
        assert found == [(1, None), (2, "line 2"), (3, "line 3"), (4, "line 4"), (5, None)]

    @pytest.mark.parametrize(
        "text",
        [
            '{"Id": 1,\n"Text": "x"}\n{"Id": 2,\n"Text": "y"}\n',
            '{"Id": 1, "Text": "x"}{"Id": 2, "Text": "y"}',
            '{"Id": 1, "Text": "x"} {"Id": 2,\n "Text": "y"}',
        ],
    )
    def test_objects_one_after_another_may_begin_and_end_anywhere(self, tmp_path: Path, text: str) -> None:
        """Only a first line of a brace alone began an object of several lines; all others were broken rows."""
        assert rows(write(tmp_path, text, "f.json")) == [{"Id": 1, "Text": "x"}, {"Id": 2, "Text": "y"}]

    def test_an_array_inside_an_object_is_told_wherever_its_lines_end(self, tmp_path: Path) -> None:
        """`{"tickets": [` and a row a line gave as many broken rows, and nothing said --rows tickets."""
        path = write(tmp_path, '{"page": 1, "tickets": [\n{"Id": 1},\n{"Id": 2}\n]}\n', "f.json")
        with RowFile.open(path) as file:
            assert len(list(file)) == 1
            assert "say --rows tickets" in file.facts.notes[0]
        assert rows(path, rows="tickets") == [{"Id": 1}, {"Id": 2}]
        inner = write(tmp_path, '{"data": {"tickets": [{"Id": 1}]}}', "g.json")
        with RowFile.open(inner) as file:
            list(file)
            assert "say --rows data.tickets" in file.facts.notes[0]

    def test_a_first_line_that_is_broken_costs_itself(self, tmp_path: Path) -> None:
        """It may look like the beginning of an object of several lines, but the second line does not go on with it."""
        for first in ('{"Id": 1,', '{"Id": 1, "Text": "cut', "{", "hello"):
            path = write(tmp_path, first + '\n{"Id": 2}\n{"Id": 3}\n', "f.json")
            assert rows(path) == [{"Id": 2}, {"Id": 3}]

    @pytest.mark.parametrize("end", ['{"Id": 2, "Text": "ab', '{"Id": 2', '{"Id": tr', "", '{"Id": "\\u12'])
    def test_a_file_that_was_cut_off_says_so(self, tmp_path: Path, end: str) -> None:
        """A download that broke off was told as a mistake of JSON to mend by hand."""
        for text in ('[{"Id": 1},\n', '{"tickets": [\n{"Id": 1},\n'):
            with pytest.raises(UnreadableFile, match="it was cut off"):
                rows(write(tmp_path, text + end, "f.json"))
        with pytest.raises(UnreadableFile, match="line 2: not JSON: Expecting ',' delimiter"):
            rows(write(tmp_path, '[{"Id": 1},\n{"Id": 2 "x": 3},\n{"Id": 4}]', "f.json"))

    @pytest.mark.parametrize("levels", [101, 3_000, 20_000])
    def test_a_value_that_is_nested_too_deep_costs_itself(self, tmp_path: Path, levels: int) -> None:
        """It ended the whole run with a RecursionError, and the good rows behind it were lost."""
        deep = '{"a":' + "[" * levels + '"]"' + "]" * levels + "}"
        for text in (
            f'{{"Id": 1}}\n{deep}\n{{"Id": 2}}\n',
            f'[{{"Id": 1}},\n{deep},\n{{"Id": 2}}]',
            f'{deep}\n{{"Id": 1}}\n{{"Id": 2}}',
        ):
            path = write(tmp_path, text, "f.json")
            assert rows(path) == [{"Id": 1}, {"Id": 2}]
            with RowFile.open(path) as file:
                (problem,) = [row.problem for row in file if row.problem]
            assert "more than 100 levels deep" in problem

    def test_what_python_cannot_hold_costs_its_row(self, tmp_path: Path) -> None:
        """A number of 5,000 digits or half a character in an array was a traceback."""
        text = f'[{{"Id": {"1" * 5_000}}}, {{"Id": "\\ud800"}}, {{"Id": "\\ud800", "x": NaN}}, {{"Id": 2}}]'
        assert rows(write(tmp_path, text, "f.json")) == [{"Id": 2}]


class TestWorkbooks:
    """XLSX, an extra of its own."""

    @pytest.fixture
    def workbook(self, tmp_path: Path) -> Path:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = "Tickets"
        sheet.append([])
        sheet.append(["Id", "Created", "Tags", "Tags", "Done"])
        sheet.append([88213, datetime(2026, 11, 8, 10, 11), "a", None, True])  # noqa: DTZ001 - as Excel has it
        sheet.append([])
        sheet.append(["0042", None, None, "b", False])
        book.create_sheet("Notes").append(["x"])
        path = tmp_path / "f.xlsx"
        book.save(path)
        return path

    def test_cells_are_what_the_sheet_has(self, workbook: Path) -> None:
        """Numbers, times, texts and truth values; blank rows are none, repeated headings lists."""
        assert rows(workbook) == [
            {"Id": 88213, "Created": datetime(2026, 11, 8, 10, 11), "Tags": ["a"], "Done": True},  # noqa: DTZ001
            {"Id": "0042", "Created": None, "Tags": ["b"], "Done": False},
        ]

    def test_the_sheet_is_said_and_can_be_named(self, workbook: Path) -> None:
        """The first is read; another by its name."""
        assert "the sheet 'Tickets' is read; --sheet names another: Notes" in notes(workbook)
        assert rows(workbook, sheet="Notes") == []
        with pytest.raises(UnreadableFile, match="no sheet 'Tikets'; it has Tickets, Notes"):
            rows(workbook, sheet="Tikets")

    def test_without_openpyxl_the_extra_is_named(
        self, workbook: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A producer's install stays small."""
        monkeypatch.setitem(sys.modules, "openpyxl", None)
        with pytest.raises(UnreadableFile, match=r"pip install 'ticketyard\[xlsx\]'"):
            rows(workbook)

    def test_what_is_no_workbook_says_so(self, tmp_path: Path) -> None:
        """A web page that was saved under the name of a sheet, say."""
        with pytest.raises(UnreadableFile, match="cannot be read as a workbook"):
            rows(write(tmp_path, "<html>", "f.xlsx"))


def test_a_cell_of_parquet_that_python_cannot_hold_costs_its_row(tmp_path: Path) -> None:
    """One time beyond the year 9999 ended the replay of a whole file, and none could go past it."""
    path = tmp_path / "f.parquet"
    times = pa.array([0, 10**18, 0], pa.timestamp("us"))
    texts = pa.array([b"a", b"b", b"\xff"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"Id": [1, 2, 3], "At": times, "Text": texts}), path)
    assert [row["Id"] for row in rows(path)] == [1]
    with RowFile.open(path) as file:
        problems = [row.problem for row in file if row.problem]
    assert [problem.partition(" cannot be read")[0] for problem in problems] == ["column At", "column Text"]
    pq.write_table(pa.table({"At": pa.array([1], pa.timestamp("us", "Mars/Base"))}), path)
    assert rows(path) == []


def test_a_table_that_breaks_off_is_unreadable_with_its_name(tmp_path: Path) -> None:
    """Damage in the middle was a traceback of the library."""
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"Id": [str(n) for n in range(20_000)]}), path, row_group_size=1_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = b"\x07" * 400
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"f\.parquet cannot be read to its end"):
        rows(path)


def test_times_of_parquet_are_cut_to_microseconds(tmp_path: Path) -> None:
    """Pandas writes nanoseconds, which Python's times do not have."""
    path = tmp_path / "f.parquet"
    at = datetime(2026, 11, 8, 10, 11, 12, 5, tzinfo=UTC)
    nanoseconds = pa.array([int(at.timestamp()) * 10**9 + 5007], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"at": nanoseconds, "n": [1.0]}), path)
    assert rows(path) == [{"at": at, "n": 1.0}]


def test_a_row_file_says_how_far_it_is(tmp_path: Path) -> None:
    """Long files show progress."""
    path = write(tmp_path, "a\n" + "x" * 200_000 + "\n" * 2 + "y\n" * 200_000)
    with RowFile.open(path) as file:
        shares = [file.done for _ in file]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1] <= 1.0
