"""Promoting, rolling back and trying models by hand: each act counts once, wherever the process dies."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from batch.cycle import batch_cycle
from batch.foundation.errors import BatchBusy, ModelsChanged, ModelUnknown
from batch.releases.bundles import remove_old_challengers
from batch.releases.by_hand import (
    ModelsInUse,
    StatedReason,
    end_trial,
    promote_version,
    roll_back,
    try_beside,
)
from batch.releases.effects import follow
from batch.releases.models_lock import models_locked
from batch.releases.releases import append_release, note_announced
from batch.releases.verdicts import Verdict, read_verdict, settled, write_verdict
from infra.foundation.settings import InfraSettings
from infra.local.kafka import LocalKafka
from infra.running import announce_model
from schemas.records.derived import ModelPublished
from schemas.records.topics import Topic
from tests.batch_home import BatchHome, Deadly, Death, Step, nothing
from tests.stored_models import linked, store
from understanding.arrays.errors import BundleError
from understanding.bundle.registry import pointer_to, write_current
from understanding.manifest.manifest import Evaluation, read_manifest
from understanding.manifest.pointer import CURRENT, read_current
from understanding.manifest.releases import Release, barred_versions, read_releases
from understanding.manifest.stored import stored_bundles, summaries

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
WHY = StatedReason("it looked better", NOW)
STEPS = ["release: record it", "promote 2", "promote 3", "promote 4"]


@pytest.fixture
def home(kafka: LocalKafka, tmp_path: Path, unique_topic: str) -> BatchHome:
    """A home without Spark."""
    return BatchHome(kafka.bootstrap_servers, tmp_path, f"{unique_topic}.")


@pytest.fixture
def models(home: BatchHome, small_bundle: Path) -> Path:
    """A folder with three models, of which nothing is known but their manifests."""
    folder = Path(home.settings.models_uri)
    store(folder, small_bundle, "v1", "v2", "v3")
    return folder


def in_use(home: BatchHome, progress: Step = nothing) -> ModelsInUse:
    return ModelsInUse(Path(home.settings.models_uri), home.options, home.settings.topic_prefix, progress)


def announced(home: BatchHome) -> list[ModelPublished]:
    values = [value for _, value in home.in_kafka(Topic.MODELS_PUBLISHED).values()]
    return [msgspec.json.decode(value or b"", type=ModelPublished) for value in values]


def current(models: Path) -> str | None:
    pointer = read_current(models)
    return pointer.version if pointer else None


def champions(models: Path) -> list[tuple[str, str]]:
    return [(release.kind, release.model.version) for release in read_releases(models)]


def were_current(models: Path, *versions: str) -> None:
    """Let these have been promoted, one after the other, long ago."""
    releases: tuple[Release, ...] = ()
    for version in versions:
        pointer = pointer_to(models / version, models, version=version)
        release = Release(
            number=0, decided_at=NOW, kind="promote", reason="long ago", model=pointer, accuracy=0.9,
            taxonomy_version="1",
        )  # fmt: skip
        releases = append_release(models, releases, release)
        write_current(models, pointer)
    note_announced(models, releases[-1])


def damage(models: Path, version: str) -> None:
    victim = models / version / "head.skops"
    victim.unlink()  # a link to the other models'
    victim.write_bytes(b"damaged")


def test_a_persons_acts_are_recorded_announced_and_undone(home: BatchHome, models: Path) -> None:
    """Promote twice, roll back twice: pointer, announcements and history agree, and the list says what is what."""
    for version in ("v1", "v2", "v3"):
        promote_version(in_use(home), version, WHY)
    assert promote_version(in_use(home), "v3", WHY).number == 3
    assert roll_back(in_use(home), None, StatedReason("too many wrong teams", NOW)).model.version == "v2"
    assert roll_back(in_use(home), None, WHY).model.version == "v1"
    with pytest.raises(ModelUnknown, match="no earlier model than v1"):
        roll_back(in_use(home), None, WHY)
    assert current(models) == "v1"
    assert champions(models) == [
        ("promote", "v1"), ("promote", "v2"), ("promote", "v3"), ("rollback", "v2"), ("rollback", "v1"),
    ]  # fmt: skip
    events = announced(home)
    assert [event.version for event in events] == ["v1", "v2", "v3", "v2", "v1"]
    assert events[3].reason == "rollback: too many wrong teams"
    assert events[3].replaced_version == "v3"
    marks = {found.version: found.marks for found in summaries(stored_bundles(models), read_releases(models))}
    assert marks == {"v1": ("champion",), "v2": ("rolled back",), "v3": ("rolled back",)}
    assert roll_back(in_use(home), "v3", WHY).model.version == "v3"


def test_what_cannot_be_used_is_refused_and_nothing_changes(home: BatchHome, models: Path) -> None:
    """An unknown version, a damaged bundle, a model that was never current: one sentence, and all stays."""
    promote_version(in_use(home), "v1", WHY)
    damage(models, "v2")
    with pytest.raises(ModelUnknown, match="holds no model 'v9'; it holds: v1, v2, v3"):
        promote_version(in_use(home), "v9", WHY)
    acts: list[Callable[[], Release]] = [
        lambda: promote_version(in_use(home), "v2", WHY),
        lambda: try_beside(in_use(home), "canary", "v2", 0.1, WHY),
    ]
    for act in acts:
        with pytest.raises(BundleError, match=r"v2/head\.skops: its sha256"):
            act()
    with pytest.raises(ModelUnknown, match="v3 was never current"):
        roll_back(in_use(home), "v3", WHY)
    promote_version(in_use(home), "v3", WHY)
    damage(models, "v1")
    with pytest.raises(BundleError, match=r"v1/head\.skops: not the file that was published"):
        roll_back(in_use(home), None, WHY)
    with pytest.raises(ModelUnknown, match="v3 is the current model"):
        try_beside(in_use(home), "shadow", "v3", 0.1, WHY)
    assert champions(models) == [("promote", "v1"), ("promote", "v3")]
    assert len(announced(home)) == 2


def test_a_new_kafka_hears_of_the_champion(home: BatchHome, models: Path) -> None:
    """The models folder met an empty models.published: promoting the same version again changed nothing, for ever."""
    promote_version(in_use(home), "v1", WHY)
    try_beside(in_use(home), "shadow", "v2", 0.05, WHY)
    told: list[str] = []
    acts: list[Callable[[], object]] = [
        lambda: promote_version(in_use(home), "v1", WHY),
        lambda: announce_model(InfraSettings.model_validate(home.settings.model_dump()), told.append),
        lambda: follow(home.options, models, prefix=home.settings.topic_prefix, progress=nothing),
    ]
    for number, act in enumerate(acts):
        another = BatchHome(
            home.settings.bootstrap_servers, home.history.parent, f"{number}{home.settings.topic_prefix}"
        )
        home.settings, home.options = another.settings, another.options
        act()
        act()
        (event,) = announced(home)
        assert (event.version, event.shadow and event.shadow.version) == ("v1", "v2")
    assert told == []
    assert len(read_releases(models)) == 2


@pytest.mark.parametrize("step", STEPS)
def test_an_interrupted_rollback_is_finished_not_repeated(home: BatchHome, models: Path, step: str) -> None:
    """Killed before any step, the same command again ends one step back, not two; so does the next batch run."""
    were_current(models, "v1", "v2", "v3")
    with pytest.raises(Death):
        roll_back(in_use(home, Deadly(step)), None, WHY)
    assert roll_back(in_use(home), None, WHY).model.version == "v2"
    assert current(models) == "v2"
    assert announced(home)[-1].version == "v2"
    with pytest.raises(Death):
        roll_back(in_use(home, Deadly(step)), None, WHY)
    follow(home.options, models, prefix=home.settings.topic_prefix, progress=nothing)
    assert current(models) == ("v2" if step == STEPS[0] else "v1")
    assert announced(home)[-1].version == current(models)


def test_trials_travel_with_every_announcement(home: BatchHome, models: Path) -> None:
    """Shadow and canary are told and ended without touching the champion; a change of the champion ends both."""
    were_current(models, "v1")
    try_beside(in_use(home), "shadow", "v2", 0.05, WHY)
    try_beside(in_use(home), "canary", "v3", 0.1, WHY)
    last = announced(home)[-1]
    assert last.version == "v1"
    assert last.shadow is not None
    assert last.canary is not None
    assert (last.shadow.version, last.shadow.share, last.canary.version) == ("v2", 0.05, "v3")
    assert end_trial(in_use(home), "shadow", WHY).shadow is None
    assert end_trial(in_use(home), "shadow", WHY).number == 4
    assert announced(home)[-1].canary == last.canary
    assert promote_version(in_use(home), "v3", WHY).canary is None
    assert announced(home)[-1].canary is None


def test_a_rolled_back_model_is_not_published_again_by_training(home: BatchHome, models: Path) -> None:
    """The gate's last winner, rolled back, stays away at the next batch run on the same inputs."""
    were_current(models, "v1")
    figures = Evaluation(
        bundle_version="v2", test_sum="t", n=10, accuracy=0.9, macro_f1=0.9, micro_f1=0.9,
        texts_per_second=1.0, encoder_share=0.5,
    )  # fmt: skip
    with batch_cycle(home.settings, command="batch train", progress=nothing) as cycle:
        _, data = cycle._training_data()
        verdict = Verdict(
            inputs_sum=data.sum(home.settings.training), decided_at=NOW, publish=True, reason="better",
            challenger=figures, champion=None, taxonomy_version="1",
            pointer=pointer_to(models / "v2", models, version="v2"), replaced_version="v1",
        )  # fmt: skip
        write_verdict(models, verdict)
        assert cycle.train() == verdict
        assert current(models) == "v2"
        roll_back(in_use(home), None, WHY)
        assert cycle.train() == read_verdict(models)
        assert cycle.train_if_due()[0] is None
    assert current(models) == "v1"
    assert [event.version for event in announced(home)] == ["v1", "v2", "v1"]


