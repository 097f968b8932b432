"""Whether it is time to train again: nothing is there, other files, enough corrections, drift, or the schedule."""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from batch.releases.verdicts import Training, Verdict


class RetrainingRules(msgspec.Struct, frozen=True, kw_only=True):
    """After how many new corrections, at alerts of drift or not, after how many hours where anything is new at all.

    After `update` new corrections the first tier alone is taught them meanwhile; 0 is never.
    """

    corrections: int = 20
    update: int = 5
    hours: float = 24.0
    on_drift: bool = True


class Inputs(NamedTuple):
    """What could be learnt from now: the sum of everything, of everything but corrections, and how many those are.

    `drift` names the alerts that stand (`batch.views.drift.alert_keys`).
    """

    sum: str
    base_sum: str
    corrections: int
    drift: tuple[str, ...] = ()


def retraining_due(
    last: Verdict | None, inputs: Inputs, rules: RetrainingRules, *, has_model: bool, now: datetime
) -> str | None:
    """Return why to train now, None where it is not time. Inputs that were judged already are never due.

    An alert of drift that the last training knew is no reason again: nothing has come of it, or not yet.
    `last` is the last verdict of the gate, `has_model` whether a model is current.
    """
    if last is None or not has_model:
        return "there is no model yet"
    before = last.training
    if before is None:
        return "the last verdict knows of no whole training"
    if inputs.sum == before.inputs_sum:
        return None
    if inputs.base_sum != before.base_sum:
        return "taxonomy, labelled files or settings are not those of the last training"
    return _news_enough(before, inputs, rules, now)


def _news_enough(last: Training, inputs: Inputs, rules: RetrainingRules, now: datetime) -> str | None:
    """Return why what came since the last training is enough for another, None where it is not."""
    more = abs(inputs.corrections - last.corrections)
    if more >= rules.corrections:
        return f"{more} corrections since the last training, {rules.corrections} are enough"
    fresh = [key for key in inputs.drift if key not in last.drift]
    if fresh and rules.on_drift:
        return f"drift since the last training: {', '.join(fresh)}"
    age = now - last.decided_at
    if age >= timedelta(hours=rules.hours):
        hours = age.total_seconds() / 3600
        return f"there is something new, and the last training was {hours:.1f} hours ago"
    return None


def update_due(last: Verdict | None, inputs: Inputs, rules: RetrainingRules) -> str | None:
    """Return why to teach the current model the corrections, though it is not time to train; None where not.

    Inputs that were judged already are never due, nor others than those of the last training but for corrections.
    """
    if last is None or not rules.update or inputs.sum == last.inputs_sum:
        return None
    if last.training is None or inputs.base_sum != last.training.base_sum:
        return None
    more = abs(inputs.corrections - last.corrections)
    if more < rules.update:
        return None
    return f"{more} corrections since the last model, {rules.update} are enough for an update"
