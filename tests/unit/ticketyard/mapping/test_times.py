"""From a cell to a moment: zones by name, and times that cannot be."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ticketyard.mapping.times import RowRejected, TimeReading, check_format, parse_time

LATEST = datetime(2026, 12, 2, tzinfo=UTC)
WITH_ZONE = "%Y-%m-%d %H:%M:%S %Z"


def read(value: Any, form: str = "iso", zone: str | None = None) -> datetime:
    return parse_time(value, TimeReading((form,), zone, LATEST), "Created")


def refusal(value: Any, form: str = "iso", zone: str | None = None) -> str:
    with pytest.raises(RowRejected) as caught:
        read(value, form, zone)
    return str(caught.value)


@pytest.mark.parametrize(
    ("cell", "form", "zone", "hour"),
    [
        ("2026-07-08 10:11:12 UTC", WITH_ZONE, "Europe/Berlin", 10),
        ("2026-07-08 10:11:12 CEST", WITH_ZONE, "Europe/Berlin", 8),
        ("2026-07-08 10:11:12 Europe/Berlin", WITH_ZONE, None, 8),
        ("2026-07-08 10:11:12 GMT+2", WITH_ZONE, None, 8),
        ("2026-07-08 10:11:12 EDT", WITH_ZONE, "America/New_York", 14),
        ("Jul 8, 2026 10:11:12 AM PDT", "%b %d, %Y %I:%M:%S %p %Z", "America/Los_Angeles", 17),
        ("2026-07-08 10:11:12 UTC", "iso", "Europe/Berlin", 10),
        ("2026-07-08 10:11:12 +0200", "iso", None, 8),
        ("2026-07-08T10:11:12Z", "iso", None, 10),
    ],
)
def test_a_zone_by_name_counts(cell: str, form: str, zone: str | None, hour: int) -> None:
    """Python reads %Z and forgets it: '10:11 UTC' became 10:11 in Berlin, and every answer was two hours early."""
    assert read(cell, form, zone) == datetime(2026, 7, 8, hour, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "zone"), [("CST", None), ("IST", "Europe/Berlin"), ("CET", "Europe/Berlin")]
)
def test_a_zone_that_means_several_things_is_refused(name: str, zone: str | None) -> None:
    """CST is Chicago, Shanghai and Havana; and in July nobody in Berlin has CET."""
    said = refusal(f"2026-07-08 10:11:12 {name}", WITH_ZONE, zone)
    assert f"the zone {name} means several things or nothing" in said


def test_the_hour_that_clocks_go_through_twice_is_told_by_its_name() -> None:
    """Both are 2:30 in Berlin, an hour apart."""
    summer, winter = (
        read(f"2026-10-25 02:30:00 {name}", WITH_ZONE, "Europe/Berlin") for name in ("CEST", "CET")
    )
    assert (summer.hour, winter.hour) == (0, 1)


@pytest.mark.parametrize(
    ("cell", "form", "what"),
    [
        ("1794129072", "epoch_ms", "before 1990"),
        ("1794129072000", "epoch_s", "is no time of the form epoch_s"),
        ("0001-01-01T00:00:00Z", "iso", "before 1990"),
        ("2062-11-08T10:11:12Z", "iso", "in the future"),
        ("nan", "epoch_s", "is no time of the form epoch_s"),
    ],
)
def test_a_time_that_cannot_be_rejects_its_row(cell: str, form: str, what: str) -> None:
    """Seconds read as milliseconds were tickets of January 1970, and the daily view began there."""
    assert what in refusal(cell, form)


def test_days_of_excel_are_times() -> None:
    """A sheet that lost its formats shows times as days since 1900."""
    assert read("46334.5", "excel", "UTC") == datetime(2026, 11, 8, 12, tzinfo=UTC)


def test_a_format_is_refused_when_the_mapping_is_read() -> None:
    """Not at the first row, where it looks as if the row were wrong."""
    for form in ("ISO8601", "%Q", "DD.MM.YYYY"):
        with pytest.raises(ValueError, match="is no time format"):
            check_format(form)
    assert check_format("%d/%b/%y %I:%M %p") == "%d/%b/%y %I:%M %p"


@pytest.mark.parametrize(
    ("cell", "zone", "what"),
    [
        ("0001-01-01 00:00:00", "Europe/Berlin", "before 1990"),
        ("9999-12-31 23:59:59", "America/New_York", "in the future"),
        (datetime.min, "Asia/Tokyo", "before 1990"),  # noqa: DTZ901 - a cell of a table
        ("9999-12-31T23:59:59-12:00", None, "in the future"),
    ],
)
def test_a_date_at_the_end_of_all_calendars_is_refused_as_any_other(
    cell: Any, zone: str | None, what: str
) -> None:
    """Databases write `never` so. In UTC it has no date, so one cell ended a whole replay, and again at each resume."""
    assert what in refusal(cell, zone=zone)
