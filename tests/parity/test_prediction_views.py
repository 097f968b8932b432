"""What the views of predictions say about a few tickets, in DuckDB; parity holds Spark to the same."""

from datetime import UTC, datetime, timedelta

from tests.parity.test_views_over_few_rows import Row, found

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def ticket(number: int, week: int, score: int, **fields: object) -> Row:
    """Return a ticket of a week, whose customer gave a score."""
    return {
        "ticket_id": f"T-{number}",
        "opened_at": MONDAY + timedelta(weeks=week),
        "status": "closed",
        "work": "none",
        "reassignments": 0,
        "reopenings": 0,
        "csat_basis": "prior",
        "csat_predicted": 4.0,
        "survey_score": score,
        **fields,
    }


def test_a_trend_of_scores_is_beside_the_week_right_before() -> None:
    """Over weeks without a ticket the trend was once that to a week of long ago."""
    tickets = [ticket(week, week, score) for week, score in ((0, 5), (1, 3), (3, 2))]
    rows = [row for row in found("satisfaction", {"tickets": tickets}) if row["grouped_by"] == "all"]
    assert [row["trend"] for row in sorted(rows, key=lambda row: row["week"])] == [None, -2.0, None]


def test_a_score_is_credited_to_the_model_that_expected_it() -> None:
    """A score is expected anew by newer models; it was once credited to the model that foretold at the opening."""
    tickets = [
        ticket(
            1,
            0,
            5,
            csat_basis="model",
            csat_version="new",
            predictions_basis="model",
            predictions_version="old",
        ),
        ticket(2, 0, 3, predictions_basis="model", predictions_version="old"),
    ]
    tickets = [{**row, "breach_risk": 0.2, "sla_total_resolution_state": "met"} for row in tickets]
    rows = found("prediction_quality", {"tickets": tickets})
    assert {
        (row["target"], row["basis"], row["version"], row["tickets"]) for row in rows if row["foretold"]
    } == {
        ("breach", "model", "old", 2),
        ("satisfaction", "model", "new", 1),
        ("satisfaction", "prior", "none", 1),
    }
