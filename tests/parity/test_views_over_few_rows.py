"""What derived views say about a few rows that once made them wrong, in DuckDB; parity holds Spark to the same."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pytest

from batch.foundation.publishing import SOURCE as BATCH_SOURCE
from infra.foundation.settings import STAGES
from schemas.records.events import TicketEvent, TicketReopened, TicketResolved
from schemas.views.batch_views import GIVEN_VIEWS
from schemas.views.tables import BASE_VIEWS, DERIVED_VIEWS, DUCKDB_MACROS
from tests.unit.schemas.ticket_facts import TICKET, fact, fold_all, from_agent, from_customer, open_ticket

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
Row = dict[str, Any]


def found(view: str, given: Mapping[str, list[Row]]) -> list[Row]:
    """Return the rows of a derived view over the given rows of base views; a column that a row lacks is NULL."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(DUCKDB_MACROS)
        for base in (*BASE_VIEWS, *GIVEN_VIEWS):
            columns = ", ".join(f"{column.name} {column.type}" for column in base.columns)
            connection.execute(f"CREATE TABLE {base.name} ({columns})")
            if base.name in given:
                connection.register("given", pa.Table.from_pylist(given[base.name]))
                connection.execute(f"INSERT INTO {base.name} BY NAME SELECT * FROM given")
        for derived in DERIVED_VIEWS:
            connection.execute(f"CREATE VIEW {derived.name} AS {derived.sql}")
        rows: list[Row] = connection.sql(f"FROM {view}").to_arrow_table().to_pylist()
        return rows


def week_of_tickets(week: int, tickets: int, judged_by_band: int) -> list[Row]:
    """Return the tickets of a week of which every so many has a band and an out-of-scope score; 0 is none."""
    return [
        {
            "ticket_id": f"{week}/{number}",
            "opened_at": MONDAY + timedelta(weeks=week, days=number % 7),
            "model_version": "v1",
            "predicted_intent": "refund",
            "confidence": 0.9,
            "language": "en",
            "band": None if not has_band else "high" if number % 3 else "low",
            "out_of_scope": number % 50 / 100 if has_band else None,
        }
        for number in range(tickets)
        for has_band in [judged_by_band > 0 and number % judged_by_band == 0]
    ]


@pytest.mark.parametrize(
    ("shares", "levels"),
    [
        ((0, 1), {}),
        ((1, 0), {}),
        ((0, 1, 1), {"all": {"steady"}}),
        ((2, 1), {"all": {"steady"}, "v1": {"steady"}}),
        ((5, 1), {"all": {"unjudged"}, "v1": {"unjudged"}}),
    ],
    ids=["upgrade", "downgrade", "a week after the upgrade", "upgrade within a week", "too few have it"],
)
def test_an_upgrade_is_no_drift(shares: tuple[int, ...], levels: dict[str, set[str]]) -> None:
    """Tickets of before band and out_of_scope have neither.

    Both once counted such tickets as a bin of their own, so that the first judged week after the upgrade was an
    alert (a stability index far above 0.25, Kolmogorov-Smirnov 1) that started a training.
    """
    tickets = [row for week, share in enumerate(shares) for row in week_of_tickets(week, 600, share)]
    rows = found("model_drift", {"tickets": tickets})
    assert "alert" not in {row["level"] for row in rows}
    compared: dict[str, set[str]] = {}
    for row in rows:
        if row["signal"] in {"band", "out_of_scope"}:
            compared.setdefault(row["model_version"], set()).add(row["level"])
    assert compared == levels
    assert {"language", "confidence"} <= {row["signal"] for row in rows}, "what tickets have is compared"


def test_sources_are_those_from_outside() -> None:
    """The report per source once had rows of the stages and of batch: closings by the clock, routing's decisions."""
    own = [*(f"ticketyard/{stage}" for stage in STAGES), BATCH_SOURCE]
    outside = ["crm", "ticketyard/simulator", "ticketyard/replay", None]
    events = [{"ticket_id": "t", "event_source": source, "logged_at": MONDAY} for source in (*own, *outside)]
    letters = [{"event_source": source, "arrived_at": MONDAY} for source in (*own, "crm")]
    agents = [{"event_source": row["event_source"], "logged_at": MONDAY} for row in events]
    given: dict[str, list[Row]] = {"ticket_events": events, "agent_events": agents, "dead_letters": letters}
    rows = {row["event_source"]: (row["affected"], row["records"]) for row in found("data_quality", given)}
    assert rows == {
        "crm": (1, 3),
        "ticketyard/simulator": (0, 2),
        "ticketyard/replay": (0, 2),
        None: (0, 2),
    }


@pytest.mark.parametrize(
    "crossing", [TicketReopened(ticket_id=TICKET), from_customer()], ids=["reopening", "message"]
)
def test_first_contact_resolution_knows_a_reopening_that_came_late(crossing: TicketEvent) -> None:
    """Such a ticket passed for resolved for good by one reply; nobody had counted that it was not."""
    replied, resolved = fact(from_agent(), 1), fact(TicketResolved(ticket_id=TICKET), 5)
    again = fact(TicketResolved(ticket_id=TICKET), 10)
    rows = {
        "reopened": fold_all(open_ticket(), [replied, resolved, again, fact(crossing, 7)]),
        "for good": fold_all(open_ticket(), [replied, resolved, again]),
    }
    given = [
        {**msgspec.to_builtins(row, builtin_types=(datetime,)), "ticket_id": name}
        for name, row in rows.items()
    ]
    outcomes = {
        row["ticket_id"]: row["first_contact_resolved"]
        for row in found("ticket_outcomes", {"tickets": given})
    }

    assert outcomes == {"reopened": False, "for good": True}


