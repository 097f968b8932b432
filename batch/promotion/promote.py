"""Train a challenger, gate it against the champion on the same frozen test, and promote it if it wins."""

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import structlog

from batch.cards.card import CardOptions, write_card
from batch.foundation.reporting import Report
from batch.foundation.training_options import TrainingOptions
from batch.promotion.first_model import first_key, take_first_model
from batch.promotion.measuring import Measured, measure_bundle, measure_published
from batch.promotion.settling import settle
from batch.promotion.training_data import TrainingData
from batch.releases.bundles import forget_texts
from batch.releases.holds import PublishRules, reason_to_wait
from batch.releases.models_lock import models_locked
from batch.releases.verdicts import Verdict, read_verdict
from batch.training.evaluation.gate import GateRules, challenger_wins
from batch.training.plan.progress import by_tenths
from batch.training.rows.rows import LabelledRow, TrainingError
from batch.training.shared_work.executor import Executor
from batch.training.train import train_bundle
from batch.training.update import update_bundle, why_not_updatable
from schemas.intent_map import NO_CHANGES, IntentMap
from schemas.taxonomy import Taxonomy
from understanding.arrays.errors import BundleError
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.manifest.manifest import CARD_FOLDER, BundleManifest, read_manifest
from understanding.manifest.pointer import CurrentModel
from understanding.manifest.releases import champion_of, read_releases
from understanding.signals.priority import PriorityTable

log = structlog.get_logger(__name__)

STAGING: Final = "_staging"


class TrainingContext(NamedTuple):
    """What every training of a home shares: where models lie, what labels mean, the encoder, the options, the rules.

    `sentiment` is the folder of the sentiment model that the bundles carry, if any.
    `intents` says what became of intents that models before this one may still name.
    The `executor` shares the work of a training out.
    `priorities` is the table of priorities that cards are made with, None for the packaged one.
    `first_models` is where set-up made the model of the first day, which is taken where it is the one to train.
    """

    models: Path
    taxonomy: Taxonomy
    encoder_dir: Path
    options: TrainingOptions = TrainingOptions()
    gate: GateRules = GateRules()
    publishing: PublishRules = PublishRules()
    sentiment: Path | None = None
    intents: IntentMap = NO_CHANGES
    executor: Executor | None = None
    priorities: Path | None = None
    first_models: Path | None = None


def promote(
    context: TrainingContext,
    data: TrainingData,
    *,
    now: datetime,
    attempt: str,
    progress: Report,
    update: bool = False,
) -> Verdict:
    """Return the verdict on the model that these data make, or with `update` on the champion taught the corrections.

    Steps: 1 remove what a run that died has left, 2 train, 3 measure champion and challenger on the same test and
    write the challenger's card, 4 move the bundle to its place, 5 write the verdict. What follows from it is
    `effects.follow`'s.
    """
    # What is wrong with test or table is better said before the minutes of training than after them.
    test, priorities = data.test(), PriorityTable.load(context.priorities)
    progress("train 1: remove what is not complete")
    shutil.rmtree(context.models / STAGING, ignore_errors=True)
    if not context.options.keep_examples:
        forget_texts(context.models)
    trained = context.models / STAGING / attempt
    made = _update if update else _train
    manifest = made(context, data, trained, now, progress)
    progress("train 3: measure champion and challenger")
    bundle = load_bundle(trained)
    challenger = measure_bundle(bundle, test)
    card_options = CardOptions(show_texts=context.options.keep_examples)
    _card(bundle, trained, test, priorities=priorities, options=card_options, progress=progress)
    base = manifest.update.base if manifest.update is not None else None
    verdict = _settled(context, data, trained, challenger, base=base, now=now, progress=progress)
    shutil.rmtree(context.models / STAGING, ignore_errors=True)
    return verdict


def _settled(
    context: TrainingContext,
    data: TrainingData,
    trained: Path,
    challenger: Measured,
    *,
    base: str | None,
    now: datetime,
    progress: Report,
) -> Verdict:
    """Do steps 4 and 5 against the champion of now; `base` is the version that was taught, None after a training."""
    while True:
        current = _champion(context.models)
        champion = measure_published(current, context.models, data.test(), context.intents)
        with models_locked(context.models, command="batch train", now=now):
            if _champion(context.models) != current:
                continue  # a person changed it meanwhile: the new one is what has to be beaten
            verdict = _verdict(context, data, champion, challenger, now)
            if base is not None:
                verdict = _after_update(context.models, verdict, base)
            return settle(
                context.models, trained, verdict, current, rules=context.publishing, progress=progress
            )


