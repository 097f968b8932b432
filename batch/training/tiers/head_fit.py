"""Fitting the second tier's head: a linear layer on the frozen encoder's vectors."""

from typing import Any, Final

from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from batch.training.plan.fitted import head_state
from batch.training.rows.examples import Targets
from batch.training.tiers.linear import rows_of_weights
from understanding.arrays.probabilities import Matrix
from understanding.manifest.fit_settings import HeadSettings

_MOST_STEPS: Final = 500


def fit_head(
    vectors: Matrix, targets: Targets, labels: int, *, settings: HeadSettings | None = None
) -> dict[str, Any]:
    """Return the state of a head learnt from vectors, (n, dimensions), and the columns of their labels.

    The state is what `head_from` reads; both scales are 1, so it is not calibrated yet. Fitted on one core: the steps
    are so short that two wait for each other for longer than they work (docs/measurements/encoders.md). So the same
    rows give the same head on machines of any number of cores. That limit is the process's: not for two threads at
    once.
    """
    chosen = settings or HeadSettings()
    machine = LogisticRegression(C=chosen.regularisation, max_iter=_MOST_STEPS)
    with threadpool_limits(1):
        machine.fit(vectors, targets)
    weights, intercept = rows_of_weights(machine.coef_, machine.intercept_, machine.classes_, labels)
    return head_state(weights, intercept)
