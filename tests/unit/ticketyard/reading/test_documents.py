"""Documents of Jira as plain text."""

from typing import Any

import pytest

from ticketyard.reading.documents import document_text


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [("1767225600000", "2026-01-01"), (1767225600000, "2026-01-01"), ("soon", "soon"), ("1e99", "1e99")],
)
def test_a_date_is_one_that_people_read(timestamp: Any, text: str) -> None:
    """Its text was a number of milliseconds, which no model and no person takes for a date."""
    date = {"type": "date", "attrs": {"timestamp": timestamp}}
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "due "}, date]}
    assert document_text({"type": "doc", "content": [paragraph]}) == f"due {text}"


@pytest.mark.parametrize("node", [{"type": "mention", "attrs": [1]}, {"type": "panel", "content": 5}])
def test_a_node_of_another_shape_is_nothing(node: dict[str, Any]) -> None:
    """It ended the whole replay."""
    assert document_text({"type": "doc", "content": [node]}) == ""