def _champion(models: Path) -> CurrentModel | None:
    return champion_of(models, read_releases(models))


def _train(
    context: TrainingContext, data: TrainingData, out: Path, now: datetime, progress: Report
) -> BundleManifest:
    taken = _taken(context, data, out)
    if taken is not None:
        progress("train 2: take the model that set-up made of the same")
        return taken
    return train_bundle(
        data.rows,
        context.options.model_copy(update={"encoder": data.encoder(context.options.encoder)}),
        taxonomy=context.taxonomy,
        encoder_dir=context.encoder_dir,
        out=out,
        created_at=now,
        inputs=data.inputs,
        sentiment=context.sentiment,
        progress=_telling(progress),
        executor=context.executor,
    )


def _taken(context: TrainingContext, data: TrainingData, out: Path) -> BundleManifest | None:
    """Return the model that set-up made of just these data, if it did, put into its place."""
    if context.first_models is None or context.sentiment is not None:
        return None
    key = first_key(data, context.options, context.encoder_dir)
    return take_first_model(context.first_models, key, out)


def why_no_update(context: TrainingContext, data: TrainingData) -> str | None:
    """Return why the champion cannot be taught the corrections, None where it can."""
    current = _champion(context.models)
    if current is None:
        return "there is no model yet"
    try:
        manifest = read_manifest(current.folder(context.models))
    except BundleError as error:
        return str(error)
    return why_not_updatable(manifest, data.inputs, context.taxonomy)


def _update(
    context: TrainingContext, data: TrainingData, out: Path, now: datetime, progress: Report
) -> BundleManifest:
    current, reason = _champion(context.models), why_no_update(context, data)
    if current is None or reason is not None:
        raise TrainingError(
            f"the current model cannot be updated: {reason}; train anew: `ticketyard batch train`"
        )
    return update_bundle(
        current.folder(context.models),
        data.known(),
        taxonomy=context.taxonomy,
        out=out,
        created_at=now,
        progress=_telling(progress),
        keep_examples=context.options.keep_examples,
    )


def _telling(progress: Report) -> Callable[[str, float], None]:
    return by_tenths(lambda what, share: progress(f"train 2: {what}, {share:.0%}"))


def _after_update(models: Path, verdict: Verdict, base: str) -> Verdict:
    """Let the verdict on an update remember the training before it, which says when the next one is due."""
    last = read_verdict(models)
    return msgspec.structs.replace(verdict, update_of=base, last_training=last.training if last else None)


def _card(
    bundle: Bundle,
    trained: Path,
    test: Sequence[LabelledRow],
    *,
    priorities: PriorityTable,
    options: CardOptions,
    progress: Report,
) -> None:
    """Put the card beside the bundle's files, before it gets its place; a card that fails keeps no model back."""
    try:
        write_card(
            trained / CARD_FOLDER,
            bundle,
            test,
            source=f"{len(test):,} rows of the frozen test",
            priorities=priorities,
            progress=by_tenths(lambda what, share: progress(f"train 3: {what}, {share:.0%}")),
            options=options,
        )
    except Exception:
        log.exception("no model card: `ticketyard models card VERSION` tries again", version=bundle.version)


def _verdict(
    context: TrainingContext,
    data: TrainingData,
    champion: Measured | None,
    challenger: Measured,
    now: datetime,
) -> Verdict:
    answers = champion.answers if champion else None
    decision = challenger_wins(answers, challenger.answers, data.test(), context.gate)
    publish, reason, version = decision.publish, decision.reason, challenger.evaluation.bundle_version
    wait = None
    if publish:
        wait = reason_to_wait(
            read_releases(context.models),
            version,
            context.publishing,
            now=now,
            replaces_usable=champion is not None,
        )
        if wait is not None:
            publish = False
            reason = f"{reason}; but {wait}: to publish it, run `ticketyard models promote {version}`"
    return Verdict(
        inputs_sum=data.sum(context.options),
        base_sum=data.base_sum(context.options),
        corrections=data.corrections,
        drift=data.drift,
        decided_at=now,
        publish=publish,
        reason=reason,
        challenger=challenger.evaluation,
        champion=champion.evaluation if champion else None,
        comparison=decision.comparison,
        taxonomy_version=context.taxonomy.version,
        waiting=version if wait is not None else None,
    )
