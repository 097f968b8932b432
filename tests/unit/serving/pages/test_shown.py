"""How values are read: units, spans, and whether a change is good."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.views.metrics import metric
from serving.pages import shown

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "—"),
        (-3, "0 s"),
        (59.4, "59 s"),
        (61, "1 min 1 s"),
        (3599, "59 min"),
        (3600, "1 h 0 min"),
        (86_400, "1 d 0 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_span_has_its_two_largest_units(seconds: float | None, said: str) -> None:
    assert shown.span(seconds) == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("waiting", 12_345, "12\u202f345"),
        ("waiting", None, "—"),
        ("oldest_waiting", NOW - timedelta(minutes=5), "5 min 0 s"),
        ("first_reply", 30.0, "30 s"),
        ("reopened", 0.0512, "5.1 %"),
        ("satisfaction", 4.256, "4.26"),
    ],
)
def test_a_metric_is_shown_in_its_unit(name: str, value: object, said: str) -> None:
    assert shown.of_metric(metric(name), value, NOW) == said


@pytest.mark.parametrize(
    ("name", "value", "before", "found"),
    [
        ("satisfaction", 4.4, 4.0, ("+10%", "good")),
        ("first_reply", 60, 120, ("\u221250%", "good")),
        ("reopened", 0.2, 0.1, ("+100%", "bad")),
        ("arrivals", 3, 2, ("+50%", "even")),
        ("satisfaction", 4.0, 4.0, ("+0%", "even")),
        ("satisfaction", 4.0, 0, None),
        ("satisfaction", None, 4.0, None),
    ],
)
def test_a_change_is_good_by_the_direction_of_its_metric(
    name: str, value: float | None, before: float, found: tuple[str, str] | None
) -> None:
    """Nothing is said against a period in which there was nothing: no share of it can be told."""
    assert shown.change(metric(name), value, before) == found
