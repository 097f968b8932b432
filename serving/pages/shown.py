"""How values are shown: numbers with units, spans of time in words, what they lead to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from schemas.views.metrics import Metric

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
NOTHING: Final = "—"


def count(value: float | None) -> str:
    """Return a whole number with thin groups of thousands."""
    return NOTHING if value is None else f"{round(value):,}".replace(",", "\u202f")


def span(seconds: float | None) -> str:
    """Return a span of time by its two largest units."""
    if seconds is None:
        return NOTHING
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return (
            f"{whole // _MINUTE} min {whole % _MINUTE} s"
            if whole < 10 * _MINUTE
            else f"{whole // _MINUTE} min"
        )
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def share(value: float | None) -> str:
    """Return a share of 1 in percent."""
    return NOTHING if value is None else f"{100 * value:.1f} %"


def decimal(value: float | None) -> str:
    """Return a number with two decimals."""
    return NOTHING if value is None else f"{value:.2f}"


def of_metric(metric: Metric, value: Any, now: datetime) -> str:
    """Return the value of a metric as it is read."""
    if value is None:
        return NOTHING
    if metric.unit == "moment":
        return span((now - value).total_seconds())
    if metric.unit == "seconds":
        return span(value)
    if metric.unit == "share":
        return share(value)
    return decimal(value) if metric.unit in ("score", "times") else count(value)


def change(metric: Metric, value: float | None, before: float | None) -> tuple[str, str] | None:
    """Return the change against the period before as a text, and whether it is `good`, `bad` or `even`.

    None where there is nothing to compare with.
    """
    if value is None or not before:
        return None
    rise = (value - before) / abs(before)
    text = f"{rise:+.0%}".replace("-", "\u2212")
    if metric.direction == "neither" or round(rise, 2) == 0:
        return text, "even"
    return text, "good" if (rise > 0) == (metric.direction == "up") else "bad"


def address(path: str, asked: Mapping[str, Any], **changes: Any) -> str:
    """Return the address of a page with the parameters `asked` after some `changes`; what is empty is left out."""
    given = {name: value for name, value in {**asked, **changes}.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path
