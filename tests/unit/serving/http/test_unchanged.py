"""Answers get a tag that names what they hold, not what holds a moment later."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from schemas.views.definitions import definition_of
from serving.assembly.service import Serving
from serving.foundation.tags import KNOWN_BY, POSITION, SLOT_S, position_header
from serving.http.unchanged import Tagging, _tag, made_by, unchanged

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEXT_SLOT = NOON + timedelta(seconds=SLOT_S)


def tag_of(asked_at: datetime, sent_at: datetime) -> str:
    """The tag of an answer that shows spans of time and takes from `asked_at` to `sent_at`."""
    serving = SimpleNamespace(clock=lambda: asked_at, settings=SimpleNamespace(query_rows=10))
    handler = SimpleNamespace(opt={KNOWN_BY: "ages"})
    scope = {"route_handler": handler, "headers": [], "path": "/now", "query_string": b""}
    sent: list[Any] = []

    async def answer(_: Any, __: Any, send: Any) -> None:
        serving.clock = lambda: sent_at
        headers = [(POSITION.encode(), b"p")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send(message: Any) -> None:
        sent.append(message)

    tagging = Tagging(cast("Serving", serving), made_by("1"))
    asyncio.run(tagging.handle(cast("Any", scope), cast("Any", None), send, answer))
    tag: bytes = dict(sent[0]["headers"])[b"etag"]
    return tag.decode()


def test_a_tag_names_the_time_at_which_an_answer_was_asked_for() -> None:
    """A page read at the end of ten seconds and sent after them was taken for the one of the next ten."""
    assert tag_of(NOON, NEXT_SLOT) == tag_of(NOON, NOON)
    assert tag_of(NOON, NEXT_SLOT) != tag_of(NEXT_SLOT, NEXT_SLOT)


def test_a_view_that_means_something_else_has_other_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser went on to show the answers of a view as it was before it was changed."""
    before = made_by("1")
    assert (before == made_by("1"), before == made_by("2")) == (True, False)
    changed = lambda name: "changed" if name == "queues" else definition_of(name)  # noqa: E731 - one line
    monkeypatch.setattr("serving.http.unchanged.definition_of", changed)
    assert made_by("1") != before


@pytest.mark.parametrize(
    ("said", "waits_for", "kept"), [(True, None, True), (True, "Kafka", False), (False, None, False)]
)
def test_a_page_of_before_kafka_went_or_came_back_is_read_anew(
    monkeypatch: pytest.MonkeyPatch, *, said: bool, waits_for: str | None, kept: bool
) -> None:
    """Its rows are the same; a browser went on to say for ten seconds that all was complete, or that Kafka was gone."""
    monkeypatch.setattr("serving.http.unchanged.position", lambda _: "p")
    header = position_header("p", complete=said)[POSITION]
    handler = SimpleNamespace(opt={KNOWN_BY: "ages"})
    scope: dict[str, Any] = {"route_handler": handler, "headers": [], "path": "/now", "query_string": b""}
    serving: Any = SimpleNamespace(
        clock=lambda: NOON,
        settings=SimpleNamespace(query_rows=10),
        served=None,
        status=SimpleNamespace(waiting_for=waits_for),
        metadata=lambda: SimpleNamespace(complete=True, freshness_s=0.0),
    )
    tag = _tag(scope, header, "ages", serving, made_by("1"), now=NOON)
    request: Any = SimpleNamespace(scope=scope, headers={"if-none-match": tag})
    assert (unchanged(request, serving, made_by("1")) is not None) == kept
