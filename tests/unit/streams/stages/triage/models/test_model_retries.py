"""What a worker does with a model that it could not load: it asks again, ever later, until something replaces it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError

from schemas.records.derived import ModelPublished
from schemas.records.envelope import Envelope, Headers, encode_body, encode_headers
from streams.stages.triage.models.model_watch import LONGEST_RETRY_S, RETRY_S, ModelWatch
from tests.unit.streams.stages.triage.watched_models import (
    NOW,
    Clock,
    Shelf,
    decided_by,
    new_watch,
    published,
    shelf_instead_of_disk,
)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return shelf_instead_of_disk(monkeypatch)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(shelf: Shelf, clock: Clock) -> ModelWatch:
    del shelf
    return new_watch(clock)


def no_news() -> bool:
    return False


def later(watch: ModelWatch, clock: Clock, seconds: float = RETRY_S) -> None:
    clock.now += seconds
    watch.try_again(no_news)


def test_what_was_away_for_a_while_is_tried_again(watch: ModelWatch, shelf: Shelf, clock: Clock) -> None:
    """A worker once went on with the model before until the next announcement, beside others that had the new one."""
    watch.deploy([published("a")])
    shelf.away = {"b", "c"}
    watch.deploy([published("b", canary="c")])
    later(watch, clock, RETRY_S - 1)
    assert shelf.asked == ["a", "b", "c"]
    assert watch.refusing
    shelf.away = set()
    later(watch, clock, 1)
    assert decided_by(watch) == "c"
    assert shelf.loaded == ["a", "b", "c"]
    assert not watch.refusing
    later(watch, clock)
    assert shelf.asked == ["a", "b", "c", "b", "c"]


def test_a_trial_that_was_away_begins_late(watch: ModelWatch, shelf: Shelf, clock: Clock) -> None:
    """Also where the champion was there."""
    shelf.away = {"c"}
    watch.deploy([published("a", canary="c")])
    assert decided_by(watch) == "a"
    shelf.away = set()
    later(watch, clock)
    assert decided_by(watch) == "c"


def test_tries_become_rare(watch: ModelWatch, shelf: Shelf, clock: Clock) -> None:
    """A bundle that is damaged for good must not be loaded every minute beside the scoring."""
    watch.deploy([published("a"), published("bad")])
    for _ in range(24 * 60):
        later(watch, clock)
    day = 24 * 60 * RETRY_S
    assert shelf.asked.count("bad") <= day / LONGEST_RETRY_S + 5
    assert decided_by(watch) == "a"


def test_a_version_is_asked_for_once_a_try(watch: ModelWatch, shelf: Shelf, clock: Clock) -> None:
    """However many announcements name it."""
    shelf.away = {"a"}
    watch.deploy([published("a", canary="a"), published("a", shadow="a"), published("a")])
    assert shelf.asked == ["a"]
    later(watch, clock)
    assert shelf.asked == ["a", "a"]


def test_a_first_model_that_was_away_is_found_behind_one_that_is_damaged(
    watch: ModelWatch, shelf: Shelf, clock: Clock
) -> None:
    """Nothing was loaded, so each announcement so far may still be the one that can be."""
    shelf.away = {"a"}
    watch.deploy([published("a")])
    watch.deploy([published("bad")])
    assert not watch.wait(0)
    shelf.away = set()
    later(watch, clock)
    assert decided_by(watch) == "a"


@pytest.mark.parametrize("next_one", ["a", "bad", "d"])
def test_what_was_replaced_does_not_come_back(
    watch: ModelWatch, shelf: Shelf, clock: Clock, next_one: str
) -> None:
    """A rollback from a model that is away must not be undone, even where what follows cannot be loaded."""
    watch.deploy([published("a")])
    shelf.away = {"b"}
    watch.deploy([published("b")])
    watch.deploy([published(next_one)])
    shelf.away = set()
    later(watch, clock)
    assert "b" not in shelf.loaded
    assert decided_by(watch) == ("d" if next_one == "d" else "a")


def test_what_is_replaced_while_it_is_loaded_is_not_handed_out(
    watch: ModelWatch, shelf: Shelf, clock: Clock
) -> None:
    """Loading takes seconds, and a rollback may be announced meanwhile."""
    watch.deploy([published("a")])
    shelf.away = {"b"}
    watch.deploy([published("b")])
    shelf.away = set()
    clock.now += RETRY_S
    watch.try_again(lambda: True)
    assert decided_by(watch) == "a"
    assert shelf.loaded == ["a", "b"]


class Announced:
    """A message of models.published."""

    def __init__(self, body: ModelPublished) -> None:
        envelope = Envelope(id="1", source="ticketyard/batch", type="ModelPublished", time=NOW)
        self._headers, self._value = encode_headers(envelope), encode_body(body)

    def error(self) -> None:
        """Nothing is wrong."""

    def headers(self) -> Headers:
        """Return the event's attributes."""
        return self._headers

    def value(self) -> bytes:
        """Return the body."""
        return self._value

    def offset(self) -> int:
        """Return a place in the topic."""
        return 0


class End:
    """What says that the end of the topic was reached."""

    def error(self) -> KafkaError:
        """Return what the broker says there."""
        return KafkaError(KafkaError._PARTITION_EOF)


class Script:
    """A consumer that returns what a test yields, and stops the watch when that is all."""

    def __init__(self) -> None:
        self.parts: Iterator[list[Any]] = iter(())
        self.stop: Callable[[], None] = lambda: None

    def assign(self, places: list[Any]) -> None:
        """Begin."""
        assert len(places) == 1

    def consume(self, _most: int, *, timeout: float) -> list[Any]:
        """Return the next part."""
        assert timeout
        part = next(self.parts, None)
        if part is None:
            self.stop()
        return part or []

    def close(self) -> None:
        """End."""


def play(clock: Clock, parts: Callable[[ModelWatch], Iterator[list[Any]]]) -> None:
    script = Script()
    watch = new_watch(clock, lambda: script)
    script.parts, script.stop = parts(watch), watch.stop
    watch.run()


def test_the_thread_tries_again_by_itself_but_never_beside_news(shelf: Shelf, clock: Clock) -> None:
    """A rollback is read before its end of topic is: once a retry between them put the refused model to work."""
    seen: list[str] = []

    def parts(watch: ModelWatch) -> Iterator[list[Any]]:
        yield [Announced(published("a")), End()]
        shelf.away = {"b", "c"}
        yield [Announced(published("b")), End()]
        shelf.away = {"c"}
        clock.now += RETRY_S
        yield [Announced(published("a"))]
        yield []
        yield [End()]
        seen.append(decided_by(watch))
        yield [Announced(published("c")), End()]
        shelf.away = set()
        clock.now += RETRY_S
        yield []  # a retry is due, and hears no news behind it
        yield []
        seen.append(decided_by(watch))

    play(clock, parts)
    assert seen == ["a", "c"]
    assert shelf.loaded == ["a", "c"]


def test_news_behind_a_retry_is_done_when_its_end_was_read_too(shelf: Shelf, clock: Clock) -> None:
    """The poll that a retry makes must not swallow that the end was reached."""
    seen: list[str] = []

    def parts(watch: ModelWatch) -> Iterator[list[Any]]:
        yield [Announced(published("a")), End()]
        shelf.away = {"b"}
        yield [Announced(published("b")), End()]
        clock.now += RETRY_S
        yield []
        yield [Announced(published("d")), End()]  # read by the retry
        yield []
        seen.append(decided_by(watch))

    play(clock, parts)
    assert seen == ["d"]
