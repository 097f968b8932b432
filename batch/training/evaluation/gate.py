"""Whether a newly trained model may replace the current one: both on the same rows, pair by pair."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from batch.training.rows.rows import LabelledRow
from schemas.triage import Triage

UNKNOWN_LANGUAGE: Final = "unknown"
"""The slice of texts whose language could not be told."""


class GateRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a challenger must show; differences are shares of rows, 0.01 is one point of accuracy.

    The lower bound of the difference, at this confidence, must lie above `least_gain`; no slice of `slice_rows`
    rows or more may be worse by more than `slice_margin`.
    """

    confidence: float = 0.95
    least_gain: float = 0.0
    slice_rows: int = 50
    slice_margin: float = 0.05


class Answers(NamedTuple):
    """What one model said about each test row, in their order."""

    version: str
    results: Sequence[Triage]


class SliceComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Both accuracies on one part of the test, such as `language` `de`."""

    kind: str
    value: str
    n: int
    champion: float
    challenger: float

    @property
    def loss(self) -> float:
        """How much worse the challenger is; negative where it is better."""
        return self.champion - self.challenger


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two models on the same n rows.

    `low` and `high` bound the difference of the accuracies (challenger less champion) at `confidence`, given on
    how many rows just one of both is right; `p_value` is that of McNemar's exact test, two-sided, of no difference.
    """

    n: int
    champion: float
    challenger: float
    only_champion_right: int
    only_challenger_right: int
    difference: float
    low: float
    high: float
    confidence: float
    p_value: float
    slices: tuple[SliceComparison, ...] = ()


class GateDecision(NamedTuple):
    """Whether to publish the challenger, the sentence that says why, and the figures behind it."""

    publish: bool
    reason: str
    comparison: Comparison | None = None


def challenger_wins(
    champion: Answers | None, challenger: Answers, rows: Sequence[LabelledRow], rules: GateRules
) -> GateDecision:
    """Decide between two models that answered the same rows (at least one); without a champion, publish.

    A challenger that is equal within the noise stays out: a change without a gain costs every worker a reload.
    """
    if champion is None:
        right = sum(_right(challenger, rows))
        return GateDecision(
            publish=True, reason=f"first model, accuracy {right / len(rows):.4f} on {len(rows)} rows"
        )
    found = compare(champion, challenger, rows, rules)
    figures = _figures(found)
    if found.low <= rules.least_gain:
        wanted = f"the interval must lie above {_points(rules.least_gain)}"
        return GateDecision(
            publish=False,
            reason=f"not surely better than {champion.version}: {figures}; {wanted}",
            comparison=found,
        )
    worse = [part for part in found.slices if part.loss > rules.slice_margin + 1e-12]
    if worse:
        named = "; ".join(_slice_loss(part) for part in sorted(worse, key=lambda part: -part.loss))
        reason = (
            f"better than {champion.version} in all ({figures}), but worse by more than "
            f"{100 * rules.slice_margin:.1f} points on a part of the test: {named}"
        )
        return GateDecision(publish=False, reason=reason, comparison=found)
    return GateDecision(publish=True, reason=f"better than {champion.version}: {figures}", comparison=found)


def compare(
    champion: Answers, challenger: Answers, rows: Sequence[LabelledRow], rules: GateRules
) -> Comparison:
    """Return the paired comparison of two models on the same rows (at least one), and on each slice of them."""
    old, new = _right(champion, rows), _right(challenger, rows)
    only_old = sum(one and not other for one, other in zip(old, new, strict=True))
    only_new = sum(other and not one for one, other in zip(old, new, strict=True))
    low, high, p_value = paired_interval(only_old, only_new, n=len(rows), confidence=rules.confidence)
    return Comparison(
        n=len(rows),
        champion=sum(old) / len(rows),
        challenger=sum(new) / len(rows),
        only_champion_right=only_old,
        only_challenger_right=only_new,
        difference=(only_new - only_old) / len(rows),
        low=low,
        high=high,
        confidence=rules.confidence,
        p_value=p_value,
        slices=tuple(_slices(rows, challenger, old, new, least=rules.slice_rows)),
    )


def paired_interval(only_old: int, only_new: int, *, n: int, confidence: float) -> tuple[float, float, float]:
    """Return lower and upper bound of the difference of two accuracies on n rows, and McNemar's exact p-value.

    Rows on which both are right, or both wrong, say nothing about who is better. Of the others each is a toss that
    the new model wins with an unknown chance; the exact bounds of that chance (Clopper and Pearson) give those of
    the difference. So the interval lies above zero exactly when the test rejects "no difference" at its level.
    """
    from scipy.stats import binomtest  # noqa: PLC0415 - takes a second to load, and most readers of this module never test

    tosses = only_old + only_new
    if tosses == 0:
        return 0.0, 0.0, 1.0
    test = binomtest(only_new, tosses, 0.5)
    bounds = test.proportion_ci(confidence_level=confidence, method="exact")
    low, high = ((2 * float(bound) - 1) * tosses / n for bound in (bounds.low, bounds.high))
    return low, high, float(test.pvalue)


def _right(answers: Answers, rows: Sequence[LabelledRow]) -> list[bool]:
    return [result.intent in row.labels for row, result in zip(rows, answers.results, strict=True)]


def _slices(
    rows: Sequence[LabelledRow], challenger: Answers, old: Sequence[bool], new: Sequence[bool], *, least: int
) -> Iterator[SliceComparison]:
    """Yield the slices that are large enough, by kind and value; rows that do not say belong to none."""
    members: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, (row, result) in enumerate(zip(rows, challenger.results, strict=True)):
        for kind, value in _parts_of(row, result):
            members[kind, value].append(place)
    for (kind, value), places in sorted(members.items()):
        if len(places) >= least:
            yield SliceComparison(
                kind=kind,
                value=value,
                n=len(places),
                champion=sum(old[place] for place in places) / len(places),
                challenger=sum(new[place] for place in places) / len(places),
            )


def _parts_of(row: LabelledRow, result: Triage) -> Iterator[tuple[str, str]]:
    yield "language", result.language or UNKNOWN_LANGUAGE
    if row.tier:
        yield "tier", row.tier
    if row.channel:
        yield "channel", row.channel


def _figures(found: Comparison) -> str:
    return (
        f"accuracy {found.challenger:.4f} against {found.champion:.4f} on the same {found.n} rows, "
        f"{_points(found.difference)} ({100 * found.confidence:g} % interval {_points(found.low)} to "
        f"{_points(found.high)}, McNemar p {found.p_value:.2g})"
    )


def _points(share: float) -> str:
    return f"{100 * share:+.2f} points"


def _slice_loss(part: SliceComparison) -> str:
    return (
        f"{part.kind} {part.value}, {part.n} rows: {part.challenger:.4f} against {part.champion:.4f}, "
        f"{100 * part.loss:.1f} points worse"
    )
