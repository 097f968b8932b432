"""Rich text that travels as JSON (Atlassian's document format, of Jira's API) as the plain text that people read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_PARAGRAPHS: Final = frozenset({"paragraph", "heading", "codeBlock", "rule", "mediaSingle", "mediaGroup"})
_SPOKEN: Final = {
    "mention": "text",
    "emoji": "shortName",
    "status": "text",
    "inlineCard": "url",
    "blockCard": "url",
}


def is_document(value: Any) -> bool:
    """Say whether a value is a document: an object of type doc with content."""
    return isinstance(value, dict) and value.get("type") == "doc" and isinstance(value.get("content"), list)


def document_text(document: dict[str, Any]) -> str:
    """Return a document's text: a line a paragraph, `- ` before the items of lists."""
    lines = "".join(_texts(document)).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def _texts(node: dict[str, Any]) -> Iterator[str]:
    kind = str(node.get("type"))
    said = node.get("attrs")
    attributes = said if isinstance(said, dict) else {}
    if kind == "text":
        yield str(node.get("text", ""))
    elif kind == "hardBreak":
        yield "\n"
    elif kind in _SPOKEN:
        yield str(attributes.get("text") or attributes.get(_SPOKEN[kind]) or "")
    elif kind == "date":
        yield _date(attributes.get("timestamp", ""))
    elif kind == "listItem":
        yield "- "
    content = node.get("content")
    for inner in content if isinstance(content, list) else ():
        if isinstance(inner, dict):
            yield from _texts(inner)
    if kind in _PARAGRAPHS:
        yield "\n"


def _date(timestamp: Any) -> str:
    """Return the day of milliseconds since 1970, in ISO 8601; what is no number stays as it is."""
    try:
        return (
            (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=float(timestamp))).date().isoformat()
        )
    except (TypeError, ValueError, OverflowError):
        return str(timestamp)