def test_a_pointer_that_nobody_recorded_is_taken_into_the_history(home: BatchHome, models: Path) -> None:
    """A pointer of an older version of the product, or one set by hand, is what a rollback goes back to."""
    write_current(models, pointer_to(models / "v1", models, version="v1"))
    promote_version(in_use(home), "v2", WHY)
    assert champions(models) == [("found", "v1"), ("promote", "v2")]
    assert roll_back(in_use(home), None, WHY).model.version == "v1"
    (models / CURRENT).write_bytes(b"{")
    follow(home.options, models, prefix=home.settings.topic_prefix, progress=nothing)
    assert current(models) == "v1"


def winner(home: BatchHome, models: Path, version: str, *, publish: bool) -> Verdict:
    """The gate's verdict on a model that stands beside the others, which nobody has followed yet."""
    figures = Evaluation(
        bundle_version=version, test_sum="t", n=10, accuracy=0.9, macro_f1=0.9, micro_f1=0.9,
        texts_per_second=1.0, encoder_share=0.5,
    )  # fmt: skip
    with batch_cycle(home.settings, command="batch train", progress=nothing) as cycle:
        _, data = cycle._training_data()
    verdict = Verdict(
        inputs_sum=data.sum(home.settings.training), decided_at=NOW, publish=publish, reason="measured",
        challenger=figures, champion=None, taxonomy_version="1",
        pointer=pointer_to(models / version, models, version=version),
    )  # fmt: skip
    write_verdict(models, verdict)
    return verdict


