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


def told(customer: str, day: int, *, retracted: bool = False) -> Row:
    """Return that a customer left on a day, or, retracted, that they did not."""
    moment = MONDAY + timedelta(days=day)
    return {"customer_id": customer, "told_at": moment, "left_at": moment, "retracted": retracted}


def foretold(number: int, customer: str, day: int) -> Row:
    """Return a ticket that says since a day how likely its customer is to leave."""
    at = MONDAY + timedelta(days=day)
    churn = {"churn_risk": 0.7, "churn_basis": "model", "churn_version": "v1", "churn_foretold_at": at}
    return ticket(number, 0, 5, customer_id=customer, last_event_at=at, **churn)


def test_churn_is_held_against_who_left_within_ninety_days() -> None:
    """By what was told and not taken back; who had left before, or may leave yet, counts for neither."""
    given = {
        "tickets": [
            foretold(1, "left", 0),
            foretold(2, "stayed", 0),
            foretold(3, "late", 0),
            foretold(4, "wrongly", 0),
            foretold(5, "gone", 20),
            foretold(6, "young", 60),
            foretold(7, "newest", 100),
            foretold(8, "soon", 60),
        ],
        "customer_departures": [
            told("somebody", -1),
            told("left", 40),
            told("late", 95),
            told("wrongly", 40),
            told("wrongly", 41, retracted=True),
            told("gone", 10),
            told("soon", 61),
        ],
    }
    rows = {row["customer_id"]: row["has_left"] for row in found("predictions", given)}
    assert rows == {
        "left": True,
        "stayed": False,
        "late": False,
        "wrongly": False,
        "gone": None,
        "young": None,
        "newest": None,
        "soon": None,  # of those who were foretold with them nobody can have stayed yet
    }
    (churn,) = [row for row in found("prediction_quality", given) if row["target"] == "churn"]
    assert (churn["version"], churn["basis"], churn["tickets"], churn["happened"]) == ("v1", "model", 4, 0.25)
    gone = {row["customer_id"] for row in found("customers", given) if row["left_at"]}
    assert gone == {"left", "late", "gone", "soon"}
    assert {row["customer_id"] for row in found("customers_at_risk", given)} == rows.keys() - gone


def test_a_customer_is_at_risk_by_what_was_foretold_last() -> None:
    """A bad survey of an old ticket was outdone by what a newer ticket's opening had said before it."""

    def at_risk(number: int, opened: int, at: int, risk: float, merged_into: str | None = None) -> Row:
        churn = {"churn_risk": risk, "churn_basis": "model", "churn_foretold_at": MONDAY + timedelta(days=at)}
        return ticket(number, opened, 5, customer_id="one", merged_into=merged_into, **churn)

    given = {
        "tickets": [
            at_risk(1, 0, 60, 0.9),
            at_risk(2, 7, 7, 0.1),
            at_risk(3, 8, 61, 0.2, "T-1"),
        ]
    }
    (row,) = found("customers_at_risk", given)
    assert (row["customer_id"], row["churn_risk"], row["churn_basis"]) == ("one", 0.9, "model")
