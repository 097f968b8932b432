"""`ticketyard train predictions`: models of what becomes of tickets, from the archive; or back to the one before."""

from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from infra.cli.models.batch import batch_command, say_predictions
from understanding.manifest.pointer import PREDICTIONS_FOLDER
from understanding.predictions.folder import PredictionsManifest


@click.command("train predictions")
@click.option(
    "--roll-back",
    metavar="REASON",
    help="Train nothing: go back to the model before the current one, for a reason.",
)
def command(roll_back: str | None) -> int:
    """Train on what became of the archived tickets, and use the model if it is better than what needs none.

    Each target is judged on the latest fifth of its tickets. `ticketyard batch run` does the same when it is time to.
    """
    if roll_back is not None:
        return _roll_back(roll_back)
    with batch_command("train predictions") as cycle:
        outcome = cycle.train_predictions()
    say_predictions(outcome)
    if outcome is not None and outcome.manifest is not None:
        Console().print(_summary(outcome.manifest))
    return 0


def _roll_back(reason: str) -> int:
    from batch.foundation.settings import BatchSettings  # noqa: PLC0415 - brings what `--help` must not wait for
    from batch.predictions.releases import roll_back_predictions  # noqa: PLC0415 - as above

    folder = BatchSettings().models_folder / PREDICTIONS_FOLDER
    release = roll_back_predictions(folder, reason=reason, now=datetime.now(UTC))
    click.echo(f"predictions: model {release.model.version} is current again: {reason}")
    return 0


def _summary(manifest: PredictionsManifest) -> Table:
    table = Table("target", "learnt from", "judged on", "measure", "model", "without", "gain")
    for target, described in manifest.targets.items():
        found = described.figures
        gain = f"{found.gain_low:+.3f} to {found.gain_high:+.3f}"
        figures = (found.measure, f"{found.quality:.3f}", f"{found.plain:.3f}", gain)
        table.add_row(target, str(found.train_rows), str(found.test_rows), *figures)
    for target, why in manifest.left_out.items():
        table.add_row(target, "", "", why)
    return table
