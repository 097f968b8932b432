"""What a worker does with announcements of models: the last that can be loaded decides, trials may be left out."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from schemas.triage import ENCODER_BUDGET
from streams.runtime.backlog import Backlog
from streams.stages.triage.models.model_watch import RETRY_S, STANDBY_S, ModelWatch, NoModel
from streams.stages.triage.models.trial_metrics import LOADED
from streams.stages.triage.pressure.pressure_metrics import ASKED, LEFT_OUT
from tests.unit.streams.stages.triage.watched_models import (
    Clock,
    Shelf,
    decided_by,
    messages,
    new_budget,
    new_watch,
    published,
    shelf_instead_of_disk,
)
from understanding.bundle.registry import write_current
from understanding.manifest.pointer import CurrentModel


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


def test_what_waits_decides_whether_the_encoder_reads(shelf: Shelf, clock: Clock) -> None:
    """A call of few texts once left the encoder all its room while thousands of records waited behind it."""
    del shelf
    waiting = Backlog(0, 0.0)
    registry = CollectorRegistry()
    watch = new_watch(clock, budget=new_budget(clock, lambda: waiting, registry))
    watch.deploy([published("a")])
    (calm,) = watch.score(messages("refund please"))
    waiting = Backlog(4000, 10.0)
    for _ in range(20):
        clock.now += 0.25
        (hurried,) = watch.score(messages("refund please"))
    assert (calm.decided_by, hurried.decided_by) == ("encoder", "ngrams")
    assert ENCODER_BUDGET in hurried.reasons
    assert registry.get_sample_value(f"{ASKED}_total") == 21
    assert (registry.get_sample_value(f"{LEFT_OUT}_total") or 0) > 15


def test_a_worker_begins_with_the_model_of_the_first_day(shelf: Shelf, tmp_path: Path) -> None:
    """A newcomer waited for minutes until one was trained; what is published later replaces it."""
    (tmp_path / "one").mkdir()
    write_current(tmp_path, CurrentModel(version="first", uri="one", sha256="s"))
    watch = new_watch(Clock(), first_models=tmp_path)
    watch.begin()
    assert decided_by(watch) == "first"
    watch.deploy([published("v1")])
    assert decided_by(watch) == "v1"
    watch.begin()
    assert decided_by(watch) == "v1"
    assert shelf.loaded == ["first", "v1"]


def test_a_lost_models_folder_stops_no_ticket(shelf: Shelf, tmp_path: Path) -> None:
    """What is announced cannot be loaded: set-up's model decides, and the announced one as soon as it is back."""
    write_current(tmp_path, CurrentModel(version="first", uri="one", sha256="s"))
    shelf.away = {"v1"}
    clock = Clock()
    watch = new_watch(clock, first_models=tmp_path)
    watch.deploy([published("v1")])
    assert decided_by(watch) == "first"
    assert watch.refusing
    shelf.away.clear()
    clock.now += RETRY_S
    watch.try_again(lambda: False)
    assert decided_by(watch) == "v1"


def test_a_damaged_pointer_to_the_first_model_is_told(shelf: Shelf, tmp_path: Path) -> None:
    """The worker waits as before for what is published, and its log says what to run."""
    (tmp_path / "CURRENT").write_text("{")
    watch = new_watch(Clock(), first_models=tmp_path)
    with capture_logs() as logs:
        watch.begin()
    assert [(line["event"], line["act"]) for line in logs] == [("first_model.refused", "run `make setup`")]
    watch.deploy([published("v1")])
    assert decided_by(watch) == "v1"


def test_a_kafka_that_heard_of_no_model_stops_no_worker(shelf: Shelf, tmp_path: Path) -> None:
    """Kafka was made anew beside a models folder: triage waited for ever, and told the operator to train."""
    write_current(tmp_path, CurrentModel(version="v1", uri="v1", sha256="s"))
    clock = Clock()
    watch = new_watch(clock, models=tmp_path)
    shelf.away = {"v1"}
    watch.begin()
    assert not watch.wait(0)
    assert watch.refusing
    watch.begin()
    assert shelf.asked == ["v1"], "what could not be loaded is tried again in its time, not twice a second"
    shelf.away.clear()
    clock.now += RETRY_S
    watch.try_again(lambda: False)
    assert decided_by(watch) == "v1"


def test_a_worker_that_starts_believes_the_pointer(shelf: Shelf, tmp_path: Path) -> None:
    """A topic that lacked the last release gave a worker the model before, without a word; trials of it went along."""
    write_current(tmp_path, CurrentModel(version="v2", uri="v2", sha256="s"))
    watch = new_watch(Clock(), models=tmp_path)
    watch.deploy([published("v1", canary="v0")])
    assert decided_by(watch) == "v2"
    watch.deploy([published("v3")])
    assert decided_by(watch) == "v3", "from then on it is announcements that tell"
    told = new_watch(Clock(), models=tmp_path)
    told.deploy([published("v1"), published("v2", canary="v9")])
    assert decided_by(told) == "v9", "an announcement of the same model says more than the pointer"
    assert "v1" not in shelf.loaded


def test_a_damaged_pointer_leaves_it_to_announcements(shelf: Shelf, tmp_path: Path) -> None:
    """No ticket waits because a file is damaged, and the log says what writes it again."""
    del shelf
    (tmp_path / "CURRENT").write_text("{")
    watch = new_watch(Clock(), models=tmp_path)
    with capture_logs() as logs:
        watch.deploy([published("v1")])
    assert decided_by(watch) == "v1"
    told = [line["act"] for line in logs if line["event"] == "pointer.unreadable"]
    assert told == ["run `ticketyard batch run`"]


def test_a_worker_tells_which_models_it_has_loaded(shelf: Shelf, clock: Clock) -> None:
    """What was announced is no proof of what a worker decides by; a replaced champion stands by for an hour."""
    del shelf
    registry = CollectorRegistry()

    def loaded() -> dict[str, str]:
        families = {family.name: family for family in registry.collect()}
        return {one.labels["role"]: one.labels["version"] for one in families[LOADED].samples}

    watch = new_watch(clock, registry=registry)
    assert loaded() == {}
    watch.deploy([published("a", canary="b", shadow="bad")])
    assert loaded() == {"champion": "a", "canary": "b"}
    watch.deploy([published("b")])
    assert loaded() == {"champion": "b", "standby": "a"}
    clock.now += STANDBY_S
    watch.forget_standby()
    assert loaded() == {"champion": "b"}
