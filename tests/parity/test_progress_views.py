"""What the views of progress and of alerts say about a few rows, in DuckDB; parity holds Spark to the same."""

from datetime import datetime, timedelta
from typing import Any

from tests.parity.test_views_over_few_rows import MONDAY, Row, found


def day(number: int, hour: float = 0) -> datetime:
    return MONDAY + timedelta(days=number, hours=hour)


def resolved_ticket(name: str, opened: datetime, took_h: float, **fields: Any) -> Row:
    """Return a resolved ticket that one reply solved."""
    end = opened + timedelta(hours=took_h)
    return {
        "ticket_id": name,
        "opened_at": opened,
        "status": "resolved",
        "resolved_at": end,
        "first_resolved_at": end,
        "agent_replies": 1,
        "reassignments": 0,
        "reopenings": 0,
        "solution_attempts": 0,
        "corrected": False,
        "team": "billing",
        **fields,
    }


def test_a_ticket_resolved_before_it_was_opened_has_no_time_to_resolution() -> None:
    """A producer's clock a day behind made it minus a day, which spoiled the mean of all others."""
    tickets = [resolved_ticket("T1", day(0), -24), resolved_ticket("T2", day(0), 2)]
    (whole,) = (
        row for row in found("resolution_analytics", {"tickets": tickets}) if row["dimension"] == "all"
    )
    assert (whole["tickets"], whole["resolved"], whole["mean_resolution_s"]) == (2, 1, 7200.0)


def test_a_trend_is_beside_the_period_right_before() -> None:
    """A day behind an empty one has nothing beside it: the last day with tickets is not the day before."""
    tickets = [
        resolved_ticket("T1", day(0), 2),
        resolved_ticket("T2", day(1), 3, reopenings=1, agent_replies=2, solution_attempts=2),
        resolved_ticket("T3", day(3), 1),
    ]
    rows = found("resolution_trends", {"tickets": tickets})
    days = [
        row for row in rows if (row["period"], row["dimension"], row["member"]) == ("day", "team", "billing")
    ]
    first, second, third = sorted(days, key=lambda row: row["starts_on"])
    assert (first["resolved_before"], third["resolved_before"]) == (None, None)
    assert (second["median_before_s"], second["median_change"]) == (7200.0, 0.5)
    assert (second["first_contact_change"], second["reopened"], second["mean_attempts"]) == (-1.0, 1.0, 2.0)
    (week,) = (row for row in rows if (row["period"], row["dimension"]) == ("week", "all"))
    assert (week["resolved"], week["starts_on"]) == (3, MONDAY.date())


def test_progress_runs_up_to_the_newest_event_of_any_ticket() -> None:
    """So a replayed history is measured by its own clock, and what is finished is not in it."""
    tickets = [
        {
            "ticket_id": "T1",
            "status": "in_progress",
            "opened_at": day(0),
            "last_progress_at": day(0, 1),
            "due_at": day(0, 5),
            "last_event_at": day(0, 1),
        },
        {**resolved_ticket("T2", day(0), 2), "last_event_at": day(0, 4)},
    ]
    (row,) = found("progress", {"tickets": tickets})
    assert (row["ticket_id"], row["as_of"]) == ("T1", day(0, 4))
    assert (row["elapsed_s"], row["idle_s"], row["sla_left_s"]) == (4 * 3600, 3 * 3600, 3600)


def test_a_delivery_that_failed_and_was_sent_again_is_delivered() -> None:
    """Of the outcomes of a delivery the good one counts; an alert of which nobody was told is there, too."""
    alerts = [{"alert_id": name, "alert_source": "ticketyard/cases", "raised_at": day(0)} for name in "ab"]
    common = {"alert_id": "a", "address": "pagers", "delivery_id": "d"}
    outcomes = [
        {**common, "event_id": "1", "outcome": "failed", "reason": "HTTP 500", "ended_at": day(0, 1)},
        {**common, "event_id": "2", "outcome": "delivered", "ended_at": day(0, 2)},
    ]
    rows = found("alert_deliveries", {"alerts": alerts, "webhook_outcomes": outcomes})
    told = {row["alert_id"]: (row["state"], row["reason"], row["delay_s"]) for row in rows}
    assert told == {"a": ("delivered", None, 7200.0), "b": ("untold", None, None)}
    assert len(rows) == 2
