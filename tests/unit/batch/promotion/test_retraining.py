"""When it is time to train again."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from batch.promotion.retraining import Inputs, RetrainingRules, retraining_due, update_due
from batch.releases.verdicts import Verdict
from understanding.manifest.manifest import Evaluation

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RULES = RetrainingRules(corrections=20, hours=24)
EVALUATION = Evaluation(
    bundle_version="v2", test_sum="t", n=10, accuracy=0.9, macro_f1=0.9, micro_f1=0.9, texts_per_second=1.0,
    encoder_share=0.5,
)  # fmt: skip


def last(hours_ago: float = 1.0, drift: tuple[str, ...] = ()) -> Verdict:
    return Verdict(
        drift=drift,
        inputs_sum="all",
        base_sum="base",
        corrections=100,
        decided_at=NOW - timedelta(hours=hours_ago),
        publish=True,
        reason="better",
        challenger=EVALUATION,
        champion=None,
        taxonomy_version="1",
    )


def due(verdict: Verdict | None, inputs: Inputs, *, has_model: bool = True) -> str | None:
    return retraining_due(verdict, inputs, RULES, has_model=has_model, now=NOW)


def test_without_a_model_it_is_time() -> None:
    """At the first run, and where the pointer is gone."""
    assert due(None, Inputs("all", "base", 0)) == "there is no model yet"
    assert due(last(), Inputs("all", "base", 100), has_model=False) == "there is no model yet"


@pytest.mark.parametrize("hours_ago", [1, 1000])
def test_inputs_that_were_judged_are_never_due(hours_ago: float) -> None:
    """The same inputs make the same model, however long ago; so a model that was rolled back stays away."""
    assert due(last(hours_ago), Inputs("all", "base", 100)) is None


def test_other_files_are_due_at_once() -> None:
    """A person who changes taxonomy or files does not wait for a schedule."""
    assert "taxonomy, labelled files or settings" in str(due(last(), Inputs("new", "other", 100)))


@pytest.mark.parametrize(("corrections", "is_due"), [(101, False), (119, False), (120, True)])
def test_enough_corrections_are_due(corrections: int, *, is_due: bool) -> None:
    """The reason says how many there are and how many are enough."""
    reason = due(last(), Inputs("new", "base", corrections))
    assert (reason is not None) == is_due
    assert reason is None or reason == "20 corrections since the last training, 20 are enough"


def test_a_new_alert_of_drift_is_due() -> None:
    """Once: the training that it started knows it; the next week's alert is another one."""
    inputs = Inputs("new", "base", 101, ("2026-02-23/all/language",))
    assert due(last(), inputs) == "drift since the last training: 2026-02-23/all/language"
    assert due(last(drift=inputs.drift), inputs) is None
    assert due(last(), inputs._replace(sum="all")) is None, "there is nothing new to learn from"
    rules = RetrainingRules(on_drift=False)
    assert retraining_due(last(), inputs, rules, has_model=True, now=NOW) is None


def test_a_little_news_is_due_on_schedule() -> None:
    """A single correction is learnt by the next day."""
    assert due(last(23.9), Inputs("new", "base", 101)) is None
    assert "24.0 hours ago" in str(due(last(24), Inputs("new", "base", 101)))


def _updated(hours_ago: float = 1.0) -> Verdict:
    """The verdict on an update with ten corrections, after the training of `last`."""
    return msgspec.structs.replace(
        last(hours_ago),
        inputs_sum="ten more",
        corrections=110,
        decided_at=NOW,
        update_of="v2",
        last_training=last(hours_ago).training,
    )


@pytest.mark.parametrize(("corrections", "is_due"), [(104, False), (105, True), (119, True)])
def test_some_corrections_are_due_for_an_update(corrections: int, *, is_due: bool) -> None:
    """Fewer than a training takes, so that an answer that people put right is soon learnt."""
    inputs = Inputs("new", "base", corrections)
    assert due(last(), inputs) is None
    assert (update_due(last(), inputs, RULES) is not None) == is_due


def test_an_update_counts_from_the_last_model_and_a_training_from_the_last_training() -> None:
    """An update does not put off the training: that counts corrections and hours since the training before."""
    assert update_due(_updated(), Inputs("more", "base", 114), RULES) is None
    assert update_due(_updated(), Inputs("more", "base", 115), RULES) is not None
    assert due(_updated(), Inputs("more", "base", 119)) is None
    assert due(_updated(), Inputs("more", "base", 120)) is not None
    assert "25.0 hours ago" in str(due(_updated(hours_ago=25), Inputs("ten more", "base", 110)))


def test_an_update_after_nothing_known_puts_off_no_training() -> None:
    """With the training's verdict deleted, an update counted as one: for a day, or twenty corrections, none came."""
    unknown = msgspec.structs.replace(_updated(), last_training=None)
    assert unknown.training is None
    assert due(unknown, Inputs("ten more", "base", 110)) == "the last verdict knows of no whole training"
    assert update_due(unknown, Inputs("more", "base", 119), RULES) is None


def test_no_update_where_inputs_were_judged_or_other_files_are_there() -> None:
    """Judged inputs, other files, a rule of 0, and no model at all."""
    assert update_due(_updated(), Inputs("ten more", "base", 120), RULES) is None
    assert update_due(last(), Inputs("new", "other", 110), RULES) is None
    never = RetrainingRules(corrections=20, hours=24, update=0)
    assert update_due(last(), Inputs("new", "base", 119), never) is None
    assert update_due(None, Inputs("new", "base", 119), RULES) is None
