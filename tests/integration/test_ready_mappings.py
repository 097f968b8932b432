"""The mappings of the six help desks: their samples become the tickets that they tell of."""

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from infra.cli.tickets.ready_mappings import FOLDER, ready_mapping_for
from infra.cli.tickets.replay_report import check_lines
from schemas.fold import Fact, fold
from schemas.records.events import TicketEvent, TicketOpened
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Status
from ticketyard.mapping import Mapper, load_mapping
from ticketyard.reading import ReadingOptions, RowFile
from ticketyard.replaying import CheckReport, ReplayRequest, check_file
from ticketyard.replaying.replay_file import reading_options

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SAMPLES = {
    "zendesk_csv": "zendesk.csv",
    "zendesk_json": "zendesk.jsonl",
    "freshdesk_csv": "freshdesk.csv",
    "jira_csv": "jira.csv",
    "jira_json": "jira.json",
    "servicenow_csv": "servicenow.csv",
    "intercom_json": "intercom.jsonl",
    "hubspot_csv": "hubspot.csv",
}


def sample(name: str) -> Path:
    return FOLDER / "samples" / SAMPLES[name]


def checked(name: str, zone: str | None = "Europe/Berlin") -> CheckReport:
    request = ReplayRequest(file=sample(name), mapping=FOLDER / f"{name}.yaml", zone=zone)
    return check_file(request, now=NOW)


def tickets(name: str) -> dict[str, TicketRow]:
    """Return the tickets that the pipeline would make of a sample."""
    mapping, _ = load_mapping(FOLDER / f"{name}.yaml")
    found: dict[str, TicketRow] = {}
    with RowFile.open(sample(name), reading_options(ReadingOptions(), mapping)) as rows:
        mapper = Mapper(mapping, file_name="f", file_sum="0" * 64, now=NOW, zone="Europe/Berlin")
        for event in (event for row in rows for event in mapper.map(row).events):
            assert isinstance(event.event, TicketEvent)
            assert event.time is not None
            fact = Fact(id=event.id, type="", source=mapping.source, time=event.time, body=event.event)
            found[event.event.ticket_id] = fold(found.get(event.event.ticket_id), fact)
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_used_whole(name: str) -> None:
    """No row is rejected, no name of the mapping is unknown, no id stands twice."""
    found = checked(name)
    assert (found.problems, found.unseen, found.repeated_ids, found.exit_code) == ([], [], 0, 0)
    assert found.events["TicketOpened"] == found.rows
    assert found.events["TicketResolved"] >= 1


@pytest.mark.parametrize("name", SAMPLES)
def test_a_vendors_file_is_recognised_by_its_columns(name: str) -> None:
    """So that `--suggest` names the mapping that is there already."""
    assert ready_mapping_for(sample(name), ReadingOptions()) == name


def test_the_ready_mappings_are_those_of_the_samples_and_of_the_public_files() -> None:
    """None is without a sample that shows it works, and the page for newcomers names them all."""
    public = {"it_service_tickets", "servicenow_incidents"}
    page = (FOLDER.parents[1] / "docs" / "exports.md").read_text(encoding="utf-8")
    assert [name for name in [*SAMPLES, *public] if f"`{name}`" not in page] == []
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*SAMPLES, *public}


@pytest.mark.parametrize(
    "name", ["zendesk_csv", "freshdesk_csv", "jira_csv", "servicenow_csv", "hubspot_csv"]
)
def test_times_without_a_zone_are_not_guessed(name: str) -> None:
    """These exports write the account's or the user's local time, so whoever replays them says which that is."""
    found = checked(name, zone=None)
    assert found.rejected == found.rows
    assert all(
        "name its zone in the mapping or with --zone" in problem.messages[0] for problem in found.problems
    )


def test_zendesk_tells_of_ends_and_answers() -> None:
    """Berlin is two hours ahead of UTC in October; a bad answer of a solved ticket is a 1."""
    found = tickets("zendesk_csv")
    assert Counter(row.status for row in found.values()) == {
        Status.RESOLVED: 2, Status.PENDING_CUSTOMER: 1, Status.NEW: 1,
    }  # fmt: skip
    assert found["50411"].opened_at == datetime(2026, 10, 5, 6, 14, tzinfo=UTC)
    assert found["50411"].first_replied_at == datetime(2026, 10, 5, 7, 50, tzinfo=UTC)
    assert found["50411"].resolved_at == datetime(2026, 10, 6, 9, 2, tzinfo=UTC)


