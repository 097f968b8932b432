"""What a comparison says: each policy's figures over the seeds, and how the first differs from each of the others."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Final, NamedTuple

import msgspec

from schemas.vocabulary import Priority
from simulation.compare import Difference, difference
from simulation.figures import Figures


class Measure(NamedTuple):
    """A figure as it is shown: its field, its heading, by what it is multiplied, and with how many decimals."""

    field: str
    heading: str
    factor: float = 1.0
    decimals: int = 1


MEASURES: Final = (
    Measure("sla_met", "SLA met %", 100),
    Measure("reply_met", "reply in time %", 100),
    Measure("wait_mean", "wait h", 1 / 60),
    Measure("wait_p95", "wait p95 h", 1 / 60),
    Measure("reply_mean", "reply h", 1 / 60),
    Measure("reply_p95", "reply p95 h", 1 / 60),
    Measure("solution_mean", "solution h", 1 / 60),
    Measure("reassignments", "reassigned", 1, 2),
    Measure("first_contact", "first contact %", 100),
    Measure("satisfaction", "satisfaction", 1, 2),
    Measure("utilisation", "busy %", 100),
    Measure("fairness", "fairness", 1, 3),
    Measure("cost", "cost", 1, 2),
)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison. `differences` are by other policy and figure: of the first policy less the other."""

    tickets_a_week: float | None
    seeds: tuple[int, ...]
    runs: dict[str, tuple[Figures, ...]]
    differences: dict[str, dict[str, Difference]]

    def mean(self, policy: str, field: str) -> float:
        """Return a figure's mean over the seeds."""
        return float(mean(getattr(run, field) for run in self.runs[policy]))

    def met(self, policy: str, priority: Priority) -> float | None:
        """Return the share of a priority's tickets that were solved in time; None where no seed had any."""
        shares = [
            run.sla_met_by_priority[priority]
            for run in self.runs[policy]
            if priority in run.sla_met_by_priority
        ]
        return mean(shares) if shares else None


def report_of(
    runs: Mapping[str, Sequence[Figures]], *, seeds: Sequence[int], tickets_a_week: float | None
) -> Report:
    """Put a comparison together; the first policy of `runs` is compared with the others."""
    first, *others = runs
    return Report(
        tickets_a_week=tickets_a_week,
        seeds=tuple(seeds),
        runs={policy: tuple(figures) for policy, figures in runs.items()},
        differences={
            other: {
                measure.field: difference(
                    [getattr(run, measure.field) for run in runs[first]],
                    [getattr(run, measure.field) for run in runs[other]],
                )
                for measure in MEASURES
            }
            for other in others
        },
    )
