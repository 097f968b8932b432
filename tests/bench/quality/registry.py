"""The sections of `make bench-quality`: each measures some bars; a new one is a module and a line in SECTIONS."""

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from tests.bench.quality.context import BenchContext


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure beside its bar; `reached` is None where the bar is only to report it."""

    name: str
    bar: str
    measured: str
    reached: bool | None


Section = Callable[["BenchContext"], Sequence[Row]]

SECTIONS: Final = {
    "clinc150": "tests.bench.quality.clinc150",
    "it_service_tickets": "tests.bench.quality.it_tickets",
    # Needs the two models above, and a run that is cut short should have it.
    "speed": "tests.bench.quality.speed",
    "bitext": "tests.bench.quality.bitext",
    "learning_curve": "tests.bench.quality.learning_curve",
    "nlupp": "tests.bench.quality.nlupp",
    "calibration": "tests.bench.quality.calibration",
    "bands": "tests.bench.quality.bands",
    "sentiment": "tests.bench.quality.sentiment",
    "language": "tests.bench.quality.language",
    "other_languages": "tests.bench.quality.other_languages",
    "predictions": "tests.bench.quality.predictions",
}
"""Section -> the module whose function `measure` returns its rows; they run in this order."""


def section(name: str) -> Section:
    """Return the function that measures a section; imported here, so that one runs without the others' needs."""
    found: Section = importlib.import_module(SECTIONS[name]).measure
    return found


def at_least(name: str, bar: float, measured: float, *, digits: int = 3) -> Row:
    """Return a row that is reached from `bar` upwards."""
    return _row(name, f">= {bar:g}", measured, reached=measured >= bar, digits=digits)


def at_most(name: str, bar: float, measured: float, *, digits: int = 3) -> Row:
    """Return a row that is reached up to `bar`."""
    return _row(name, f"<= {bar:g}", measured, reached=measured <= bar, digits=digits)


def reported(name: str, measured: str) -> Row:
    """Return a row without a bar."""
    return Row(name=name, bar="report", measured=measured, reached=None)


def _row(name: str, bar: str, measured: float, *, reached: bool, digits: int) -> Row:
    return Row(name=name, bar=bar, measured=f"{measured:,.{digits}f}", reached=reached)
