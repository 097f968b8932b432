"""The pictures of a card, as SVG with real text in it; byte-identical for equal figures."""

import importlib.util
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from batch.cards.confusion import ConfusionMatrix
from batch.cards.reliability_bins import Bin, CoveragePoint
from batch.cards.slices import Slice
from understanding.manifest.manifest import CurvePoint

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, QUIET, BLUE, ORANGE = "#1c2733", "#8797a6", "#1f6fb4", "#c8601a"
_STYLE: Final[Any] = {  # matplotlib's type of it names each of its 300 settings
    "svg.fonttype": "none",  # text stays text: it can be read, searched and enlarged
    "svg.hashsalt": "ticketyard",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "grid.color": "#e3e9ef",
    "legend.frameon": False,
}
_DARK: Final = 0.55  # of a row, from which on white figures are read better
_SHOWN: Final = 0.005
_ANSWERED: Final = "part of the rows in scope that is answered"


def drawable() -> bool:
    """Return whether matplotlib, which draws, is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def confusion_picture(matrix: ConfusionMatrix) -> str:
    """Return the matrix as a heat map: each row is the share of what its rows were called."""
    size = 2.6 + 0.36 * len(matrix.groups)
    totals = matrix.counts.sum(axis=1, keepdims=True)
    shares = matrix.counts / np.maximum(totals, 1)

    def draw(axes: "Axes") -> None:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="equal")
        places = range(len(matrix.groups))
        axes.set_xticks(places, matrix.groups, rotation=60, ha="right", rotation_mode="anchor", fontsize=9)
        axes.set_yticks(places, matrix.groups, fontsize=9)
        axes.set(xlabel="what was said", ylabel="what it is")
        axes.grid(visible=False)
        for row, column in np.argwhere(shares >= _SHOWN).tolist():
            share = shares[row, column]
            colour = "white" if share > _DARK else INK
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=8)

    return _svg(draw, size + 1.0, size)


def reliability_picture(bins: Sequence[Bin]) -> str:
    """Return accuracy over confidence in bins of equal mass, with the bounds of each."""

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=1, label="as sure as right")
        x, y = [one.confidence for one in bins], [one.accuracy for one in bins]
        reach = [[one.accuracy - one.low for one in bins], [one.high - one.accuracy for one in bins]]
        axes.errorbar(
            x,
            y,
            yerr=np.maximum(reach, 0),
            color=BLUE,
            marker="o",
            markersize=5,
            linewidth=1,
            capsize=2,
            label="measured",
        )
        least = max(0.0, min([*x, *(one.low for one in bins)]) - 0.05)
        axes.set(xlim=(least, 1.01), ylim=(least, 1.01), xlabel="confidence", ylabel="accuracy")
        axes.legend(loc="upper left")

    return _svg(draw, 5.4, 4.6)


def coverage_picture(points: Sequence[CoveragePoint], curve: Sequence[CurvePoint]) -> str:
    """Return the accuracy of what is answered over how much is, by confidence and by strangeness.

    Where there are rows out of scope, a second picture beside it says how many of them rejecting the strangest finds.
    """
    kept = [(one.coverage, one.accuracy_of_kept) for one in curve if one.accuracy_of_kept is not None]
    found = [(one.coverage, one.oos_recall) for one in curve if one.oos_recall is not None]

    def draw(axes: "Axes") -> None:
        sure = [(one.coverage, one.accuracy) for one in points]
        axes.plot(*zip(*sure, strict=True), color=BLUE, linewidth=2, label="the least sure go to people")
        if kept:
            axes.plot(
                *zip(*kept, strict=True), color=ORANGE, linewidth=1.5, label="the strangest go to people"
            )
        axes.set(xlim=(0, 1.01), xlabel=_ANSWERED, ylabel="accuracy of the answers")
        axes.legend(loc="lower left")

    def draw_found(axes: "Axes") -> None:
        axes.plot(*zip(*found, strict=True), color=ORANGE, linewidth=1.5)
        axes.set(xlim=(0, 1.01), ylim=(0, 1.02), xlabel=_ANSWERED, ylabel="out of scope found")

    return _svg(draw, 5.2, 4.0, *([draw_found] if found else []))


def slices_picture(found: Sequence[Slice]) -> str:
    """Return the accuracy of every slice with its bounds."""

    def draw(axes: "Axes") -> None:
        names = [f"{one.kind}: {one.value} ({one.n:,})" for one in found]
        places = list(range(len(found)))[::-1]
        accuracies = [one.accuracy for one in found]
        reach = [[one.accuracy - one.low for one in found], [one.high - one.accuracy for one in found]]
        axes.errorbar(
            accuracies, places, xerr=np.maximum(reach, 0), color=BLUE, fmt="o", markersize=5, capsize=2
        )
        axes.set_yticks(places, names, fontsize=9)
        axes.set(xlim=(max(0.0, min(one.low for one in found) - 0.05), 1.005), xlabel="accuracy")
        axes.grid(visible=False, axis="y")

    return _svg(draw, 7.4, 1.2 + 0.28 * len(found))


def _svg(
    draw: "Callable[[Axes], None]", width: float, height: float, *beside: "Callable[[Axes], None]"
) -> str:
    """Return what `draw` draws, in inches, and what others draw beside it; without display, or date in the file."""
    import matplotlib as mpl  # noqa: PLC0415 - an extra, and slow to load
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    panels = (draw, *beside)
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width * len(panels), height), layout="constrained")
        for place, one in enumerate(panels, start=1):
            one(figure.add_subplot(1, len(panels), place))
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
