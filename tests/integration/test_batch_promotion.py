"""Training, gating and promoting with the real encoder: a verdict once, and done to its end by whoever comes next."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from batch.foundation.training_options import TrainingOptions
from batch.promotion.promote import STAGING, TrainingContext, promote
from batch.promotion.training_data import TrainingData, gather
from batch.releases.effects import follow
from batch.releases.verdicts import Verdict, read_verdict, settled
from batch.training.evaluation.gate import GateRules
from batch.training.rows.rows import TrainingError
from infra.local.kafka import LocalKafka
from schemas.records.derived import ModelPublished
from schemas.records.topics import Topic
from schemas.taxonomy import Taxonomy, load_taxonomy
from tests.batch_home import BatchHome, Deadly, Death, Step, nothing
from understanding.bundle.registry import load_published
from understanding.manifest.pointer import read_current
from understanding.manifest.releases import Release

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TRAIN_STEPS = ["train 1", "train 2: learning words", "train 3", "train 4", "train 5"]
FOLLOW_STEPS = ["promote 1", "promote 2", "promote 3", "promote 4"]


def small_taxonomy() -> Taxonomy:
    """Six intents of the packaged taxonomy, in English, so that training takes a second."""
    taxonomy = load_taxonomy()
    first = list(taxonomy.intents.values())[:6]
    english = {intent.name: intent.model_copy(update={"examples_in": {}}) for intent in first}
    return taxonomy.model_copy(update={"intents": english})


@pytest.fixture
def home(kafka: LocalKafka, tmp_path: Path, unique_topic: str) -> BatchHome:
    """A home without Spark."""
    return BatchHome(kafka.bootstrap_servers, tmp_path, f"{unique_topic}.")


@pytest.fixture
def context(home: BatchHome, encoder_folder: Path) -> TrainingContext:
    """Where models of the small taxonomy are trained."""
    return TrainingContext(
        Path(home.settings.models_uri), small_taxonomy(), encoder_folder, TrainingOptions(seed=7)
    )


@pytest.fixture(scope="module")
def trained_first(encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder in which the first model has just won, and nobody has followed the verdict."""
    models = tmp_path_factory.mktemp("first") / "models"
    promote(
        TrainingContext(models, small_taxonomy(), encoder_folder, TrainingOptions(seed=7)),
        data(),
        now=NOW,
        attempt="a",
        progress=nothing,
    )
    return models


@pytest.fixture
def first(context: TrainingContext, trained_first: Path) -> Verdict:
    """The verdict on the first model, which is in its folder."""
    shutil.copytree(trained_first, context.models, dirs_exist_ok=True)
    verdict = read_verdict(context.models)
    assert verdict is not None
    return verdict


def data(*corrections: tuple[str, str]) -> TrainingData:
    return gather(small_taxonomy(), [], [{"text": text, "label": label} for text, label in corrections])


def announced(home: BatchHome) -> list[ModelPublished]:
    values = [value for _, value in home.in_kafka(Topic.MODELS_PUBLISHED).values()]
    return [msgspec.json.decode(value or b"", type=ModelPublished) for value in values]


def finish(home: BatchHome, context: TrainingContext, progress: Step = nothing) -> tuple[Release, ...]:
    return follow(home.options, context.models, prefix=home.settings.topic_prefix, progress=progress)


def test_death_at_any_step_is_repaired(home: BatchHome, context: TrainingContext) -> None:
    """Before whichever step training dies, the next run ends with one current model that is announced and loads."""
    for step in TRAIN_STEPS:
        with pytest.raises(Death):
            promote(context, data(), now=NOW, attempt="first", progress=Deadly(step))
        assert read_current(context.models) is None
    verdict = promote(context, data(), now=NOW, attempt="second", progress=nothing)
    assert verdict.publish
    assert not (context.models / STAGING).exists()
    for step in FOLLOW_STEPS:
        with pytest.raises(Death):
            finish(home, context, Deadly(step))
    (release,) = finish(home, context)
    assert finish(home, context) == (release,)
    assert (release.kind, release.cause) == ("gate", verdict.id)
    events = announced(home)
    assert {event.version for event in events} == {verdict.challenger.bundle_version}
    current = read_current(context.models)
    assert current is not None
    assert (events[-1].uri, events[-1].sha256) == (current.uri, current.sha256)
    assert load_published(current, context.models).version == current.version


def test_only_a_surely_better_model_is_published(
    home: BatchHome, context: TrainingContext, first: Verdict
) -> None:
    """Both answer the same frozen test, which more data does not change; no sure gain, no announcement."""
    finish(home, context)
    assert settled(context.models, data().sum(context.options)) == first
    label = next(iter(small_taxonomy().intents))
    more = data(("please look into this for me, it has happened before", label))
    assert settled(context.models, more.sum(context.options)) is None
    second = promote(context, more, now=NOW, attempt="b", progress=nothing)
    finish(home, context)
    assert second.champion is not None
    assert second.champion.test_sum == second.challenger.test_sum == first.challenger.test_sum
    assert second.comparison is not None
    assert not second.publish
    assert second.reason.startswith(f"not surely better than {first.challenger.bundle_version}: ")
    assert len(announced(home)) == 1
    assert settled(context.models, more.sum(context.options)) == second
    kept = second.pointer
    assert kept is not None
    assert load_published(kept, context.models).version == second.challenger.bundle_version


def test_unusable_champion_does_not_block(home: BatchHome, context: TrainingContext, first: Verdict) -> None:
    """A current model that cannot be loaded loses against any that can."""
    finish(home, context)
    (context.models / first.challenger.bundle_version / "head.skops").write_bytes(b"damaged")
    other = context._replace(options=TrainingOptions(seed=8))
    second = promote(other, data(), now=NOW, attempt="b", progress=nothing)
    assert second.champion is None
    assert second.publish
    assert [release.model.version for release in finish(home, other)] == [
        first.challenger.bundle_version,
        second.challenger.bundle_version,
    ]


def test_without_a_model_there_is_nothing_to_update(context: TrainingContext) -> None:
    """The message says to train anew."""
    with pytest.raises(TrainingError, match="cannot be updated: there is no model yet; train anew"):
        promote(context, data(), now=NOW, attempt="a", progress=nothing, update=True)


def test_an_update_is_gated_and_puts_off_no_training(
    home: BatchHome, context: TrainingContext, first: Verdict
) -> None:
    """The champion taught corrections meets it on the same test; its verdict settles an update, not a training."""
    finish(home, context)
    label = next(iter(small_taxonomy().intents))
    more = data(*((f"the teapot is broken again, number {n}", label) for n in range(12)))
    lenient = context._replace(gate=GateRules(least_gain=-1.0))
    update = promote(lenient, more, now=NOW, attempt="b", progress=nothing, update=True)
    assert update.publish
    assert update.update_of == first.challenger.bundle_version
    assert update.last_training == first.training
    assert update.champion is not None
    assert update.pointer is not None
    taught = load_published(update.pointer, context.models).manifest.update
    assert taught is not None
    assert (taught.base, taught.left_out) == (update.update_of, 0)
    inputs_sum = more.sum(context.options)
    assert settled(context.models, inputs_sum, update=True) == update
    assert settled(context.models, inputs_sum) is None