def test_comments_of_zendesk_jira_and_intercom_are_messages_of_both_sides() -> None:
    """The description is not sent again as a comment, and notes stay between agents."""
    for name, messages in (("zendesk_json", 3), ("jira_csv", 3), ("jira_json", 2), ("intercom_json", 3)):
        assert checked(name).events["MessageAdded"] == messages
    row = tickets("intercom_json")["330021"]
    assert row.status is Status.RESOLVED
    assert row.first_replied_at == datetime(2026, 10, 20, 8, 15, tzinfo=UTC)


def test_a_later_export_repeats_nothing_and_tells_what_changed() -> None:
    """A ticket's opening has its id for ever; a second resolution, at another time, has one of its own."""
    mapping, _ = load_mapping(FOLDER / "freshdesk_csv.yaml")
    with RowFile.open(sample("freshdesk_csv")) as rows:
        row = next(iter(rows))
    later = row._replace(values={**row.values, "Resolved time": "2026-10-20 10:00:00"})
    ids = []
    for one in (row, later):
        mapper = Mapper(mapping, file_name="f", file_sum="0" * 64, now=NOW, zone="Europe/Berlin")
        ids.append({event.id for event in mapper.map(one).events})
    assert ids[1] - ids[0] == {"freshdesk:8801:TicketResolved:2026-10-20 10:00:00"}


def test_a_workbook_of_the_same_columns_is_the_same_tickets(tmp_path: Path) -> None:
    """Freshdesk and HubSpot export Excel as well as CSV, with times and numbers for texts."""
    with sample("freshdesk_csv").open(encoding="utf-8", newline="") as file:
        heading, *lines = list(csv.reader(file))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(heading)
    for line in lines:
        sheet.append([_as_excel_has_it(cell) for cell in line])
    book.save(tmp_path / "freshdesk.xlsx")
    request = ReplayRequest(
        file=tmp_path / "freshdesk.xlsx", mapping=FOLDER / "freshdesk_csv.yaml", zone="Europe/Berlin"
    )
    found, of_csv = check_file(request, now=NOW), checked("freshdesk_csv")
    assert (found.problems, found.events) == ([], of_csv.events)
    assert found.examples[0] == of_csv.examples[0]


@pytest.mark.parametrize(
    ("name", "without", "customer"),
    [
        ("freshdesk_csv", "Contact ID", "Email"),
        ("hubspot_csv", "Associated Contact IDs", "Associated Contact"),
        ("zendesk_csv", "Requester id", "Requester email"),
    ],
)
def test_a_file_without_the_ids_of_customers_has_their_mail(
    tmp_path: Path, name: str, without: str, customer: str
) -> None:
    """Every ticket was the customer `unknown`, and nobody said so."""
    file = _copy_without(sample(name), {without}, tmp_path)
    assert ready_mapping_for(file, ReadingOptions()) == name
    request = ReplayRequest(file=file, mapping=FOLDER / f"{name}.yaml", zone="Europe/Berlin")
    found = check_file(request, now=NOW)
    assert found.without_customer == checked(name).without_customer
    with file.open(encoding="utf-8", newline="") as text:
        expected = next(csv.DictReader(text))[customer]
    opening = found.examples[0].event
    assert isinstance(opening, TicketOpened)
    assert opening.customer_id == expected


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("freshdesk_csv", {"Contact ID", "Email"}),
        ("hubspot_csv", {"Associated Contact IDs", "Associated Contact"}),
    ],
)
def test_a_mapping_that_finds_no_customer_is_not_recommended(
    tmp_path: Path, name: str, without: set[str]
) -> None:
    """And whoever names it all the same is told how many tickets are nobody's."""
    file = _copy_without(sample(name), without, tmp_path)
    assert ready_mapping_for(file, ReadingOptions()) is None
    found = check_file(
        ReplayRequest(file=file, mapping=FOLDER / f"{name}.yaml", zone="Europe/Berlin"), now=NOW
    )
    assert found.without_customer == found.rows
    assert any(f"{found.rows} tickets are nobody's" in line for line in check_lines("f", found))


def _copy_without(path: Path, columns: set[str], folder: Path) -> Path:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    copy = folder / path.name
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, [name for name in rows[0] if name not in columns], extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows)
    return copy


def _as_excel_has_it(cell: str) -> Any:
    if cell.isdigit():
        return int(cell)
    return datetime.fromisoformat(cell) if cell.startswith("2026-") else cell or None
