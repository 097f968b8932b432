"""What a worker does with announcements of models: the last that can be loaded decides, trials may be left out."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct
from prometheus_client import CollectorRegistry

from schemas.derived import ModelPublished, ModelTrial
from schemas.model.bundle import Bundle
from schemas.model.errors import BundleError
from schemas.model.registry import CurrentModel
from schemas.signals.priority import PriorityTable
from schemas.understanding import CustomerMessage
from streams.triage.deployment import Message
from streams.triage.model_watch import RETRY_S, STANDBY_S, ModelWatch, NoModel
from streams.triage.shadow import ShadowScoring
from streams.triage.trial_metrics import TrialMetrics
from tests.unit.schemas.tiny_model import tiny_bundle

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Shelf:
    """Stands for the folder of bundles: what starts with `bad` cannot be loaded, nor what is `away`."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.away: set[str] = set()

    def load(self, pointer: CurrentModel, _models: Path, *, threads: int) -> Bundle:
        assert threads == 1
        if pointer.version.startswith("bad"):
            raise BundleError(f"{pointer.version}: damaged")
        if pointer.version in self.away:
            raise OSError(f"{pointer.version}: the share is not there")
        self.loaded.append(pointer.version)
        bundle = tiny_bundle()
        return replace(bundle, manifest=replace_struct(bundle.manifest, version=pointer.version))


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf()
    monkeypatch.setattr("streams.triage.model_watch.load_published", made.load)
    return made


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(shelf: Shelf, clock: Clock) -> ModelWatch:
    del shelf
    metrics = TrialMetrics(CollectorRegistry())
    unread: Any = None
    return ModelWatch(
        topic="models.published",
        new_reader=unread,
        models=Path(),
        inference_threads=1,
        shadow=ShadowScoring(metrics),
        metrics=metrics,
        priorities=PriorityTable.load(),
        shrink_at=8,
        clock=clock,
    )


def published(version: str, *, canary: str | None = None, shadow: str | None = None) -> ModelPublished:
    def trial(name: str | None) -> ModelTrial | None:
        return ModelTrial(version=name, uri=name, sha256="s", share=1.0, salt="salt") if name else None

    return ModelPublished(
        version=version, uri=version, sha256="s", accuracy=0.9, taxonomy_version="1",
        canary=trial(canary), shadow=trial(shadow),
    )  # fmt: skip


def decided_by(watch: ModelWatch) -> str:
    return watch.score(messages("refund please"))[0].model_version


def messages(*texts: str) -> list[Message]:
    return [Message("T-1", CustomerMessage(text, NOW)) for text in texts]


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


def test_what_was_away_for_a_while_is_tried_again(watch: ModelWatch, shelf: Shelf, clock: Clock) -> None:
    """A worker once went on with the model before until the next announcement, beside others that had the new one."""
    watch.deploy([published("a")])
    shelf.away = {"b", "c"}
    watch.deploy([published("b", canary="c")])
    clock.now += RETRY_S - 1
    watch.try_again()
    assert decided_by(watch) == "a"
    clock.now += 1
    watch.try_again()  # too early for the share, so once more in a minute
    shelf.away = set()
    watch.try_again()
    assert shelf.loaded == ["a"]
    clock.now += RETRY_S
    watch.try_again()
    assert decided_by(watch) == "c"
    assert shelf.loaded == ["a", "b", "c"]
    clock.now += RETRY_S
    watch.try_again()
    assert shelf.loaded == ["a", "b", "c"]


def test_a_first_model_that_was_away_is_found_behind_one_that_is_damaged(
    watch: ModelWatch, shelf: Shelf, clock: Clock
) -> None:
    """Nothing was loaded, so each announcement so far may still be the one that can be."""
    shelf.away = {"a"}
    watch.deploy([published("a")])
    watch.deploy([published("bad")])
    assert not watch.wait(0)
    shelf.away = set()
    clock.now += RETRY_S
    watch.try_again()
    assert decided_by(watch) == "a"


def test_the_next_announcement_ends_the_tries(watch: ModelWatch, shelf: Shelf, clock: Clock) -> None:
    """What was refused and then replaced does not come back."""
    shelf.away = {"b"}
    watch.deploy([published("a"), published("b")])
    watch.deploy([published("a")])
    shelf.away = set()
    clock.now += RETRY_S
    watch.try_again()
    assert decided_by(watch) == "a"
    assert shelf.loaded == ["a"]


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
