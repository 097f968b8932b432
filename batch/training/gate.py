"""Whether a newly trained model may replace the current one."""

from typing import NamedTuple

from schemas.model.manifest import Evaluation


class GateDecision(NamedTuple):
    """Whether to publish the challenger, and the sentence that says why."""

    publish: bool
    reason: str


def challenger_wins(champion: Evaluation | None, challenger: Evaluation) -> GateDecision:
    """Decide between two models measured on the same rows; without a champion the challenger is published.

    Only strictly better accuracy wins: a change without a gain costs every worker a reload for nothing.
    """
    if champion is None:
        return GateDecision(
            publish=True, reason=f"first model, accuracy {challenger.accuracy:.4f} on {challenger.n} rows"
        )
    names = f"{champion.bundle_version} (champion) and {challenger.bundle_version} (challenger)"
    if champion.test_sum != challenger.test_sum:
        return GateDecision(
            publish=False,
            reason=f"{names} were measured on different rows; evaluate both on the same and decide again",
        )
    figures = f"{challenger.accuracy:.4f} against {champion.accuracy:.4f} on the same {champion.n} rows"
    if challenger.accuracy > champion.accuracy:
        return GateDecision(publish=True, reason=f"better than {champion.bundle_version}: accuracy {figures}")
    return GateDecision(
        publish=False, reason=f"not better than {champion.bundle_version}: accuracy {figures}"
    )