def test_a_rollback_leaves_what_the_person_saw(home: BatchHome, models: Path) -> None:
    """A winner that a killed training left behind came between, and the bad model was gone back to, not left."""
    were_current(models, "v1", "v2")
    winner(home, models, "v3", publish=True)
    assert roll_back(in_use(home), None, WHY).model.version == "v1"
    assert current(models) == "v1"
    assert barred_versions(read_releases(models)).keys() == {"v2", "v3"}


@pytest.mark.parametrize("publish", [True, False])
def test_a_bundle_of_an_older_format_is_replaced(home: BatchHome, models: Path, publish: bool) -> None:
    """After an upgrade it was current for ever: no worker took it, and training said that nothing was to do."""
    old = models / "v1" / "bundle.json"
    content = msgspec.json.decode(old.read_bytes()) | {"format": 1}
    old.unlink()
    old.write_bytes(msgspec.json.encode(content))
    write_current(models, pointer_to(models / "v1", models, version="v1"))
    verdict = winner(home, models, "v1", publish=publish)
    follow(home.options, models, prefix=home.settings.topic_prefix, progress=nothing)
    assert current(models) == "v1"
    assert settled(models, verdict.inputs_sum) is None
    assert promote_version(in_use(home), "v2", WHY).model.version == "v2"


