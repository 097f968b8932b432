"""A day that is over by its words is not read as one that is yet to come."""

from datetime import UTC, datetime

import pytest

from schemas.signals import EntityKind
from understanding.signals.reading import read_signals

_NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("I ordered on 12/10/2026 and it arrived 11/24/2026.", ["2026-10-12", "2026-11-24"]),
        ("Bought it 12/11/2026, and it never worked.", ["2026-11-12"]),
        ("J'ai acheté la lampe le 12/11/2026.", ["2026-11-12"]),
        ("Ho pagato la fattura il 12/11/2026.", ["2026-11-12"]),
        ("I ordered a lamp for 12/11/2026.", ["2026-12-11"]),
        ("It is due 12/11/2026, ordered 11/20/2026.", ["2026-12-11", "2026-11-20"]),
        ("My visit on 12/11/2026 was moved from 11/28/2026.", ["2026-12-11", "2026-11-28"]),
        ("I ordered on 11/12/2025 and on 11/28/2025.", ["2025-11-12", "2025-11-28"]),
    ],
)
def test_what_was_ordered_was_not_ordered_tomorrow(text: str, days: list[str]) -> None:
    """An order `on 12/11`, told at the end of November beside `11/28`, once lay in December."""
    found = read_signals(text, now=_NOW).entities
    assert [one.value for one in found if one.kind is EntityKind.DATE] == days
