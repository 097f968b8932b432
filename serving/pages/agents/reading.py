"""What the page of agents shows."""

from typing import Any, Final

from serving.merge.answers import Snapshot
from serving.pages.figures import values
from serving.pages.listing import Column, Listing, read_listing

ENOUGH: Final = 20
"""Resolved tickets below which nothing is said about how an agent does: chance would say it."""

_LOAD: Final = Listing(
    name="load",
    source=(
        "FROM agents LEFT JOIN (SELECT assignee, COUNT(*) AS held FROM tickets WHERE work = 'held' GROUP BY assignee) "
        "AS loads ON loads.assignee = agents.agent_id ORDER BY COALESCE(held, 0) DESC, agent_id"
    ),
    columns=(
        Column("agent_id", "agent"),
        Column("home_team"),
        Column("status"),
        Column("COALESCE(held, 0) AS held", "count"),
        Column("capacity", "count"),
        Column("languages", "words"),
        Column("specialisations", "words"),
    ),
    most=200,
)
_PERFORMANCE: Final = Listing(
    name="performance",
    source=f"FROM agent_performance WHERE resolved >= {ENOUGH} ORDER BY agent_id",
    columns=(
        Column("agent_id", "agent"),
        Column("resolved", "count"),
        Column("median_resolution_s", "span"),
        Column("CAST(first_contact_resolved AS DOUBLE) / resolved AS first_contact", "share"),
        Column("CAST(reopened AS DOUBLE) / tickets AS reopened_share", "share"),
        Column("surveys", "count"),
        Column("survey_mean", "decimal"),
        Column("1.96 * sqrt(0.25 / resolved) AS uncertainty", "share"),
    ),
    most=200,
)


def read_agents(snapshot: Snapshot) -> dict[str, Any]:
    """Return what the template needs."""
    held = {row["team"]: row["held"] for row in values(snapshot, "held", by=["team"])}
    room = {
        row["home_team"]: row
        for row in values(snapshot, "agents", "capacity", by=["home_team"], only={"status": ["available"]})
    }
    teams = [
        {
            "team": team,
            "held": held.get(team, 0),
            "agents": room[team]["agents"] if team in room else 0,
            "capacity": room[team]["capacity"] if team in room else 0,
        }
        for team in sorted(held.keys() | room.keys(), key=str)
    ]
    return {
        "teams": teams,
        "lists": [read_listing(snapshot, one) for one in (_LOAD, _PERFORMANCE)],
        "enough": ENOUGH,
    }
