"""When a new model may replace the current one: surely better on the same rows, and on no part much worse."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from batch.training.evaluation.gate import (
    Answers,
    GateDecision,
    GateRules,
    challenger_wins,
    compare,
    paired_interval,
)
from batch.training.rows.rows import LabelledRow
from schemas.triage import Triage

RULES = GateRules()
COUNTS = st.integers(0, 60)


def rows(n: int, **known: str) -> list[LabelledRow]:
    return [LabelledRow(f"text {place}", ("a",), "test", **known) for place in range(n)]


def answers(version: str, right: Sequence[bool], language: str | None = None) -> Answers:
    results = [
        Triage(
            model_version=version,
            decided_by="ngrams",
            team="t",
            intent="a" if is_right else "b",
            language=language,
        )
        for is_right in right
    ]
    return Answers(version, results)


def judged(both: int, old: int, new: int, *, neither: int = 0, rules: GateRules = RULES) -> GateDecision:
    """Judge two models of which so many rows are answered rightly by both, only by the old, only by the new."""
    champion = [True] * (both + old) + [False] * (new + neither)
    challenger = [True] * both + [False] * old + [True] * new + [False] * neither
    return challenger_wins(answers("old", champion), answers("new", challenger), rows(len(champion)), rules)


def test_the_first_model_is_published() -> None:
    """There is nothing to beat; its accuracy is said."""
    decision = challenger_wins(None, answers("new", [True, False]), rows(2), RULES)
    assert decision == (True, "first model, accuracy 0.5000 on 2 rows", None)


def test_a_surely_better_model_is_published() -> None:
    """The reason has both accuracies, the rows, the difference with its interval, and the p-value."""
    decision = judged(900, 10, 40, neither=50)
    assert decision.publish
    assert decision.reason.startswith(
        "better than old: accuracy 0.9400 against 0.9100 on the same 1000 rows, +3.00 points (95 % interval +1.63 "
    )
    assert "McNemar p 2.4e-05" in decision.reason


@pytest.mark.parametrize(("old", "new"), [(0, 0), (5, 5), (10, 14), (0, 5), (30, 10)])
def test_equal_within_the_noise_stays_out(old: int, new: int) -> None:
    """A gain that chance explains is none, also where every one of few differences speaks for it."""
    decision = judged(500, old, new)
    assert not decision.publish
    assert decision.reason.startswith("not surely better than old: ")
    assert decision.comparison is not None
    assert decision.comparison.low <= 0 <= decision.comparison.n


def test_a_least_gain_can_be_demanded() -> None:
    """Surely better by something is not surely better by two points."""
    assert judged(900, 10, 40).publish
    demanding = judged(900, 10, 40, rules=GateRules(least_gain=0.02))
    assert not demanding.publish
    assert "must lie above +2.00 points" in demanding.reason


@given(old=COUNTS, new=COUNTS, same=st.integers(1, 500), confidence=st.sampled_from([0.8, 0.95, 0.99]))
def test_interval_and_test_agree(old: int, new: int, same: int, confidence: float) -> None:
    """The interval holds the difference, and lies above or below zero exactly where McNemar's test rejects."""
    n = old + new + same
    low, high, p_value = paired_interval(old, new, n=n, confidence=confidence)
    assert low - 1e-12 <= (new - old) / n <= high + 1e-12
    assert p_value == (binomtest(new, old + new).pvalue if old + new else 1.0)
    if abs(p_value - (1 - confidence)) > 1e-9:
        assert (low > 0 or high < 0) == (p_value < 1 - confidence)


@given(old=COUNTS, new=COUNTS)
def test_swapping_the_models_swaps_the_interval(old: int, new: int) -> None:
    """Neither side is favoured."""
    low, high, p_value = paired_interval(old, new, n=200, confidence=0.95)
    mirrored = paired_interval(new, old, n=200, confidence=0.95)
    assert mirrored == pytest.approx((-high, -low, p_value))


def _with_a_part(part: list[LabelledRow], lost: int, language: str | None = None) -> GateDecision:
    """Judge a model that wins 60 of 600 rows and loses `lost` of a part of the test."""
    test = rows(600) + part
    champion = [True] * 540 + [False] * 60 + [True] * len(part)
    challenger = [True] * 600 + [False] * lost + [True] * (len(part) - lost)
    return challenger_wins(
        answers("old", champion, language), answers("new", challenger, language), test, RULES
    )


@pytest.mark.parametrize("known", [{"channel": "phone"}, {"tier": "gold"}])
def test_a_part_that_loses_too_much_blocks(known: dict[str, str]) -> None:
    """A better model in all is refused for one channel or tier, and the reason says which, how many, how much."""
    decision = _with_a_part(rows(50, **known), lost=3)
    kind, value = next(iter(known.items()))
    assert not decision.publish
    assert decision.reason.startswith("better than old in all (")
    assert decision.reason.endswith(
        f"worse by more than 5.0 points on a part of the test: {kind} {value}, 50 rows: 0.9400 against 1.0000, "
        "6.0 points worse"
    )


def test_a_small_part_or_a_small_loss_does_not_block() -> None:
    """Below 50 rows a part says too little, and some loss is allowed."""
    assert _with_a_part(rows(49, channel="phone"), lost=20).publish
    assert _with_a_part(rows(60, channel="phone"), lost=3).publish
    assert not _with_a_part(rows(60, channel="phone"), lost=4).publish


def test_languages_are_told_from_the_text() -> None:
    """What the models say of the language makes the slices; texts whose language is not known are one."""
    test = rows(120)
    right = [True] * 120
    found = compare(answers("old", right, "de"), answers("new", right, "de"), test, RULES)
    assert [(part.kind, part.value, part.n) for part in found.slices] == [("language", "de", 120)]
    unknown = compare(answers("old", right), answers("new", right), test, RULES)
    assert [(part.kind, part.value) for part in unknown.slices] == [("language", "unknown")]
