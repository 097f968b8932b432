"""Train a challenger, gate it against the champion on the same frozen test, and promote it if it wins."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from batch.promotion.training_data import TrainingData
from batch.promotion.verdicts import Verdict, write_verdict
from batch.training.evaluate import evaluate_bundle
from batch.training.gate import challenger_wins
from batch.training.rows import LabelledRow
from batch.training.train import train_bundle
from schemas.errors import PipelineError
from schemas.model.bundle import load_bundle
from schemas.model.errors import BundleError
from schemas.model.manifest import BundleManifest, Evaluation
from schemas.model.registry import CurrentModel, load_published, pointer_to, read_current
from schemas.taxonomy import Taxonomy

log = structlog.get_logger(__name__)
Progress = Callable[[str], None]

STAGING: Final = "_staging"


class Workshop(NamedTuple):
    """What every training of a home shares: where models lie, what labels mean, the frozen encoder, the seed."""

    models: Path
    taxonomy: Taxonomy
    encoder_dir: Path
    seed: int


def promote(
    workshop: Workshop, data: TrainingData, *, now: datetime, attempt: str, progress: Progress
) -> Verdict:
    """Return the verdict on the model that these data make.

    Steps: 1 remove what a run that died has left, 2 train, 3 measure champion and challenger on the same test,
    4 move a winner to its place, 5 write the verdict. What follows from it is `effects.follow`'s.
    """
    models, champion = workshop.models, read_current(workshop.models)
    progress("train 1: remove what is not complete")
    shutil.rmtree(models / STAGING, ignore_errors=True)
    trained = models / STAGING / attempt
    manifest = _train(workshop, data, trained, now, progress)
    progress("train 3: measure champion and challenger")
    challenger = manifest.test
    assert challenger is not None  # there are test rows, or `_train` would not have returned
    measured = _champion_on(models, champion, data.test())
    decision = challenger_wins(measured, challenger)
    progress("train 4: move a winner to its place")
    pointer = _place(models, trained, manifest) if decision.publish else None
    verdict = Verdict(
        inputs_sum=data.sum(workshop.seed),
        decided_at=now,
        publish=decision.publish,
        reason=decision.reason,
        challenger=challenger,
        champion=measured,
        taxonomy_version=workshop.taxonomy.version,
        pointer=pointer,
        replaced_version=champion.version if champion else None,
    )
    progress("train 5: write the verdict")
    write_verdict(models, verdict)
    shutil.rmtree(models / STAGING, ignore_errors=True)
    return verdict


def _train(
    workshop: Workshop, data: TrainingData, out: Path, now: datetime, progress: Progress
) -> BundleManifest:
    data.test()  # without a test there is no gate: better said before the minutes of training than after them
    return train_bundle(
        data.rows,
        taxonomy=workshop.taxonomy,
        encoder_dir=workshop.encoder_dir,
        out=out,
        seed=workshop.seed,
        created_at=now,
        inputs=data.inputs,
        progress=lambda what, share: progress(f"train 2: {what}, {share:.0%}"),
    )


def _champion_on(models: Path, champion: CurrentModel | None, test: list[LabelledRow]) -> Evaluation | None:
    if champion is None:
        return None
    try:
        bundle = load_published(champion, models)
    except (PipelineError, OSError) as error:
        # Nobody can score with it: anything that can be loaded is better.
        log.warning("the current model cannot be loaded", version=champion.version, error=str(error))
        return None
    return evaluate_bundle(bundle, test)


def _is_whole(folder: Path) -> bool:
    """Return whether a bundle lies in `folder` with every file's sum right."""
    try:
        load_bundle(folder)
    except (BundleError, OSError):
        return False
    return True


def _place(models: Path, trained: Path, manifest: BundleManifest) -> CurrentModel:
    """Move a bundle to the folder of its version; a whole one that is there already is the same, a damaged one goes."""
    target = models / manifest.version
    if _is_whole(target):
        shutil.rmtree(trained)
    else:
        shutil.rmtree(target, ignore_errors=True)
        trained.rename(target)
    return pointer_to(target, models, version=manifest.version)
