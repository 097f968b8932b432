"""What a worker does with announcements of models: the last that can be loaded decides, trials may be left out."""

import pytest

from streams.triage.model_watch import STANDBY_S, ModelWatch, NoModel
from tests.unit.streams.watched_models import (
    Clock,
    Shelf,
    decided_by,
    messages,
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


def test_before_the_first_model_nothing_is_scored(watch: ModelWatch) -> None:
    """The error says what to do."""
    watch.deploy([])
    with pytest.raises(NoModel, match="ticketyard batch train"):
        watch.score([])


def test_the_last_that_can_be_loaded_decides(watch: ModelWatch) -> None:
    """A worker that starts passes over bad bundles; one that runs keeps what it has."""
    watch.deploy([published("a"), published("b"), published("bad")])
    assert watch.wait(0)
    assert decided_by(watch) == "b"
    watch.deploy([published("bad-too")])
    assert decided_by(watch) == "b"


def test_nothing_is_loaded_twice(watch: ModelWatch, shelf: Shelf) -> None:
    """A canary that becomes champion, and a model named twice, are there already."""
    watch.deploy([published("a", canary="b", shadow="b")])
    assert decided_by(watch) == "b"
    watch.deploy([published("b")])
    assert decided_by(watch) == "b"
    assert shelf.loaded == ["a", "b"]


def test_a_damaged_challenger_leaves_the_champion_to_decide(watch: ModelWatch) -> None:
    """A canary or shadow that cannot be loaded is left out."""
    watch.deploy([published("a", canary="bad", shadow="bad")])
    assert decided_by(watch) == "a"


def test_a_trial_ends_with_the_announcement_that_does_not_name_it(watch: ModelWatch) -> None:
    """Each announcement is the whole picture."""
    watch.deploy([published("a", canary="b")])
    watch.deploy([published("a")])
    assert decided_by(watch) == "a"


def test_a_rollback_loads_nothing_for_an_hour(watch: ModelWatch, shelf: Shelf, clock: Clock) -> None:
    """The champion before stays at hand; later it has to be loaded again."""
    watch.deploy([published("a")])
    watch.deploy([published("b")])
    clock.now += STANDBY_S - 1
    watch.forget_standby()
    watch.deploy([published("a")])
    assert decided_by(watch) == "a"
    assert shelf.loaded == ["a", "b"]
    clock.now += STANDBY_S
    watch.forget_standby()
    watch.deploy([published("b")])
    assert shelf.loaded == ["a", "b", "b"]


def test_a_full_call_leaves_the_encoder_no_room(watch: ModelWatch) -> None:
    """Few messages at once are read by the encoder where the model asks for it; too many must not wait for it."""
    watch.deploy([published("a")])
    unsure = ["refund please", "my", "twice"] * 3
    few, many = watch.score(messages(*unsure[:3])), watch.score(messages(*unsure))
    assert {result.decided_by for result in few} == {"encoder"}
    assert {result.decided_by for result in many} == {"ngrams"}
