"""The picture of a comparison: promises kept by priority, and how far the first policy is from each other one."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schemas.errors import Permanent
from schemas.vocabulary import Priority
from simulation.report import MEASURES, Measure, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLE: Final[Any] = {  # matplotlib's type of it names each of its settings
    "svg.fonttype": "none",
    "svg.hashsalt": "ticketyard",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e9ef",
    "legend.frameon": False,
}
_KINDS: Final = (".svg", ".png", ".pdf")
_COMPARED: Final = ("sla_met", "wait_p95", "reassignments")


class PictureError(Permanent):
    """A picture cannot be drawn; the message says what to name instead."""


def require_drawable(path: Path) -> None:
    """Raise PictureError where `draw` cannot write what is so named, ModuleNotFoundError where nothing here draws."""
    if path.suffix.lower() not in _KINDS:
        raise PictureError(f"{path}: a picture's name ends in {', '.join(_KINDS)}")
    import_module("matplotlib.figure")


def draw(report: Report, path: Path) -> None:
    """Write the picture; its kind follows from the name's ending."""
    import matplotlib as mpl  # noqa: PLC0415 - an extra, and slow to load
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 6.4), layout="constrained")
        by_priority, *compared = figure.subplot_mosaic([["met"] * 3, list(_COMPARED)]).values()
        _draw_met(by_priority, report)
        for axes, measure in zip(compared, _measures(_COMPARED), strict=True):
            _draw_differences(axes, report, measure)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _measures(fields: Sequence[str]) -> list[Measure]:
    return [next(measure for measure in MEASURES if measure.field == field) for field in fields]


def _draw_met(axes: "Axes", report: Report) -> None:
    priorities = list(Priority)[::-1]
    width = 0.8 / len(report.runs)
    for place, policy in enumerate(report.runs):
        shares = [100 * (report.met(policy, priority) or 0.0) for priority in priorities]
        left = [number + width * (place + 0.5) - 0.4 for number in range(len(priorities))]
        axes.bar(left, shares, width, label=policy)
    axes.set_xticks(range(len(priorities)), priorities)
    axes.set(ylabel="solved in time, %", ylim=(0, 100))
    axes.grid(visible=False, axis="x")
    axes.legend(ncols=len(report.runs), fontsize=8)


def _draw_differences(axes: "Axes", report: Report, measure: Measure) -> None:
    """Draw the first policy less each other, with the interval of 95 %."""
    others = list(report.differences)
    found = [report.differences[other][measure.field] for other in others]
    middle = [measure.factor * one.mean for one in found]
    reach = [measure.factor * (one.high - one.mean) for one in found]
    axes.errorbar(middle, range(len(others)), xerr=reach, fmt="o", capsize=3)
    axes.axvline(0, color="#8797a6", linewidth=1)
    axes.set_yticks(range(len(others)), others)
    axes.set_xlabel(f"{next(iter(report.runs))} less the other: {measure.heading}")
    axes.invert_yaxis()
