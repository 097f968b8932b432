"""The end of the log hides what takes long: what is learnt is as if nothing were hidden."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from batch.predictions.censoring import LEAST_SHARE, Cohort, weighted_quantile
from batch.predictions.examples import Example, outcomes_of
from batch.predictions.fit import fit_target
from batch.predictions.recipes import RECIPES
from schemas.predictions import Known, Target
from tests.unit.schemas.ticket_facts import minute

DAY = timedelta(days=1)
START = minute(0)
NOW = START + 90 * DAY


def cohort(target: Target, days: float, *, seed: int = 3, now: datetime = NOW, tickets: int = 3000) -> Cohort:
    """Return tickets of 90 days that end after about `days`; of those with an outcome it is known at the end.

    Of one in five the time runs out, which takes four times as long as the rest.
    """
    random = np.random.default_rng(seed)
    starts = np.sort(random.uniform(0, 90, tickets))
    slow = random.random(tickets) < 0.2
    took = random.exponential(days, tickets) * np.where(slow, 4.0, 1.0)
    examples, hidden = [], []
    for start, late, length in zip(starts.tolist(), slow.tolist(), took.tolist(), strict=True):
        at, known_after = START + start * DAY, length * DAY
        if at + known_after <= now:
            outcome = float(late) if target == "breach" else float(np.log1p(length * 86_400))
            known = Known(words={"team": "one"}, numbers={"urgency": float(start % 1)})
            examples.append(Example(at, known, outcome, "medium", 3.0, known_after))
        else:
            hidden.append(at)
    return Cohort(examples, hidden, now)


def test_a_censored_newest_month_does_not_bias_a_risk() -> None:
    """Unweighted, the third month has hardly a ticket whose time ran out, as those are the ones still open."""
    known = cohort("breach", 6.0)
    newest = known.parted(NOW - 30 * DAY)[1]
    assert outcomes_of(newest.examples).mean() < 0.15
    assert np.average(outcomes_of(known.examples), weights=known.weights()) == pytest.approx(0.2, abs=0.02)
    model = fit_target("breach", known, RECIPES["breach"])
    foretold = np.mean([one.value for one in model.forecasts([one.known for one in known.examples[:200]])])
    assert foretold == pytest.approx(0.2, abs=0.03)


def test_a_censored_newest_month_does_not_bias_a_time() -> None:
    """With recent tickets counting more, as the recipe has it: half of all times are above what is foretold."""
    known, later = cohort("resolution", 3.0), cohort("resolution", 3.0, seed=4, now=NOW + 900 * DAY)
    model = fit_target("resolution", known, RECIPES["resolution"])
    seconds = np.expm1(outcomes_of(later.examples))
    forecasts = model.forecasts([one.known for one in later.examples])
    above = np.mean(seconds > np.array([one.value for one in forecasts]))
    assert above == pytest.approx(0.5, abs=0.06)
    within = np.mean([one.low <= took <= one.high for one, took in zip(forecasts, seconds, strict=True)])
    assert within == pytest.approx(0.8, abs=0.08)


def test_where_everything_is_known_every_example_counts_alike() -> None:
    """Then a weight would only add noise; one that is a half-life older counts half."""
    examples = [
        Example(START + n * DAY, Known(words={}, numbers={}), 0.0, "low", 3.0, timedelta()) for n in (0, 7)
    ]
    known = Cohort(examples, [], NOW)
    assert known.weights().tolist() == [1.0, 1.0]
    older, newer = known.weights(7 * DAY).tolist()
    assert newer == pytest.approx(2 * older)


def test_no_outcome_stands_for_more_than_twenty() -> None:
    known = cohort("breach", 60.0)
    weights = known.weights()
    assert weights.max() <= weights.min() / LEAST_SHARE + 1e-9


def test_a_quantile_heeds_weights() -> None:
    values, weights = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 8.0])
    assert [weighted_quantile(values, weights, level) for level in (0.1, 0.2, 0.5)] == [1.0, 2.0, 3.0]