def test_one_at_a_time(home: BatchHome, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second waits, and is told who holds the lock if it takes too long."""
    monkeypatch.setattr("batch.releases.models_lock._PATIENCE_S", 0.1)
    with (
        models_locked(models, command="batch train", now=NOW),
        pytest.raises(BatchBusy, match="`batch train`"),
    ):
        promote_version(in_use(home), "v1", WHY)


def test_old_challengers_go_and_what_is_needed_stays(models: Path) -> None:
    """The one just judged may be old and about to be published: it stays, as do released ones and a person's own."""
    were_current(models, "v1")
    (models / "v2").rename(models / "mine")
    shutil.copytree(models / "v3", models / "v4", copy_function=linked)
    manifest = read_manifest(models / "v3")
    later = msgspec.structs.replace(
        manifest, version="v4", created_at=manifest.created_at + timedelta(days=1)
    )
    (models / "v4" / "bundle.json").unlink()
    (models / "v4" / "bundle.json").write_bytes(msgspec.json.encode(later))
    assert remove_old_challengers(models, read_releases(models), spare={"v3"}, keep=0) == ["v4"]
    assert remove_old_challengers(models, read_releases(models), spare={"v1", None}, keep=0) == ["v3"]
    assert sorted(path.name for path in models.iterdir() if path.is_dir()) == ["mine", "releases", "v1"]


def test_an_act_of_a_page_counts_once_and_after_what_its_person_saw(home: BatchHome, models: Path) -> None:
    """An answer that was lost is asked for again with the act's id; the later of two people hears of the former."""
    ann = StatedReason("it looked better", NOW, "Ann", "page-1", after=0)
    first = promote_version(in_use(home), "v1", ann)
    assert promote_version(in_use(home), "v1", ann) == first
    with pytest.raises(ModelsChanged, match="release 1 came after release 0"):
        promote_version(in_use(home), "v2", StatedReason("mine is better", NOW, "Bo", "page-2", after=0))
    promote_version(in_use(home), "v2", StatedReason("mine is better", NOW, "Bo", "page-2", after=1))
    back = StatedReason("it is not", NOW, "Ann", "page-3", after=2)
    assert roll_back(in_use(home), "v1", back) == roll_back(in_use(home), "v1", back)
    assert [(one.number, one.by, one.act) for one in read_releases(models)] == [
        (1, "Ann", "page-1"), (2, "Bo", "page-2"), (3, "Ann", "page-3"),
    ]  # fmt: skip
    assert announced(home)[-1].reason == "rollback by Ann: it is not"


def test_a_trial_is_no_act_of_the_page_before_it(home: BatchHome, models: Path) -> None:
    """A release beside the champion copies the one before, and would have counted as that one's act."""
    promote_version(in_use(home), "v1", StatedReason("it looked better", NOW, "Ann", "page-1"))
    tried = try_beside(in_use(home), "shadow", "v2", 0.1, StatedReason("to compare", NOW, "Bo"))
    assert (tried.by, tried.act) == ("Bo", None)
