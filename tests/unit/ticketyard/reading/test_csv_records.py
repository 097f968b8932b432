"""Records of CSV: what a quote holds together, and what a broken one costs."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketyard.reading import csv_records
from ticketyard.reading.csv_records import Record, records


def read(text: str, separator: str = ",", width: int | None = None) -> list[Record]:
    return list(records(iter(text.splitlines(keepends=True)), separator, width=width))


def cells(text: str, separator: str = ",", width: int | None = None) -> list[list[str]]:
    return [record.cells for record in read(text, separator, width) if record.problem is None]


def test_quotes_hold_separators_lines_and_quotes_and_only_at_a_cells_start() -> None:
    """A mark of inches or a quotation inside a plain cell opens nothing."""
    assert cells('1,"a, ""b""\nc",x\n2,19" rack,he said "hi" and left\n') == [
        ["1", 'a, "b"\nc', "x"],
        ["2", '19" rack', 'he said "hi" and left'],
    ]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('7,"never closed', "a quote opens cell 2 and is never closed"),
        ('7,"a" b,c', "' b,c' stands behind the quote that closes cell 2"),
    ],
)
def test_a_broken_quote_costs_its_own_row_alone(broken: str, said: str) -> None:
    """Python's csv read on to the next quote, so one bad row silently swallowed every ticket up to there."""
    found = read(f'id,text\n6,"six"\n{broken}\n8,after\n9,"nine, too"\n')
    assert [(record.line, record.cells) for record in found if record.problem is None] == [
        (1, ["id", "text"]), (2, ["6", "six"]), (4, ["8", "after"]), (5, ["9", "nine, too"]),
    ]  # fmt: skip
    (bad,) = (record for record in found if record.problem)
    assert bad.problem == f"line 3: {said}"


def test_a_quote_that_closes_in_another_row_does_not_hold_the_rows_between() -> None:
    """The mark of inches three rows below closed what was never opened for it, and two tickets were part of a text."""
    swallowed = 'a,b,c,d,e,f\n1,,,,,"lost\n2,,,,,plain\n3,,,,,a screen of 27"\n4,,,,,end\n'
    assert [record[0] for record in cells(swallowed, width=6)] == ["a", "2", "3", "4"]
    too_wide = 'a,b,c\n1,x,y,"lost\n2,,27"\n3,,end\n'
    assert cells(too_wide, width=3) == [["a", "b", "c"], ["2", "", '27"'], ["3", "", "end"]]


def test_a_text_of_several_lines_with_commas_is_one_text() -> None:
    """In a narrow file its lines look like rows, and are none."""
    text = 'id,to,body\n1,x,"Hello, dear, all\nbest, Ivo, Maric"\n'
    assert cells(text, width=3)[1] == ["1", "x", "Hello, dear, all\nbest, Ivo, Maric"]


def test_a_quote_is_looked_for_in_time_that_grows_with_the_text() -> None:
    """Each of many open quotes ends at the next row's; a text of many lines is not read again for each of its lines."""
    lines = [f'{n},"open {n}\n' for n in range(20_000)]
    assert sum(record.problem is not None for record in read("".join(lines))) > 10_000
    long = 'id,"' + "a line with a  in it\n" * 50_000 + '"\n'
    ((number, text),) = cells(long)
    assert (number, text.count("\n")) == ("id", 50_000)


@given(st.lists(st.lists(st.text('ab,;"\n\r ', max_size=6), min_size=2, max_size=4), min_size=1, max_size=5))
def test_what_is_written_as_csv_is_read_as_it_was(rows: list[list[str]]) -> None:
    """Whatever cells hold, RFC 4180 written by others comes back, whichever separator is between them."""
    for separator in ",;":
        written = io.StringIO()
        csv.writer(written, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)
        assert cells_of(written.getvalue(), separator) == rows


def cells_of(text: str, separator: str) -> list[list[str]]:
    def lines() -> Iterator[str]:
        yield from io.StringIO(text, newline="\n")

    return [record.cells for record in records(lines(), separator)]


class _NeverQuick:
    """Leaves every record to our own reading."""

    def __init__(self, _separator: str) -> None:
        """Know nothing."""

    def cells(self, _source: object, _taken: list[str]) -> None:
        """Say that it is not sure."""


@given(st.text(alphabet='a",;\r\n', max_size=40), st.sampled_from([",", ";"]), st.sampled_from([None, 2, 6]))
def test_the_quick_way_reads_as_the_strict_one(text: str, separator: str, width: int | None) -> None:
    """Records that Python's csv reads have the cells, lines and problems that our own reading gives them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_records, "_Quick", _NeverQuick)
        strict = read(text, separator, width)
    assert read(text, separator, width) == strict
