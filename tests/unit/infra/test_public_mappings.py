"""The mappings of the public files that come with the product."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.records.events import (
    TicketClosed,
    TicketImported,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from schemas.vocabulary import Channel, Status
from ticketyard.mapping import MappedRow, Mapper, Mapping, load_mapping
from ticketyard.reading import Row

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MAPPINGS = Path(__file__).parents[3] / "infra" / "mappings"


def mapped(found: Mapping, *rows: dict[str, Any]) -> list[MappedRow]:
    mapper = Mapper(found, file_name="f.csv", file_sum="abcdef0123456789", now=NOW)
    return [mapper.map(Row(number, values)) for number, values in enumerate(rows, start=1)]


@pytest.fixture(scope="module")
def incidents() -> Mapping:
    return load_mapping(MAPPINGS / "servicenow_incidents.yaml")[0]


class TestIncidents:
    """The mapping of the public incident log."""

    def events(self, incidents: Mapping, *states: str) -> list[list[str]]:
        """Return the types of the events of an incident that goes through these states."""
        return [[type(event.event).__name__ for event in row.events] for row in self.rows(incidents, *states)]

    def rows(self, incidents: Mapping, *states: str) -> list[MappedRow]:
        """Map an incident that goes through these states, a minute each."""
        found = mapped(
            incidents,
            *(
                {
                    "ts": f"2016-03-01T10:{number:02d}:00",
                    "number": "INC1",
                    "sys_mod_count": str(number),
                    "incident_state": state,
                    "reassignment_count": "0",
                    "reopen_count": "0",
                    "opened_at": "2016-03-01T09:00:00",
                    "contact_type": "Phone",
                    "location": "Location 1",
                    "priority": "3 - Moderate",
                    "assignment_group": "Group 1",
                    "assigned_to": "",
                }
                for number, state in enumerate(states)
            ),
        )
        assert [row.rejected for row in found] == [None] * len(found)
        return found

    def test_every_state_has_its_event(self, incidents: Mapping) -> None:
        """Through all states of the log and back, each change is one event of the right type."""
        assert self.events(
            incidents, "New", "Active", "Awaiting User Info", "Awaiting Problem", "Awaiting Vendor",
            "Awaiting Evidence", "Resolved", "Active", "Resolved", "Closed", "Closed", "New",
        ) == [
            ["TicketImported"], ["TicketUpdated"], ["TicketUpdated"], ["TicketUpdated"], ["TicketUpdated"],
            ["TicketUpdated"], ["TicketUpdated", "TicketResolved"], ["TicketReopened", "TicketUpdated"],
            ["TicketUpdated", "TicketResolved"], ["TicketUpdated", "TicketClosed"], [],
            ["TicketReopened", "TicketUpdated"],
        ]  # fmt: skip

    def test_an_incident_that_is_finished_at_first_sight_is_imported_and_finished(
        self, incidents: Mapping
    ) -> None:
        """Its first row opens it as being worked on, and resolves it in the same minute."""
        (row,) = self.rows(incidents, "Resolved")
        imported, resolved = (event.event for event in row.events)
        assert isinstance(imported, TicketImported)
        assert (imported.status, imported.opened_at) == (
            Status.IN_PROGRESS,
            datetime(2016, 3, 1, 9, tzinfo=UTC),
        )
        assert resolved == TicketResolved(ticket_id="INC1")

    def test_a_state_without_a_name_changes_no_status(self, incidents: Mapping) -> None:
        """-100 is how the table shows a state that it cannot name."""
        first, second = self.rows(incidents, "Active", "-100")
        assert first.events[0].event.status is Status.IN_PROGRESS  # type: ignore[attr-defined]
        assert second.events[0].event == TicketUpdated(ticket_id="INC1", reassignments=0)

    def test_closing_and_reopening(self, incidents: Mapping) -> None:
        """Closed without being resolved is closed; back to Active is a reopening and a status."""
        _, closed, reopened = self.rows(incidents, "New", "Closed", "Active")
        assert closed.events[-1].event == TicketClosed(ticket_id="INC1")
        assert [event.event for event in reopened.events] == [
            TicketReopened(ticket_id="INC1"),
            TicketUpdated(ticket_id="INC1", status=Status.IN_PROGRESS, reassignments=0),
        ]

    def test_no_outcome_is_an_input(self, incidents: Mapping) -> None:
        """Labels of the outcome file, and flags that know the future, are not read."""
        assert not {"made_sla", "active", "resolved_at", "closed_at", "closed_code"} & incidents.columns()


def test_it_tickets_never_send_the_truth() -> None:
    """The topic of a help-desk ticket is what is measured, so the mapping does not know it."""
    found, _ = load_mapping(MAPPINGS / "it_service_tickets.yaml")
    assert found.columns() == {"Document"}
    (row,) = mapped(found, {"Document": "no sound", "Topic_group": "Hardware"})
    assert row.events[0].event == TicketOpened(
        ticket_id="IT-abcdef012345-1",
        customer_id="IT-abcdef012345-REQUESTER-1",
        channel=Channel.WEB_FORM,
        text="no sound",
    )
