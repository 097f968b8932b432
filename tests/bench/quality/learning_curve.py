"""it_service_tickets in ten slices, a retraining after each, against the first day's model by the taxonomy alone.

Both are asked for the category, which is all that the first day's model can know of the file's topics: the file
`it_tickets_categories.yaml` says which category a topic stands for. The picture lies in docs/.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from batch.foundation.training_options import TrainingOptions
from batch.training.rows.rows import LabelledRow, rows_from_taxonomy
from schemas.taxonomy import load_taxonomy
from schemas.triage import Triage
from tests.bench.quality import it_tickets
from tests.bench.quality.answers import results_of
from tests.bench.quality.context import SEED, THREADS, BenchContext
from tests.bench.quality.curve_picture import Line, svg_of
from tests.bench.quality.registry import Row, at_least, reported
from understanding.bundle.bundle import load_bundle
from understanding.scoring.text import normalised

SLICES: Final = 10
EVERY: Final = 4
"""Every fourth row of the file: eleven trainings on all of it would take an hour for a point more at the end."""
LEAST_GAIN: Final = 10.0
CATEGORIES: Final = Path(__file__).with_name("it_tickets_categories.yaml")
PICTURE: Final = Path(__file__).parents[3] / "docs" / "learning-curve.svg"


class Point(NamedTuple):
    """What a model that learnt so many rows answers rightly on the held-out rows: topics, and their categories.

    The first day's model cannot name a topic, so it gets none right.
    """

    rows: int
    topics: float
    categories: float


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure the first day's model, then the one after each slice, on the same held-out rows; draw the curve."""
    category_of: dict[str, str] = yaml.safe_load(CATEGORIES.read_text(encoding="utf-8"))
    everything = it_tickets.rows(context)[::EVERY]
    held_out = [row for row in everything if row.split == "test"]
    unseen = {normalised(row.text) for row in held_out}
    learnt = [row for row in everything if row.split != "test" and normalised(row.text) not in unseen]
    points = [_cold_start(context, held_out, category_of)]
    for number in range(1, SLICES + 1):
        rows = learnt[: len(learnt) * number // SLICES]
        points.append(_after(context, f"{it_tickets.NAME}-slice-{number}", rows, held_out, category_of))
        context.console.print(f"slice {number}: {points[-1]}", highlight=False)
    draw(points, PICTURE)
    gain = 100 * (points[-1].categories - points[0].categories)
    return [
        reported("category by the taxonomy alone, first day", f"{points[0].categories:.3f}"),
        *(
            reported(
                f"after {point.rows} rows: category, topic", f"{point.categories:.3f}, {point.topics:.3f}"
            )
            for point in points[1:]
        ),
        at_least(
            "points of category accuracy above the first day's, after the last", LEAST_GAIN, gain, digits=1
        ),
    ]


def draw(points: Sequence[Point], file: Path) -> None:
    """Draw accuracy over rows learnt, with the first day's model as the line to beat."""
    lines = [
        Line("category, learnt", [(point.rows, point.categories) for point in points[1:]]),
        Line("topic, learnt", [(point.rows, point.topics) for point in points[1:]]),
        Line("category, taxonomy alone", [(0, points[0].categories)]),
    ]
    picture = svg_of(lines, across="labelled tickets learnt", up="accuracy on held-out tickets")
    file.write_text(picture, encoding="utf-8")


def _cold_start(context: BenchContext, held_out: Sequence[LabelledRow], category_of: dict[str, str]) -> Point:
    results = _answers(context, "taxonomy", lambda: rows_from_taxonomy(load_taxonomy()), held_out)
    right = [
        result.category == category_of[row.labels[0]] for row, result in zip(held_out, results, strict=True)
    ]
    return Point(0, 0.0, sum(right) / len(right))


def _after(
    context: BenchContext,
    name: str,
    rows: Sequence[LabelledRow],
    held_out: Sequence[LabelledRow],
    category_of: dict[str, str],
) -> Point:
    results = _answers(context, name, lambda: rows, held_out)
    pairs = [(row.labels[0], result.intent or "") for row, result in zip(held_out, results, strict=True)]
    topics = sum(wanted == found for wanted, found in pairs)
    categories = sum(category_of[wanted] == category_of[found] for wanted, found in pairs)
    return Point(len(rows), topics / len(pairs), categories / len(pairs))


def _answers(
    context: BenchContext,
    name: str,
    rows: Callable[[], Sequence[LabelledRow]],
    held_out: Sequence[LabelledRow],
) -> list[Triage]:
    """Return the answers of a model as `batch train` makes it by default: frozen encoder, default options."""
    out = context.bundle(name, rows, options=TrainingOptions(seed=SEED, threads=THREADS))
    return results_of(load_bundle(out, threads=THREADS), held_out)
