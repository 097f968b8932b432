"""Labelled rows beside what a model said about them: the one thing that every part of a card is made from."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np

from batch.training.calibration.reliability import Flags
from batch.training.evaluation.evaluate import MICRO_BATCH
from batch.training.rows.rows import LabelledRow
from schemas.triage import Triage
from schemas.vocabulary import OUT_OF_SCOPE, PRIORITY_RANK, TRIAGE_TEAM, Priority, Tier
from understanding.arrays.probabilities import Wide
from understanding.bundle.bundle import Bundle
from understanding.manifest.manifest import BundleManifest, Label
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage, understand


class AnsweredRow(NamedTuple):
    """One row and the whole result that a ticket of its text would get."""

    row: LabelledRow
    triage: Triage

    @property
    def right(self) -> bool:
        """Return whether the first guess is one of the row's labels."""
        return self.triage.intent in self.row.labels


class Answered:
    """All rows of a test with their answers; labels are what the bundle's manifest says of them."""

    def __init__(self, manifest: BundleManifest, rows: Sequence[AnsweredRow]) -> None:
        self.manifest = manifest
        self.rows = rows
        self._labels = {label.name: label for label in manifest.labels}

    def label(self, name: str) -> Label:
        """Return what is known of a label; one that the model has not learnt goes to triage, as in the stream."""
        known = self._labels.get(name)
        return known or Label(name=name, team=TRIAGE_TEAM, priority=Priority.MEDIUM, mapped=False)

    def wanted(self, one: AnsweredRow) -> Label:
        """Return the label that the row should have got: the one that was said if it is right, else its first."""
        return self.label(str(one.triage.intent) if one.right else one.row.labels[0])

    def said(self, one: AnsweredRow) -> Label:
        """Return the label that was said; nothing said counts as out of scope."""
        return self.label(one.triage.intent or OUT_OF_SCOPE)

    @property
    def results(self) -> list[Triage]:
        """Return the results alone."""
        return [one.triage for one in self.rows]

    @cached_property
    def confidence(self) -> Wide:
        """Return each row's confidence, (n,)."""
        return np.array([one.triage.confidence for one in self.rows], dtype=np.float64)

    @cached_property
    def right(self) -> Flags:
        """Return whether each row is right, (n,)."""
        return np.array([one.right for one in self.rows], dtype=np.bool_)

    @cached_property
    def in_scope(self) -> "Answered":
        """Return the rows whose label is not out of scope."""
        return Answered(self.manifest, [one for one in self.rows if OUT_OF_SCOPE not in one.row.labels])


def answer_rows(
    bundle: Bundle,
    rows: Sequence[LabelledRow],
    *,
    priorities: PriorityTable,
    now: datetime,
    progress: Callable[[str, float], None],
) -> Answered:
    """Return the rows with what a ticket of each text would get, as if it came `now`; no priority depends on that."""
    known = set(Tier)
    found: list[AnsweredRow] = []
    for start in range(0, len(rows), MICRO_BATCH):
        progress("model card", start / len(rows))
        part = rows[start : start + MICRO_BATCH]
        messages = [
            CustomerMessage(row.text, now, Tier(row.tier) if row.tier in known else None) for row in part
        ]
        found += map(AnsweredRow, part, understand(bundle, messages, priorities=priorities))
    progress("model card", 1.0)
    return Answered(bundle.manifest, found)


def rank(priority: Priority | None) -> int:
    """Return a priority's place from the least urgent; none counts as medium."""
    return PRIORITY_RANK[priority or Priority.MEDIUM]
