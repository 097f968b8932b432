"""What a draft recognises: columns by their headings, formats by their values, words by their meaning."""

from datetime import UTC, datetime

import pytest

from ticketyard.suggesting.roles import roles_of
from ticketyard.suggesting.time_formats import guess
from ticketyard.suggesting.words import CHANNELS, PRIORITIES, STATUSES, meanings

LATEST = datetime(2026, 12, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headings", "found"),
    [
        (
            ["Id", "Requester", "Requester id", "Subject", "Status", "Via", "Created at", "Solved at"],
            {"ticket_id": "Id", "customer": "Requester id", "subject": "Subject", "status": "Status",
             "channel": "Via", "opened": "Created at", "resolved": "Solved at"},
        ),
        (
            ["key", "fields.summary", "fields.status.name", "fields.created", "fields.resolutiondate"],
            {"ticket_id": "key", "subject": "fields.summary", "status": "fields.status.name",
             "opened": "fields.created", "resolved": "fields.resolutiondate"},
        ),
        (
            ["Ticketnummer", "Kunde", "Betreff", "Beschreibung", "Priorität", "Erstellt am"],
            {"customer": "Kunde", "subject": "Betreff", "text": "Beschreibung", "priority": "Priorität",
             "opened": "Erstellt am"},
        ),
    ],
)  # fmt: skip
def test_headings_say_what_columns_are_for(headings: list[str], found: dict[str, str]) -> None:
    """The surest heading serves a use, and none serves two."""
    roles = roles_of(headings)
    assert {role: roles.get(role) for role in found} == found
    assert len(set(roles.values())) == len(roles)


@pytest.mark.parametrize(
    ("values", "formats", "zoned"),
    [
        (["2026-11-08 10:11", "2026-11-09T10:11:12"], ("iso",), False),
        (["2026-11-08T10:11:12Z"], ("iso",), True),
        (["08/Nov/26 10:11 AM"], ("%d/%b/%y %I:%M %p",), False),
        (["25.11.2026 10:11", "01.02.2026 10:11"], ("%d.%m.%Y %H:%M",), False),
        (["03/04/2026 10:11"], ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"), False),
        (["1794129072"], ("epoch_s",), True),
        ([1794129072000], ("epoch_ms",), True),
    ],
)
def test_formats_fit_every_value(values: list[object], formats: tuple[str, ...], zoned: bool) -> None:
    """Two that give different moments are both named; a person chooses."""
    found = guess(values, latest=LATEST)
    assert found is not None
    assert (found.formats, found.zoned, found.ambiguous) == (formats, zoned, len(formats) > 1)


def test_what_is_no_time_is_none() -> None:
    """A column of words under the heading Date."""
    assert guess(["soon", "2026-11-08"], latest=LATEST) is None


def test_words_of_several_languages_mean_the_same() -> None:
    """Codes mean nothing by themselves: 1 is the highest here and the lowest there."""
    assert meanings(["Gelöst", "Waiting on Customer", "Ruht"], STATUSES) == (
        {"Gelöst": "resolved", "Waiting on Customer": "pending_customer"}, ["Ruht"],
    )  # fmt: skip
    assert meanings(["1 - Critical", "1"], PRIORITIES) == ({"1 - Critical": "critical"}, ["1"])
    assert meanings(["E-Mail", "Web Form"], CHANNELS) == ({"E-Mail": "email", "Web Form": "web_form"}, [])
