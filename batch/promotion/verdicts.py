"""The last verdict of the gate, on disk: the one file that decides which model is current.

`<models>/verdict.json` is written when everything that it names is in place; what follows from it (the pointer,
the announcement) is done after it, by the same run or by the next one. `<models>/announced.json` says up to which
verdict that has been done.
"""

from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from batch.errors import ModelsDamaged
from batch.storage import replace
from schemas.derived import ModelPublished
from schemas.identity import derived_id
from schemas.model.manifest import Evaluation
from schemas.model.registry import CurrentModel, read_current

T = TypeVar("T")

VERDICT_NAME: Final = "verdict.json"
ANNOUNCED_NAME: Final = "announced.json"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate decided about the model trained from inputs of this sum, and the figures of both."""

    inputs_sum: str
    decided_at: datetime
    publish: bool
    reason: str
    challenger: Evaluation
    champion: Evaluation | None
    taxonomy_version: str
    pointer: CurrentModel | None = None
    replaced_version: str | None = None

    @property
    def id(self) -> str:
        """The id of the verdict, and of the event that announces it."""
        return derived_id(self.inputs_sum, self.challenger.bundle_version, ModelPublished.__name__)

    def event(self) -> ModelPublished | None:
        """Return what is to be announced; None where the challenger lost."""
        if self.pointer is None:
            return None
        return ModelPublished(
            version=self.pointer.version,
            uri=self.pointer.uri,
            sha256=self.pointer.sha256,
            accuracy=self.challenger.accuracy,
            taxonomy_version=self.taxonomy_version,
            replaced_version=self.replaced_version,
        )


class _Announced(msgspec.Struct, frozen=True):
    verdict: str


def read_verdict(models: Path) -> Verdict | None:
    """Return the last verdict, None before the first. Raises ModelsDamaged where it cannot be read."""
    return _read(models / VERDICT_NAME, Verdict)


def settled(models: Path, inputs_sum: str) -> Verdict | None:
    """Return the last verdict if it is on a model of these inputs and a model is current; nothing is to do then."""
    last = read_verdict(models)
    return last if last and last.inputs_sum == inputs_sum and read_current(models) else None


def write_verdict(models: Path, verdict: Verdict) -> None:
    """Make a verdict count."""
    replace(models / VERDICT_NAME, msgspec.json.format(msgspec.json.encode(verdict), indent=1))


def is_announced(models: Path, verdict: Verdict) -> bool:
    """Tell whether all that follows from a verdict has been done."""
    found = _read(models / ANNOUNCED_NAME, _Announced)
    return found is not None and found.verdict == verdict.id


def note_announced(models: Path, verdict: Verdict) -> None:
    """Note that all that follows from a verdict has been done."""
    replace(models / ANNOUNCED_NAME, msgspec.json.encode(_Announced(verdict.id)))


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise ModelsDamaged(f"{path} cannot be read ({error}): delete it and train again") from error
