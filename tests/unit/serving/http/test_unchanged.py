"""Answers get a tag that names what they hold, not what holds a moment later."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from schemas.views.definitions import definition_of
from serving.assembly.service import Serving
from serving.foundation.tags import KNOWN_BY, POSITION, SLOT_S
from serving.http.unchanged import Tagging, made_by

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
