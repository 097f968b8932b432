"""The card of a model of predictions: what it foretells, how well, from what, and what it must not be trusted with."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from batch.cards.document import Document, Items, Section, Table, Text, html, markdown
from batch.foundation.storage import replace
from schemas.predictions import RISKS, Target
from understanding.predictions.folder import PredictionsManifest, TargetFigures
from understanding.predictions.model import PredictionModel, TargetModel

CARD_FOLDER: Final = "card"
_STRONGEST: Final = 8
_ASKED_FOR: Final = 0.8
"""The share of outcomes that an interval is made to hold."""

_OFF: Final = 0.1
"""An interval that holds so much less than it is made for is named among the limits."""


def write_predictions_card(folder: Path, manifest: PredictionsManifest, model: PredictionModel) -> None:
    """Write card.html and card.md beside a model's files. They decide nothing: the sums do not count them."""
    out = folder / CARD_FOLDER
    out.mkdir(exist_ok=True)
    document = predictions_card(manifest, model)
    replace(out / "card.md", markdown(document).encode())
    replace(out / "card.html", html(document).encode())


def predictions_card(manifest: PredictionsManifest, model: PredictionModel) -> Document:
    """Return the card; equal models give equal cards."""
    learnt = ", ".join(manifest.targets)
    short = (
        f"Foretells {learnt} of a ticket from what is known at its opening (satisfaction: at each event). Boosted "
        f"trees, learnt from {manifest.tickets:,} tickets up to {manifest.trained_until:%Y-%m-%d %H:%M} UTC."
    )
    return Document(
        f"Model card: predictions {manifest.version}",
        (
            Section("In short", (Text(short),)),
            Section("Limits", (Items(tuple(_limits(manifest))),)),
            Section("Quality", (_quality(manifest),)),
            Section(
                "What it asks for",
                (
                    Text("The columns that most nodes of the trees ask for, by their share of all nodes."),
                    Table(("target", "columns"), tuple(map(_asked, model.targets.values()))),
                ),
            ),
            Section("Data used", (_data(manifest),)),
        ),
    )


def _limits(manifest: PredictionsManifest) -> Iterator[str]:
    for target, why in manifest.left_out.items():
        yield f"{target} is not foretold: {why}."
    for target, described in manifest.targets.items():
        figures = described.figures
        if figures.covered is not None and figures.covered < _ASKED_FOR - _OFF:
            yield f"The interval of {target} held {figures.covered:.0%} of outcomes; it is made for {_ASKED_FOR:.0%}."
        if target in RISKS and described.calibration is None:
            yield f"The probabilities of {target} are not calibrated."
    yield (
        "It learns that things go on as they did: after a change of teams, promises or products it is wrong until it "
        "has seen enough of what is new."
    )
    yield "The words that it knows are those of openings, customers' ids among them: keep it as you keep the archive."


def _quality(manifest: PredictionsManifest) -> Table:
    columns = (
        *("target", "learnt from", "judged on", "measure", "model", "without a model", "gain, 95 %"),
        *("Brier score", "within the interval"),
    )
    return Table(columns, tuple(_figures(name, found.figures) for name, found in manifest.targets.items()))


def _figures(target: Target, found: TargetFigures) -> tuple[str, ...]:
    return (
        target,
        f"{found.train_rows:,}",
        f"{found.test_rows:,}",
        found.measure,
        f"{found.quality:.3f}",
        f"{found.plain:.3f}",
        f"{found.gain_low:+.3f} to {found.gain_high:+.3f}",
        "-" if found.brier is None else f"{found.brier:.3f}",
        "-" if found.covered is None else f"{found.covered:.1%}",
    )


def _asked(model: TargetModel) -> tuple[str, str]:
    forest, columns = model.forest, model.encoding.columns
    inner = forest.left != forest.right  # a leaf's are itself
    counts = Counter(columns[place] for place in forest.feature[inner].tolist())
    told = (f"{name} {count / counts.total():.0%}" for name, count in counts.most_common(_STRONGEST))
    return model.target, ", ".join(told) or "none: it answers the same for every ticket"


def _data(manifest: PredictionsManifest) -> Table:
    rows = (
        ("tickets", f"{manifest.tickets:,}"),
        ("newest event", f"{manifest.trained_until:%Y-%m-%d %H:%M} UTC"),
        ("sum of what was read", manifest.inputs_sum),
        ("code", manifest.code_version),
        *(
            (f"{target} learnt until", f"{found.figures.learnt_until:%Y-%m-%d %H:%M} UTC")
            for target, found in manifest.targets.items()
        ),
    )
    return Table(("", ""), rows)
