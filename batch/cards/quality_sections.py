"""The sections of a card that say how good a model is: figures, confusion, reliability, coverage."""

from collections.abc import Iterator
from typing import Final

from batch.cards.answered import Answered
from batch.cards.confusion import confusion_matrix, mixed_pairs
from batch.cards.document import Part, Picture, Section, Table, Text
from batch.cards.pictures import confusion_picture, coverage_picture, drawable, reliability_picture
from batch.cards.reliability_bins import coverage_curve, reliability_bins
from batch.cards.wording import percent
from understanding.manifest.manifest import Evaluation

NO_PICTURE: Final = Text(
    "The picture is left out: matplotlib is not installed here (install ticketyard[batch] with it, then "
    "`ticketyard models card`)."
)
_COVERAGES: Final = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5)


def quality_sections(answers: Answered, measured: Evaluation) -> Iterator[Section]:
    """Yield the sections in their order; `measured` are the figures of the same rows."""
    yield Section("Quality", tuple(_figures(measured)))
    yield Section("What is mixed up", tuple(_confusion(answers)))
    yield Section("Does confidence mean what it says", tuple(_reliability(answers, measured)))
    yield Section("What answering less would give", tuple(_coverage(answers, measured)))


def _figures(measured: Evaluation) -> Iterator[Part]:
    lines = {
        "accuracy (the first guess is a label of the row)": percent(measured.accuracy),
        "macro-F1 (every label counts the same)": percent(measured.macro_f1),
        "accuracy in scope": percent(measured.in_scope_accuracy),
        "out of scope found": percent(measured.oos_recall),
        "decided by the encoder": percent(measured.encoder_share),
        "accuracy where the first tier decided": percent(measured.ngrams_accuracy),
        "accuracy where the encoder decided": percent(measured.encoder_accuracy),
    }
    yield Text(
        f"On {measured.n:,} rows. They speak of new tickets only as far as the model has not learnt from them: rows of "
        "split test are never learnt from."
    )
    yield Table(("figure", "value"), tuple((name, value) for name, value in lines.items() if value != "-"))
    if measured.bands:
        yield Table(
            ("band", "of the rows in scope", "accuracy", "of the rows out of scope"),
            tuple(
                (one.band, percent(one.share), percent(one.accuracy), percent(one.oos_share))
                for one in measured.bands
            ),
        )
        yield Text("A ticket of the low band goes to a person, with the three best guesses.")


def _confusion(answers: Answered) -> Iterator[Part]:
    pairs = mixed_pairs(answers)
    if not pairs:
        yield Text("Nothing: every row got one of its labels.")
        return
    matrix = confusion_matrix(answers)
    if drawable():
        caption = (
            f"Rows by {matrix.grouped_by}: of the rows that are what stands on the left, how many per cent were "
            "called what stands below. Shares below half a per cent are not written."
        )
        yield Picture("confusion", confusion_picture(matrix), caption)
    else:
        yield NO_PICTURE
    yield Text("The pairs that are mixed up most often:")
    yield Table(
        ("what it is", "what was said", "rows", "of its rows"),
        tuple((pair.label, pair.said, f"{pair.n:,}", percent(pair.share)) for pair in pairs),
    )


def _reliability(answers: Answered, measured: Evaluation) -> Iterator[Part]:
    bins = reliability_bins(answers)
    if not bins:
        yield Text("No row in scope, so nothing can be said.")
        return
    yield Text(
        f"Expected calibration error {percent(measured.ece, 2)}: the mean distance of confidence from accuracy, over "
        f"{len(bins)} bins of equal mass of the rows in scope."
    )
    if drawable():
        caption = (
            "Accuracy over confidence; each point stands for as many rows, its line for Wilson's interval. On the "
            "dashed line the model is as sure as it is right; below, it promises too much."
        )
        yield Picture("reliability", reliability_picture(bins), caption)
    else:
        yield NO_PICTURE
    yield Table(
        ("rows", "confidence", "accuracy", "interval"),
        tuple(
            (
                f"{one.n:,}",
                percent(one.confidence),
                percent(one.accuracy),
                f"{percent(one.low)} to {percent(one.high)}",
            )
            for one in bins
        ),
    )


def _coverage(answers: Answered, measured: Evaluation) -> Iterator[Part]:
    curve = coverage_curve(answers)
    if not curve:
        yield Text("No row in scope, so nothing can be said.")
        return
    if drawable():
        caption = (
            "How right the answers are that are given, over how many are given: if the least sure tickets, or the "
            "strangest, go to people. Rows in scope; beside it, where there are any, those out of scope."
        )
        yield Picture("coverage", coverage_picture(curve, measured.curve), caption)
    else:
        yield NO_PICTURE
    places = [min(curve, key=lambda point: abs(point.coverage - wanted)) for wanted in _COVERAGES]
    yield Table(
        ("answered", "accuracy of the answers", "least confidence"),
        tuple(
            (percent(one.coverage, 0), percent(one.accuracy), f"{one.least_confidence:.3f}")
            for one in dict.fromkeys(places)
        ),
    )
