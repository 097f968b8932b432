"""Trains a model of predictions on what is known now: each target on its own, judged on its latest tickets."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, get_args

import msgspec
import numpy as np

from batch.foundation.reporting import Report
from batch.predictions.censoring import Cohort, cohort_of, settled
from batch.predictions.departures import NOBODY_TELLS, Departures
from batch.predictions.examples import Example, History, independent, outcomes_of
from batch.predictions.fit import HELD_OUT, fit_target, held_out
from batch.predictions.judging import Judged, answers_of, judge, plain_answers
from batch.predictions.recipes import RECIPES
from batch.training.plan.provenance import code_version
from schemas.predictions import RISKS, Target
from understanding.predictions.folder import (
    PredictionsManifest,
    TargetFigures,
    TargetManifest,
    encoded_files,
    write_predictions,
)
from understanding.predictions.model import TargetModel

LEAST_EXAMPLES: Final = 200
LEAST_OF_EACH: Final = 20
"""A target of fewer examples, or with fewer that have the outcome, or that do not, is left out."""

LEAST_EARLIER: Final = 100
"""So many must have been known when the first of the held-out tickets came."""

LEAST_BEFORE: Final = 50
"""So many must be older than those by which a model is calibrated; tickets that came at one moment are not parted."""

LEAST_COMPARED: Final = 50
"""On fewer tickets than this the current model and a newer one are not compared: the newer one is taken."""

NO_CHURN: Final = "no event says which customers have left"
_VERSION_LENGTH: Final = 12


class Trained(NamedTuple):
    """A target's model with its figures, on the latest tickets, which an earlier fit of it had not seen."""

    model: TargetModel
    figures: TargetFigures


class _Told(NamedTuple):
    """All that was told, of tickets and of customers who left; it is asked for what was known at a moment."""

    histories: Sequence[History]
    departures: Departures

    def cohort(self, target: Target, now: datetime) -> Cohort:
        return cohort_of(target, self.histories, now, departures=self.departures)


def train_predictions(
    histories: Sequence[History],
    out: Path,
    *,
    departures: Departures = NOBODY_TELLS,
    now: datetime,
    champion: Mapping[Target, Trained],
    progress: Report,
) -> PredictionsManifest | None:
    """Write a model of all targets that enough is known about and that beat what needs no model.

    None, and nothing is written, where no target does. A target on which the `champion` is surely better on tickets
    that it has not learnt stays the champion's, with its figures. Equal histories give equal files.
    """
    trained: dict[Target, Trained] = {}
    left_out: dict[Target, str] = {}
    told = _Told(histories, departures)
    for target in get_args(Target):
        progress(f"predictions: {target}")
        untold = target == "churn" and not departures.are_told(now)
        found = NO_CHURN if untold else _trained(target, told, now, champion.get(target))
        if isinstance(found, str):
            left_out[target] = found
        else:
            trained[target] = found
    if not trained:
        return None
    files = encoded_files({target: found.model for target, found in trained.items()})
    manifest = _manifest(trained, left_out, told, files, now)
    write_predictions(out, manifest, files)
    return manifest


def inputs_sum(histories: Iterable[History], departures: Departures = NOBODY_TELLS) -> str:
    """Return the sum of what there is to learn from: each ticket's newest row, and who left."""
    rows = sorted(
        (history[-1].row.ticket_id, history[-1].row.life, history[-1].row.revision) for history in histories
    )
    return hashlib.sha256(msgspec.json.encode([code_version(), rows, departures.words()])).hexdigest()


def _trained(target: Target, told: _Told, now: datetime, champion: Trained | None) -> Trained | str:
    """Return a target's model, or why there is none."""
    known = told.cohort(target, now)
    if (why := _too_little(target, known, LEAST_EXAMPLES)) is not None:
        return why
    held = settled(target, known)
    held = held[-max(1, round(len(held) * HELD_OUT)) :]
    outcomes = outcomes_of(held)
    if len(set(outcomes.tolist())) < 2:  # noqa: PLR2004 - one outcome alone tells nothing
        return f"its latest {len(held)} tickets that are old enough to judge by all came to the same"
    earlier = told.cohort(target, held[0].at)  # as they were known then
    if (why := _too_little(target, earlier, LEAST_EARLIER)) is not None:
        return f"{why} when the latest {len(held)} tickets came"
    tried = fit_target(target, earlier, RECIPES[target])
    judged = judge(target, answers_of(tried, held), plain_answers(target, earlier.examples, held), held)
    if not judged.low > 0:
        return f"it is not surely better than what needs no model: {_told(judged)}"
    if champion is not None and _is_surely_better(champion, told, held):
        return champion
    figures = _figures(tried, earlier.examples, held, judged, known.examples[-1].at)
    return Trained(fit_target(target, known, RECIPES[target]), figures)