def override(decision: str, was: str | None, now: str, said_by: str = "model", **more: str) -> Row:
    """Return one decision that an event overrides, as a row of ticket_events carries it."""
    return {"decision": decision, "said_by": said_by, "was": was, "now": now, "team": "one"} | more


def overriding(ticket: str, event_type: str, *told: Row, revision: int = 2, **more: Any) -> Row:
    """Return an event of people."""
    about = {"ticket_id": ticket, "life": 1, "revision": revision, "event_type": event_type}
    return {**about, "event_time": MONDAY, "overrides": msgspec.json.encode(told).decode(), **more}


OVERRIDES = [
    overriding(
        "a", "TicketUpdated", override("priority", "low", "high", by="ann"), override("team", "one", "two")
    ),
    overriding("b", "DecisionOverridden", override("intent", "login", "refund", by="bo"), intent="refund"),
    overriding("c", "DecisionOverridden", override("recommendation", "call", "", said_by="rules")),
    overriding("d", "LabelCorrected", override("intent", "login", "login"), intent="login"),
    overriding("e", "LabelCorrected", override("intent", "x", "login", said_by="source"), intent="login"),
]


def test_each_override_is_a_row() -> None:
    """An event that changes two decisions is two rows; a confirmation says that nothing changed."""
    rows = {
        (row["ticket_id"], row["decision"]): row for row in found("overrides", {"ticket_events": OVERRIDES})
    }
    assert set(rows) == {
        ("a", "priority"),
        ("a", "team"),
        ("b", "intent"),
        ("c", "recommendation"),
        ("d", "intent"),
        ("e", "intent"),
    }
    first = rows["a", "priority"]
    assert (first["machine_said"], first["person_said"], first["overridden_by"]) == ("low", "high", "ann")
    assert (first["changed"], rows["d", "intent"]["changed"]) == (True, False)


def test_override_rates_are_of_what_was_decided_automatically() -> None:
    """What stands counts below the line too; what the source had said counts nowhere."""
    tickets = [
        {
            "ticket_id": name,
            "opened_at": MONDAY,
            "team": "one",
            "label_said_by": said_by,
            "priority_said_by": "model",
        }
        for name, said_by in (
            ("a", "model"),
            ("b", "people"),
            ("c", "model"),
            ("d", "people"),
            ("e", "people"),
        )
    ]
    rows = found("override_rates", {"tickets": tickets, "ticket_events": OVERRIDES})
    rates = {row["decision"]: (row["decided"], row["confirmed"], row["overridden"]) for row in rows}
    assert rates["intent"] == (4, 1, 1)
    assert rates["priority"] == (5, 0, 1)
    assert rates["team"] == (1, 0, 1)
    assert rates["recommendation"] == (1, 0, 1)
    assert {row["override_rate"] for row in rows if row["decision"] == "recommendation"} == {None}


def test_an_overridden_intent_is_learnt_from() -> None:
    """LabelCorrected was once the only way to teach; an override of the intent is the same word in another event."""
    blank = dict.fromkeys(("overrides", "intent", "event_time"))
    opening = {"life": 1, "revision": 1, "event_type": "TicketOpened", "text": "money back", **blank}
    openings = [{"ticket_id": name, **opening} for name in ("a", "b", "c")]
    rows = found("label_corrections", {"ticket_events": [*openings, *OVERRIDES]})
    assert [(row["ticket_id"], row["text"], row["label"]) for row in rows] == [("b", "money back", "refund")]


def event(ticket_id: str, revision: int, kind: str, minute: int, **fields: object) -> Row:
    """Return an event of a ticket's first life, so many minutes after Monday's start."""
    at = MONDAY + timedelta(minutes=minute)
    about = {"ticket_id": ticket_id, "life": 1, "revision": revision, "event_type": kind, "event_time": at}
    return {**about, "status": "new", **fields}


def test_an_escalation_ends_with_what_ended_it() -> None:
    """Its own rule, a person, or the solution, whichever was first; another rule's end and an older word are none.

    A solution of before that comes late once made the time that it was held negative: it ends the escalation at once.
    """
    fired = {"rule": "old", "cause": "age", "level": 1, "owner": "boss", "team": "cards"}
    events = [
        event(name, 2, "TicketEscalated", 10, **fired)
        for name in ("rule", "person", "solved", "open", "late")
    ]
    events += [
        event("rule", 3, "TicketDeescalated", 15, rule="other"),
        event("rule", 4, "TicketDeescalated", 20, rule="old"),
        event("rule", 5, "TicketResolved", 30, status="resolved"),
        event("person", 3, "TicketDeescalated", 5),
        event("person", 4, "TicketDeescalated", 25),
        event("solved", 1, "TicketResolved", 1, status="resolved"),
        event("solved", 3, "TicketResolved", 40, status="resolved"),
        event("late", 3, "TicketResolved", 4, status="resolved"),
    ]
    rows = {row["ticket_id"]: row for row in found("escalations", {"ticket_events": events})}
    assert {name: (row["ended_by"], row["held_s"]) for name, row in rows.items()} == {
        "rule": ("rule", 600),
        "person": ("person", 900),
        "solved": ("solved", 1800),
        "open": (None, None),
        "late": ("solved", 0),
    }
    (line,) = found("escalation_causes", {"ticket_events": events})
    assert (line["team"], line["cause"], line["held_ms"]) == ("cards", "age", 3_300_000)
    counted = ("escalations", "open", "ended_by_rule", "ended_by_person", "ended_solved")
    assert [line[name] for name in counted] == [5, 1, 1, 1, 2]
