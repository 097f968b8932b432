"""The last verdict of the gate, on disk: what it decided, on which inputs, by which figures.

`<models>/verdict.json` is written when the bundle that it is about is in place. That a winner becomes current is a
release (`understanding.manifest.releases`), made after it by the same run or by whatever comes next.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from batch.foundation.storage import replace
from batch.training.evaluation.gate import Comparison
from schemas.records.derived import ModelPublished
from schemas.records.identity import derived_id
from understanding.bundle.registry import usable
from understanding.manifest.manifest import Evaluation
from understanding.manifest.pointer import CurrentModel
from understanding.manifest.releases import read_record

VERDICT_NAME: Final = "verdict.json"


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """When a model was last trained whole, and from what: the sums and numbers of `Verdict`."""

    inputs_sum: str
    base_sum: str
    corrections: int
    drift: tuple[str, ...]
    decided_at: datetime


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate decided about the model trained from inputs of this sum, and the figures of both.

    `pointer` names the challenger's bundle, which is kept also where it lost or has to wait; an update that lost is
    not, and has none. `base_sum` is the sum of
    the inputs without corrections, of which there were `corrections`; `drift` names the alerts that stood.
    Where the challenger is the bundle `update_of` taught corrections, `last_training` is the training before it, None
    where nobody knows of any. `waiting` is the newest winner that waits for a person: this challenger, or one before.
    """

    inputs_sum: str
    decided_at: datetime
    publish: bool
    reason: str
    challenger: Evaluation
    champion: Evaluation | None
    taxonomy_version: str
    pointer: CurrentModel | None = None
    replaced_version: str | None = None
    comparison: Comparison | None = None
    base_sum: str = ""
    corrections: int = 0
    drift: tuple[str, ...] = ()
    update_of: str | None = None
    last_training: Training | None = None
    waiting: str | None = None

    @property
    def training(self) -> Training | None:
        """The last whole training that is known: the one that this verdict is about, or the one before an update."""
        if self.update_of is not None:
            return self.last_training
        return Training(
            inputs_sum=self.inputs_sum,
            base_sum=self.base_sum,
            corrections=self.corrections,
            drift=self.drift,
            decided_at=self.decided_at,
        )

    @property
    def id(self) -> str:
        """The id of the verdict, which the release that follows from it names as its cause."""
        return derived_id(
            self.inputs_sum,
            self.challenger.bundle_version,
            self.decided_at.isoformat(),
            ModelPublished.__name__,
        )


def read_verdict(models: Path) -> Verdict | None:
    """Return the last verdict, None before the first. Raises ModelsDamaged where it cannot be read."""
    return read_record(models / VERDICT_NAME, Verdict)


def settled(models: Path, inputs_sum: str, *, update: bool = False) -> Verdict | None:
    """Return the last verdict if it is on these inputs and a usable model is current: nothing is to do then.

    An update with these inputs settles no training on them, but a training an update.
    """
    last = read_verdict(models)
    if last is None or not usable(models):
        return None
    judged = last if update else last.training
    return last if judged is not None and judged.inputs_sum == inputs_sum else None


def write_verdict(models: Path, verdict: Verdict) -> None:
    """Make a verdict count."""
    replace(models / VERDICT_NAME, msgspec.json.format(msgspec.json.encode(verdict), indent=1))
