"""A feed reads its source once for all who listen, rests after a reading, and ends with serving."""

import asyncio
import threading
from collections.abc import Hashable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from litestar.response.sse import ServerSentEventMessage

from serving.assembly.service import Serving
from serving.foundation.errors import Stopping, TooManyListeners, TooManyQueries
from serving.foundation.state import AnswerMetadata, PartitionState, ServedState, TopicState, position
from serving.listing.filters import given
from serving.live.feed import HEARTBEAT_S, MOST_REST_S, Feed, Feeds
from serving.live.pictures import MOST_FILTERS, Picture, PictureReader, Rows

ANEW_S = 10.0
ABOUT = AnswerMetadata(run_id="r", boundary={}, watermark=None, freshness_s=None, complete=True, reasons=())


def state(end: int, watermark_ms: int = 0) -> ServedState:
    part = PartitionState(next=end, watermark_ms=watermark_ms)
    return ServedState(run_id="r", topics={"tickets.log": TopicState(partitions={"0": part})})


class Watched:
    """A serving whose log moves by hand, a clock that does, and a picture that counts how often it was made."""

    def __init__(self) -> None:
        self.served, self.now, self.made = state(0), 100.0, 0
        self.settings = SimpleNamespace(live_listeners=2)
        self.error: Exception | None = None
        self.leaving = threading.Event()
        self.picture = Picture(self.make, anew_s=ANEW_S, least_rest_s=0.5)
        # `served`, `settings` and `leaving` are all that it asks.
        self.feed = Feed(cast("Serving", self), self.picture, clock=lambda: self.now)

    async def make(self) -> str:
        self.made += 1
        if self.error is not None:
            raise self.error
        return f"picture {self.made}"

    def look(self) -> bool:
        return asyncio.run(self.feed.look())


def test_time_alone_is_no_place_in_the_log() -> None:
    """The watermark moves four times a second; a picture for each would keep an idle server at work."""
    watched = Watched()
    watched.look()
    watched.served, watched.now = state(0, watermark_ms=9), watched.now + 1
    assert not watched.look()
    assert position(state(1)) != position(state(2))


def test_a_picture_is_made_once_a_place() -> None:
    watched = Watched()
    assert watched.look()
    watched.now += 1
    assert not watched.look()
    watched.served = state(1)
    assert watched.look()
    watched.now += ANEW_S
    assert watched.look()
    assert watched.picture.text == "picture 3"


def test_a_picture_rests_after_it_was_made() -> None:
    """Under a steady load the log goes on all the time."""
    watched = Watched()
    watched.look()
    watched.served = state(1)
    assert not watched.look()
    watched.now += MOST_REST_S
    assert watched.look()


def test_a_failure_leaves_the_picture_and_is_tried_again() -> None:
    """Each who looked once asked anew after a failure, and a first failure made an empty page."""
    watched = Watched()
    watched.look()
    watched.served, watched.now, watched.error = state(1), watched.now + 1, TooManyQueries("full")
    watched.look()
    assert watched.picture.text == "picture 1"
    watched.error, watched.now = None, watched.now + 1
    assert watched.look()
    assert watched.picture.text == "picture 3"
    watched.served, watched.now, watched.error = state(2), watched.now + MOST_REST_S, Stopping("over")
    with pytest.raises(Stopping):
        watched.look()


async def first_of(watched: Watched, last_id: str | None, wanted: int = 1) -> list[ServerSentEventMessage]:
    """The first events with data that a listener gets."""
    found = []
    events = watched.feed.events(PictureReader(watched.picture, "now", last_id))
    async for event in events:
        if event.data is not None:
            found.append(event)
        if len(found) == wanted:
            break
    await events.aclose()  # type: ignore[attr-defined]  # it is a generator
    return found


def test_who_comes_back_with_the_last_id_gets_what_is_new_alone() -> None:
    watched = Watched()
    (event,) = asyncio.run(first_of(watched, None))
    assert event.data == "picture 1"
    watched.served, watched.now = state(1), watched.now + MOST_REST_S
    assert asyncio.run(first_of(watched, str(event.id)))[0].data == "picture 2"


def test_many_listeners_are_one_reading() -> None:
    """A reading a listener would make two hundred open pages two hundred times as dear as one."""
    watched = Watched()

    async def look() -> list[list[ServerSentEventMessage]]:
        return await asyncio.gather(*(first_of(watched, None) for _ in range(50)))

    found = asyncio.run(look())
    assert {event.data for (event,) in found} == {"picture 1"}
    assert (watched.made, watched.feed.listeners) == (1, 0)


