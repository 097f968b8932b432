"""What the page of satisfaction shows."""

from datetime import datetime, timedelta
from typing import Any, Final

from serving.merge.answers import Snapshot
from serving.pages.figures import compared
from serving.pages.listing import Column, Listing, read_listing

_WEEKS: Final = timedelta(days=28)
_LISTS: Final = (
    Listing(
        name="scores",
        source=(
            "FROM satisfaction WHERE week = (SELECT MAX(week) FROM satisfaction WHERE surveys > 0) "
            "ORDER BY grouped_by = 'all' DESC, grouped_by, name"
        ),
        columns=(
            Column("grouped_by"),
            Column("name"),
            Column("surveys", "count"),
            Column("mean_score", "decimal"),
            Column("trend", "decimal"),
            Column("high_share", "share"),
            Column("low_share", "share"),
            Column("expected_score", "decimal"),
            Column("at_risk", "count"),
        ),
        most=100,
    ),
    Listing(
        name="tickets_at_risk",
        source=(
            "FROM predictions WHERE csat_predicted < 3.0 AND survey_score IS NULL AND status NOT IN ('closed') "
            "ORDER BY csat_predicted, ticket_id"
        ),
        columns=(
            Column("ticket_id", "ticket"),
            Column("priority", "priority"),
            Column("team"),
            Column("csat_predicted", "decimal"),
            Column("csat_basis"),
            Column("csat_factors", "words"),
            Column("recommendations", "words"),
        ),
        most=25,
    ),
    Listing(
        name="customers_at_risk",
        source="FROM customers_at_risk ORDER BY churn_risk DESC, customer_id",
        columns=(
            Column("customer_id", "customer"),
            Column("customer_tier"),
            Column("churn_risk", "share"),
            Column("churn_reasons"),
            Column("churn_basis"),
            Column("open_tickets", "count"),
            Column("last_contact_at", "moment"),
        ),
        most=25,
    ),
    Listing(
        name="foretold",
        source="FROM prediction_quality ORDER BY week DESC, target, version",
        columns=(
            Column("week", "date"),
            Column("target"),
            Column("basis"),
            Column("tickets", "count"),
            Column("foretold", "decimal"),
            Column("happened", "decimal"),
            Column("area_under_curve", "decimal"),
            Column("within_interval", "share"),
        ),
        most=25,
    ),
)


def read_satisfaction(snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "tiles": compared(snapshot, ("satisfaction", "surveys"), _WEEKS, now),
        "lists": [read_listing(snapshot, one) for one in _LISTS],
    }