def _is_surely_better(champion: Trained, told: _Told, held: Sequence[Example]) -> bool:
    """Tell whether the current model beats one of now on held-out tickets after those that it learnt from."""
    fresh = [example for example in held if example.at > champion.figures.learnt_until]
    target = champion.model.target
    outcomes = independent(target, fresh)
    if len(outcomes) < LEAST_COMPARED or len(set(outcomes.tolist())) < 2:  # noqa: PLR2004 - as above
        return False
    # It learns all that was known before: one of the older tickets alone would lose for its age.
    before = told.cohort(target, fresh[0].at)
    if _too_little(target, before, LEAST_EARLIER) is not None:
        return False
    challenger = fit_target(target, before, RECIPES[target])
    against = judge(target, answers_of(challenger, fresh), answers_of(champion.model, fresh), fresh)
    return against.high < 0


def _too_little(target: Target, cohort: Cohort, least: int) -> str | None:
    outcomes = independent(target, cohort.examples)
    whose = " of customers" if target == "churn" else ""
    if len(outcomes) < least:
        return f"{len(outcomes)} outcomes{whose} are known, {least} are needed"
    having = int((outcomes > 0).sum())
    if target in RISKS and min(having, len(outcomes) - having) < LEAST_OF_EACH:
        return f"{having} of {len(outcomes)} have it; {LEAST_OF_EACH} with and without are needed"
    before, _ = held_out(cohort)
    if len(before.examples) < LEAST_BEFORE:
        older = (
            f"{len(before.examples)} of {len(cohort.examples)} tickets came before the newest fifth of them"
        )
        return f"{older}, {LEAST_BEFORE} are needed"
    return None


def _told(judged: Judged) -> str:
    return f"{judged.quality:.4f} against {judged.other:.4f}, gain {judged.low:+.4f} to {judged.high:+.4f}"


def _figures(
    tried: TargetModel, earlier: Sequence[Example], held: Sequence[Example], judged: Judged, until: datetime
) -> TargetFigures:
    target = tried.target
    forecasts, outcomes = tried.forecasts([example.known for example in held]), outcomes_of(held)
    values = np.array([forecast.value for forecast in forecasts])
    brier = covered = None
    if target in RISKS:
        brier = float(np.mean((values - outcomes) ** 2))
    else:
        happened = np.expm1(outcomes) if target == "resolution" else outcomes
        low, high = (np.array([getattr(found, side) for found in forecasts]) for side in ("low", "high"))
        covered = float(np.mean((low <= happened) & (happened <= high)))
    measure = "area under the curve" if target in RISKS else _ERRORS[target]
    return TargetFigures(
        measure=measure,
        train_rows=len(earlier),
        test_rows=len(held),
        learnt_until=until,
        quality=judged.quality,
        plain=judged.other,
        gain_low=judged.low,
        gain_high=judged.high,
        brier=brier,
        covered=covered,
    )


_ERRORS: Final[Mapping[Target, str]] = {
    "resolution": "median absolute error of the logarithm of seconds",
    "satisfaction": "mean absolute error of the score",
}


def _manifest(
    trained: Mapping[Target, Trained],
    left_out: dict[Target, str],
    told: _Told,
    files: Mapping[str, bytes],
    now: datetime,
) -> PredictionsManifest:
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    calibrated = {
        target: (found.model.calibration, found.model.interval) for target, found in sorted(trained.items())
    }
    version = hashlib.sha256(msgspec.json.encode([sums, calibrated], order="sorted")).hexdigest()
    return PredictionsManifest(
        version=version[:_VERSION_LENGTH],
        created_at=now,
        trained_until=max(history[-1].time for history in told.histories),
        tickets=len(told.histories),
        inputs_sum=inputs_sum(*told),
        files=sums,
        targets={
            target: TargetManifest(
                figures=found.figures, calibration=found.model.calibration, interval=found.model.interval
            )
            for target, found in sorted(trained.items())
        },
        left_out=left_out,
        code_version=code_version(),
    )