def test_nobody_listens_nothing_is_read() -> None:
    watched = Watched()

    async def look() -> None:
        await first_of(watched, None)
        watched.served, watched.now = state(1), watched.now + MOST_REST_S
        await asyncio.sleep(0.2)

    asyncio.run(look())
    assert watched.made == 1


def test_no_picture_is_no_event_and_serving_that_ends_ends_the_feed() -> None:
    """An empty event would replace what the page showed; an open page kept serving from ending."""
    watched = Watched()
    watched.error = TooManyQueries("full")

    async def look() -> list[Any]:
        events = watched.feed.events(PictureReader(watched.picture, "now", None))
        asyncio.get_running_loop().call_later(0.3, watched.leaving.set)
        return [event.data async for event in events if event.data is not None]

    assert asyncio.run(look()) == []


def test_a_reading_that_fails_unforeseen_ends_its_listeners_and_not_in_silence() -> None:
    """A page whose feed had died without a word showed the past for ever."""
    watched = Watched()
    watched.error = ZeroDivisionError("a mistake of ours")
    with pytest.raises(ZeroDivisionError):
        asyncio.run(first_of(watched, None))
    watched.error = None
    assert asyncio.run(first_of(watched, None))[0].data == "picture 2"


class Nothing:
    """A source and a reader without events."""

    anew_s, least_rest_s = float("inf"), 0.0

    def place(self, _: ServedState) -> Hashable:
        return None

    async def read(self) -> None:
        return

    def take(self) -> Iterator[ServerSentEventMessage]:
        return iter(())


def test_readings_without_an_event_for_a_listener_do_not_put_off_its_heartbeat() -> None:
    """A busy log woke a listener whose filters let nothing pass, each time before its fifteen seconds were over."""
    watched = Watched()
    readings = 0

    class Busy(Nothing):
        """A log that goes on with each look, six seconds apart."""

        def place(self, _: ServedState) -> Hashable:
            nonlocal readings
            readings += 1
            return readings

    def clock() -> float:
        watched.served = state(readings)
        return watched.now

    class Aging(Nothing):
        """A listener to whom no reading brings anything."""

        def take(self) -> Iterator[ServerSentEventMessage]:
            watched.now += HEARTBEAT_S * 0.4
            return iter(())

    async def listen() -> list[str | None]:
        events = Feed(cast("Serving", watched), Busy(), clock=clock).events(Aging())
        async with asyncio.timeout(5):
            found = [(await anext(events)).comment for _ in range(3)]
        await events.aclose()  # type: ignore[attr-defined]  # it is a generator
        return found

    assert asyncio.run(listen()) == ["ticketyard", "nothing new", "nothing new"]
    assert readings > 2, "heartbeats came between readings, not in a silence"


def test_rows_are_kept_encoded_for_so_many_filters_alone() -> None:
    """While the log stood still, each new filter of a listener took memory for good."""
    made = 0

    class Counted(dict[str, Any]):
        """A row that counts how often it is looked at by a filter."""

        def __getitem__(self, key: str) -> Any:
            nonlocal made
            made += 1
            return super().__getitem__(key)

    rows = Rows(lambda: asyncio.sleep(0, ([Counted(team="a")], ABOUT)), least_rest_s=0.0)
    asyncio.run(rows.read())
    for number in range(MOST_FILTERS + 1):
        rows.encoded(given([("team", [f"t{number}"])]))
    before = made
    rows.encoded(given([("team", [f"t{MOST_FILTERS}"])]))
    assert made == before, "the newest are at hand"
    rows.encoded(given([("team", ["t0"])]))
    assert made > before, "the oldest is not"


def test_more_listeners_than_the_setting_lets_are_refused_before_the_answer_begins() -> None:
    watched = Watched()
    feeds = Feeds(cast("Serving", watched))

    async def listen() -> None:
        taken = [feeds.events("x", Nothing, lambda source: source) for _ in range(2)]
        for events in taken:
            await anext(events)
        assert feeds.listeners == 2
        with pytest.raises(TooManyListeners, match="TICKETYARD_LIVE_LISTENERS"):
            feeds.events("y", Nothing, lambda source: source)
        for events in taken:
            await events.aclose()  # type: ignore[attr-defined]  # it is a generator
        assert feeds.listeners == 0
        watched.leaving.set()
        with pytest.raises(Stopping):
            feeds.events("x", Nothing, lambda source: source)

    asyncio.run(listen())
