"""The alerts of drift in a run's views: people are told of them, and retraining may start on them."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import msgspec

EVERY_MODEL: Final = "all"
"""The model version under which the view `model_drift` has the tickets of every model."""

_RANKS: Final = {"watch": 1, "alert": 2}


class DriftFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One signal of one model that has left its reference week, by the statistic that says so most clearly."""

    level: str
    model_version: str
    signal: str
    kind: str
    statistic: str
    distance: float
    watch_from: float
    alert_from: float
    week: date
    reference_week: date

    @property
    def key(self) -> str:
        """What tells this finding from others: of all tickets, the same signal in another week is another one.

        A model is compared with its own first week for good, so what it has once left it mostly stays away from.
        """
        subject = f"{self.model_version}/{self.signal}"
        return f"{self.week}/{subject}" if self.model_version == EVERY_MODEL else subject

    def __str__(self) -> str:
        """Return the sentence for people."""
        whose = "all tickets" if self.model_version == EVERY_MODEL else f"model {self.model_version}"
        least = self.alert_from if self.level == "alert" else self.watch_from
        return (
            f"{self.level}: {self.signal} of {whose}: {self.statistic} {self.distance:.3f} ({self.level} from "
            f"{least:g}), week of {self.week} against week of {self.reference_week}"
        )


def standing_findings(rows: Iterable[Mapping[str, Any]]) -> list[DriftFinding]:
    """Return what the rows of `model_drift` find in the newest judged week, alerts first; one of each signal."""
    standing = [row for row in rows if row["is_newest"] and row["level"] in _RANKS]
    # Of one signal the higher level speaks, of equal levels what is farthest beyond its threshold.
    standing.sort(key=lambda row: (_RANKS[row["level"]], row["distance"] / row["alert_from"]), reverse=True)
    first = {(row["model_version"], row["signal"]): row for row in reversed(standing)}
    found = [msgspec.convert(row, DriftFinding) for row in first.values()]
    return sorted(found, key=lambda one: (-_RANKS[one.level], one.model_version, one.kind, one.signal))


def alert_keys(findings: Iterable[DriftFinding], champion: str | None) -> tuple[str, ...]:
    """Return the keys of the alerts that are about the model that decides now, or about all tickets."""
    return tuple(
        sorted(
            one.key
            for one in findings
            if one.level == "alert" and one.model_version in {EVERY_MODEL, champion}
        )
    )
