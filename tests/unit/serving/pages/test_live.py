"""What moves: one picture a place in the log, shared by all who look."""

import asyncio
import threading
from typing import cast

import pytest

from serving.assembly.service import Serving
from serving.foundation.errors import Stopping, TooManyQueries
from serving.foundation.state import PartitionState, ServedState, TopicState
from serving.pages.live import ANEW_S, MOST_REST_S, Feed, place_of


def state(end: int, watermark_ms: int = 0) -> ServedState:
    part = PartitionState(next=end, watermark_ms=watermark_ms)
    return ServedState(run_id="r", topics={"tickets.log": TopicState(partitions={"0": part})})


class Watched:
    """A serving whose log moves by hand, a clock that does, and a picture that counts how often it was made."""

    def __init__(self) -> None:
        self.served, self.now, self.made = state(0), 100.0, 0
        self.error: Exception | None = None
        self.leaving = threading.Event()
        self.feed = Feed(
            cast("Serving", self), self.make, clock=lambda: self.now
        )  # `served` is all that it asks

    async def make(self) -> str:
        self.made += 1
        if self.error is not None:
            raise self.error
        return f"picture {self.made}"

    def newest(self) -> tuple[str, str]:
        return asyncio.run(self.feed.newest())


def test_time_alone_is_no_place_in_the_log() -> None:
    """The watermark moves four times a second; a picture for each would keep an idle server at work."""
    assert place_of(state(1, watermark_ms=5)) == place_of(state(1, watermark_ms=9))
    assert place_of(state(1)) != place_of(state(2))


def test_a_picture_is_made_once_a_place() -> None:
    watched = Watched()
    first = watched.newest()
    watched.now += MOST_REST_S
    assert watched.newest() == first
    watched.served = state(1)
    assert watched.newest()[1] == "picture 2"
    watched.now += ANEW_S
    assert watched.newest()[1] == "picture 3"


def test_a_picture_rests_after_it_was_made() -> None:
    """Under a steady load the log goes on all the time."""
    watched = Watched()
    watched.newest()
    watched.served = state(1)
    assert watched.newest()[1] == "picture 1"
    watched.now += MOST_REST_S
    assert watched.newest()[1] == "picture 2"


def test_a_failure_leaves_the_picture_and_an_end_ends_the_feed() -> None:
    """Each who looked once asked anew after a failure, and a first failure made an empty page."""
    watched = Watched()
    first = watched.newest()
    watched.served, watched.now, watched.error = state(1), watched.now + MOST_REST_S, TooManyQueries("full")
    assert watched.newest() == first
    watched.error, watched.now = Stopping("over"), watched.now + MOST_REST_S
    with pytest.raises(Stopping):
        watched.newest()


def test_who_comes_back_with_the_last_id_gets_what_is_new_alone() -> None:
    watched = Watched()

    async def look(last_id: str | None) -> tuple[str, str]:
        events = watched.feed.events("now", last_id)
        found = await anext(events)
        await events.aclose()  # type: ignore[attr-defined]  # it is a generator
        return str(found.id), str(found.data)

    identity, picture = asyncio.run(look(None))
    assert picture == "picture 1"
    watched.served, watched.now = state(1), watched.now + MOST_REST_S
    assert asyncio.run(look(identity))[1] == "picture 2"


def test_no_picture_is_no_event_and_serving_that_ends_ends_the_feed() -> None:
    """An empty event would replace what the page showed; an open page kept serving from ending."""
    watched = Watched()
    watched.error = TooManyQueries("full")

    async def look() -> list[object]:
        events = watched.feed.events("now", None)
        asyncio.get_running_loop().call_later(0.5, watched.leaving.set)
        return [event async for event in events]

    assert asyncio.run(look()) == []
