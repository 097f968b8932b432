"""Names that reach into nested values."""

from typing import Any

import pytest

from ticketyard.reading.documents import document_text, is_document
from ticketyard.reading.paths import is_there, leaves, value_at

ISSUE: dict[str, Any] = {
    "key": "SUP-1",
    "plain.dots": "as it is",
    "fields": {
        "summary": "Printer jams",
        "reporter": None,
        "comment": {"comments": [{"body": "one", "author": {"id": 7}}, {"body": "two"}]},
        "one": {"body": "alone"},
    },
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("key", "SUP-1"),
        ("plain.dots", "as it is"),
        ("fields.summary", "Printer jams"),
        ("fields.comment.comments[].body", ["one", "two"]),
        ("fields.comment.comments[1].body", "two"),
        ("fields.comment.comments[].author.id", [7, None]),
        ("fields.one[].body", ["alone"]),
        ("fields.comment.comments[9].body", None),
        ("fields.reporter.email", None),
        ("fields.nothing.at.all", None),
    ],
)
def test_a_path_reaches_into_objects_and_lists(path: str, value: Any) -> None:
    """The API of every help desk nests; a name with dots that a file has itself comes first."""
    assert value_at(ISSUE, path) == value


def test_what_is_there_may_be_blank() -> None:
    """A misspelled name is told from one whose cells are empty."""
    there = ["fields.reporter", "fields.comment.comments[].body", "plain.dots"]
    assert [path for path in [*there, "fields.sumary", "priorty"] if is_there(ISSUE, path)] == there


def test_leaves_are_the_names_that_a_mapping_could_use() -> None:
    """Lists of objects are gone through, so that a check can name what is in them."""
    assert "fields.comment.comments[].author.id" in leaves(ISSUE)
    assert "fields.summary" in leaves(ISSUE)
    assert "fields" not in leaves(ISSUE)


def test_a_document_of_jira_is_read_as_its_text() -> None:
    """Version 3 of Jira's API writes every text as a tree, which went out as a customer's words in JSON."""

    def paragraph(*texts: str) -> dict[str, Any]:
        return {"type": "paragraph", "content": [{"type": "text", "text": text} for text in texts]}

    tree = {
        "type": "doc", "version": 1,
        "content": [
            paragraph("Hello ", "there"),
            {"type": "bulletList", "content": [{"type": "listItem", "content": [paragraph("one")]}]},
            {"type": "paragraph", "content": [{"type": "mention", "attrs": {"id": "5", "text": "@Ana"}}]},
        ],
    }  # fmt: skip
    assert is_document(tree)
    assert document_text(tree) == "Hello there\n- one\n@Ana"
    assert not is_document({"type": "doc"})
