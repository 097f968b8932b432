"""How a bundle is trained, as options of a command."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from batch.settings import BatchSettings
from batch.training.calibrate import LOSS
from infra.cli.options.option_groups import Command, with_options
from understanding.manifest.bands import HIGH_ACCURACY, MEDIUM_ACCURACY, BandRules

if TYPE_CHECKING:
    from batch.training.options import (
        TrainingOptions,  # brings scikit-learn, and `--help` must not wait for it
    )

_OPTIONS: Final = (
    click.option("--seed", type=int, default=None, help="Seed of all randomness."),
    click.option(
        "--encoder",
        type=click.Choice(["auto", "frozen", "fine-tuned"]),
        default="frozen",
        show_default=True,
        help="fine-tuned trains the encoder too, with PyTorch: minutes to an hour, and a point or more better. "
        "auto does so with files, where PyTorch is.",
    ),
    click.option(
        "--quality",
        type=click.FloatRange(min=0, max=100),
        default=100 * LOSS,
        show_default=True,
        help="Points of accuracy given for less work of the encoder and of its upper layers: more is faster.",
    ),
    click.option(
        "--high-accuracy",
        type=click.FloatRange(min=0, max=1),
        default=HIGH_ACCURACY,
        show_default=True,
        help="What answers of the high band must reach.",
    ),
    click.option(
        "--medium-accuracy",
        type=click.FloatRange(min=0, max=1),
        default=MEDIUM_ACCURACY,
        show_default=True,
        help="What answers of the bands high and medium must reach together; others go to a person.",
    ),
    click.option(
        "--threads", type=click.IntRange(min=1), default=1, show_default=True, help="For the encoder."
    ),
    click.option(
        "--sentiment",
        type=click.Path(path_type=Path),
        default=None,
        help="Folder of a sentiment model (--task sentiment) that the bundle carries; else that of the settings.",
    ),
    click.option(
        "--master",
        default=None,
        help="Share the work out among Spark's executors there: local[2], spark://host:7077, yarn, …; "
        "without it all is done in this process.",
    ),
    click.option(
        "--search",
        is_flag=True,
        help="Choose the settings of both tiers by 5-fold cross-validation over a small grid first.",
    ),
    click.option(
        "--keep-examples",
        is_flag=True,
        help="Let the bundle keep a few labelled texts for explanations: personal data (docs/explanations.md).",
    ),
)


def training_options(command: Command) -> Command:
    """Add the options of a training to a click command."""
    return with_options(command, _OPTIONS)


def options_from(
    chosen: Mapping[str, Any], settings: BatchSettings, *, with_files: bool
) -> "TrainingOptions":
    """Return what the options of `training_options` choose; without files `auto` leaves the encoder frozen."""
    from batch.training.fitted import Wishes  # noqa: PLC0415 - scikit-learn takes seconds
    from batch.training.options import TrainingOptions  # noqa: PLC0415 - as above

    encoder = chosen["encoder"]
    bands = BandRules(high_accuracy=chosen["high_accuracy"], medium_accuracy=chosen["medium_accuracy"])
    return TrainingOptions(
        seed=settings.train_seed if chosen["seed"] is None else chosen["seed"],
        encoder=encoder if with_files or encoder != "auto" else "frozen",
        threads=chosen["threads"],
        wishes=Wishes(loss=chosen["quality"] / 100, bands=bands, search=chosen["search"]),
        keep_examples=chosen["keep_examples"],
    )
