"""Rows of labelled files and of the taxonomy, and how they are split."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.training.rows.examples import MOST_VALIDATION, prepare, sample, sample_of_each
from batch.training.rows.labelled_files import Columns, parse_labelled
from batch.training.rows.rows import (
    LabelledRow,
    TrainingError,
    rows_from_taxonomy,
    rows_to_test,
    rows_to_train,
)
from schemas.taxonomy import load_taxonomy

CSV = b'text,label,split\nhello,a,train\n"two\nlines",b,test\n'
EXPECTED = [LabelledRow("hello", ("a",), "train"), LabelledRow("two\nlines", ("b",), "test")]
JSON_LINES = (
    b'{"text":"hello","label":"a","split":"train"}\n\n{"text":"two\\nlines","label":"b","split":"test"}\n'
)


def _parquet() -> bytes:
    buffer = io.BytesIO()
    table = {"text": ["hello", "two\nlines"], "label": ["a", "b"], "split": ["train", "test"]}
    pq.write_table(pa.table(table), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("rows.csv", CSV),
        ("rows.csv", b"\xef\xbb\xbf" + CSV),
        ("rows.csv.gz", gzip.compress(CSV, mtime=0)),
        ("rows.jsonl", JSON_LINES),
        ("rows.ndjson.gz", gzip.compress(JSON_LINES, mtime=0)),
        ("rows.json", JSON_LINES),
        ("rows.parquet", _parquet()),
    ],
)
def test_every_format_gives_the_same_rows(name: str, data: bytes) -> None:
    """CSV, JSON lines and Parquet, compressed or not, with a byte order mark or not."""
    file = parse_labelled(data, Path(name), Columns())
    assert file.rows == EXPECTED
    assert (file.described.name, file.described.rows, file.described.skipped) == (name, 2, 0)


def test_columns_may_have_other_names_and_cells_several_labels() -> None:
    """Repeated and empty labels of a cell count once or not at all."""
    data = b"Document,Topic,fold\nhello,a | b|a|,0\n"
    columns = Columns(text_column="Document", label_column="Topic", label_separator="|")
    assert parse_labelled(data, Path("x.csv"), columns).rows == [LabelledRow("hello", ("a", "b"))]


def test_an_empty_cell_may_stand_for_a_label() -> None:
    """A message of no intent teaches too, once it is said what it is called; without that it is left out."""
    data = b"text,label\nhello,a|b\nsix o'clock,\nnothing, | \n"
    columns = Columns(label_separator="|", empty_label="oos")
    file = parse_labelled(data, Path("x.csv"), columns)
    assert [row.labels for row in file.rows] == [("a", "b"), ("oos",), ("oos",)]
    assert parse_labelled(data, Path("x.csv"), Columns(label_separator="|")).without_label == 2


def test_rows_that_lack_something_are_counted() -> None:
    """A row without text or label is neither learnt from nor lost in silence."""
    file = parse_labelled(b"text,label\n,a\n  ,b\nhello,\nhello,c\nshort\n", Path("x.csv"), Columns())
    assert (len(file.rows), file.without_text, file.without_label) == (1, 2, 2)
    assert file.described.skipped == 4


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.csv", b"Document,label\nhello,a\n", r"x\.csv: no column 'text'; it has these: Document, label"),
        ("x.csv", b"text,topic\nhello,a\n", "no column 'label'.*--label-column"),
        ("x.csv", b"", "no column 'text'; it has these: none"),
        (
            "x.csv",
            b"text,label,split\nhello,a,dev\n",
            "row 1: unknown split 'dev' in column 'split'; use train",
        ),
        ("x.csv", b"text,label,split\nhello,a,train\nhi,a,\n", "row 2: unknown split '' in column 'split'"),
        ("x.csv", b"text,label\n,\n", "no row has both a text and a label"),
        ("x.csv", b"text,label\n\xff,a\n", "not UTF-8 at byte 11"),
        ("x.jsonl", b'{"text":"a","label":"b"}\n{oops\n', "line 2 is not JSON"),
        (
            "x.jsonl",
            b'{"text":"a","label":"b","split":"val"}\n{"text":"a","label":"b"}',
            "row 2: unknown split",
        ),
        ("x.jsonl", b"[1]\n", "line 1 is no JSON object"),
        ("x.parquet", b"PAR1 cut", "damaged Parquet"),
        ("x.csv.gz", b"\x1f\x8b cut", "damaged gzip"),
        ("x.xlsx", b"text", "unknown kind of file"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_what_to_do(name: str, data: bytes, message: str) -> None:
    """Each defect has its own sentence, which names the file."""
    with pytest.raises(TrainingError, match=message):
        parse_labelled(data, Path(name), Columns())


def test_train_takes_train_and_val_and_evaluate_takes_test() -> None:
    """Rows without a split belong to both."""
    rows = [LabelledRow(name, ("a",), name) for name in ("train", "val", "test")]
    rows.append(LabelledRow("free", ("a",)))
    assert [row.text for row in rows_to_train(rows)] == ["train", "val", "free"]
    assert [row.text for row in rows_to_test(rows, source="x")] == ["test", "free"]
    with pytest.raises(TrainingError, match=r"x\.csv: no row to evaluate on"):
        rows_to_test(rows[:2], source="x.csv")


def test_given_validation_rows_are_never_learnt_from() -> None:
    """They are used for scales and thresholds alone; one with an unknown label is of no use there."""
    rows = [LabelledRow("one", ("a",)), LabelledRow("two", ("b",)), LabelledRow("three", ("a",), "val")]
    rows.append(LabelledRow("four", ("never",), "val"))
    material = prepare(rows, seed=1)
    assert material.labels == ("a", "b")
    assert (material.train.texts, material.val.texts) == (["one", "two"], ["three"])
    assert not material.own_validation


def test_own_validation_never_takes_the_only_rows_of_a_label() -> None:
    """Every label is learnt, however few rows it has."""
    rows = [LabelledRow(f"text {number}", (f"label {number % 40}",)) for number in range(60)]
    material = prepare(rows, seed=1)
    assert material.own_validation
    assert set(material.train.targets.tolist()) == set(range(40))
    assert sorted(material.train.texts + material.val.texts) == sorted(row.text for row in rows)


@pytest.mark.parametrize("rows", [[], [LabelledRow("x", ("only",))], [LabelledRow(" ", ("a",))]])
def test_fewer_than_two_labels_cannot_be_learnt(rows: list[LabelledRow]) -> None:
    """There is nothing to decide, and the message says so."""
    with pytest.raises(TrainingError, match="at least two labels"):
        prepare(rows, seed=1)


def test_no_row_is_set_aside_for_nothing() -> None:
    """A fifth of 30,000 rows is more than validation uses: a thousand of them were learnt by neither tier."""
    rows = [LabelledRow(f"text {number}", (str(number % 3),)) for number in range(30_000)]
    material = prepare(rows, seed=1)
    assert len(material.train.texts) + len(material.val.texts) > 29_800
    assert len(material.val.texts) > MOST_VALIDATION - 200


def test_a_column_of_ids_is_no_column_of_labels() -> None:
    """Ten thousand labels trained for hours without a word; now the message says what is probably wrong."""
    rows = [LabelledRow(f"order {number}", (f"id_{number}",)) for number in range(10_000)]
    with pytest.raises(TrainingError, match=r"10,000 rows name 10,000 labels.*--label-column"):
        prepare(rows, seed=1)


def test_a_row_with_several_labels_teaches_each() -> None:
    """It stands in the examples once for every label."""
    material = prepare([LabelledRow("x", ("a", "b")), LabelledRow("v", ("a",), "val")], seed=1)
    assert material.train.texts == ["x", "x"]
    assert material.train.targets.tolist() == [0, 1]


def test_a_sample_is_drawn_by_its_seed_and_misses_no_label() -> None:
    """Equal seeds draw equal rows; a rare label is added to what was drawn."""
    assert sample(10, 20, seed=1) == list(range(10))
    assert sample(10_000, MOST_VALIDATION, seed=1) == sample(10_000, MOST_VALIDATION, seed=1)
    assert sample(10_000, MOST_VALIDATION, seed=1) != sample(10_000, MOST_VALIDATION, seed=2)
    targets = np.array([0] * 1_000 + [1])
    assert 1 in targets[sample_of_each(targets, 10, seed=3)]


def test_the_taxonomy_teaches_every_intent() -> None:
    """Examples, description and name of each."""
    taxonomy = load_taxonomy()
    rows = rows_from_taxonomy(taxonomy)
    assert {label for row in rows for label in row.labels} == set(taxonomy.intents)
    assert len(rows) == len(list(taxonomy.examples())) + 2 * len(taxonomy.intents)


@pytest.mark.parametrize("make", [lambda: CSV, lambda: JSON_LINES])
def test_the_sum_is_of_the_files_own_bytes(make: Callable[[], bytes]) -> None:
    """A manifest's sum can be checked with sha256sum, so it is taken before decompression."""
    plain = parse_labelled(make(), Path("x.csv" if make() == CSV else "x.jsonl"), Columns())
    packed = parse_labelled(
        gzip.compress(make()), Path("x.csv.gz" if make() == CSV else "x.jsonl.gz"), Columns()
    )
    assert plain.described.sha256 != packed.described.sha256
