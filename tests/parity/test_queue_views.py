"""What the views of queues say about a ticket's way through two teams, in DuckDB; parity holds Spark to the same."""

from datetime import UTC, datetime, timedelta

from tests.parity.test_views_over_few_rows import Row, found

PAYMENTS, BILLING, WANTED = "payments", "billing", "wanted"
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def way(ticket_id: str, *stops: tuple[int, str, str]) -> list[Row]:
    """Return a ticket's events: the minute after nine, its team and its work after each."""
    return [
        {
            "ticket_id": ticket_id,
            "life": 1,
            "revision": revision,
            "event_time": NINE + timedelta(minutes=minute),
            "priority": "high",
            "team": team,
            "work": work,
        }
        for revision, (minute, team, work) in enumerate(stops, start=1)
    ]


EVENTS = {
    "ticket_events": [
        *way(
            "a",
            (0, "payments", "wanted"),
            (5, "payments", "wanted"),
            (30, "billing", "wanted"),
            (70, "billing", "held"),
        ),
        *way(
            "b",
            (10, "billing", "wanted"),
            (12, "billing", "offered"),
            (14, "billing", "wanted"),
            (16, "billing", "none"),
        ),
        *way("c", (80, BILLING, WANTED)),
    ]
}


def test_a_wait_is_one_turn_in_one_queue_however_many_events_fall_into_it() -> None:
    """A priority that changes meanwhile begins no new wait; another team, or an offer that was declined, does."""
    waits = [
        (row["ticket_id"], row["team"], row["ended_by"], row["wait_s"])
        for row in sorted(found("waits", EVENTS), key=lambda row: (row["ticket_id"], row["started_at"]))
    ]
    assert waits == [
        ("a", "payments", "moved", 1800.0),
        ("a", "billing", "assigned", 2400.0),
        ("b", "billing", "offered", 120.0),
        ("b", "billing", "finished", 120.0),
        ("c", "billing", None, None),
    ]


def test_a_wait_ends_not_before_it_began() -> None:
    """An assignment whose time is before the wait's was once counted an hour early, so that -1 tickets waited."""
    events = {"ticket_events": way("a", (0, PAYMENTS, WANTED), (-30, PAYMENTS, "held"))}
    (wait,) = found("waits", events)
    assert (wait["ended_at"], wait["ended_by"], wait["wait_s"]) == (wait["started_at"], "assigned", 0)
    (hour,) = found("queue_depth", events)
    assert (hour["entered"], hour["departed"], hour["waiting"]) == (1, 1, 0)


def test_the_depth_of_a_queue_is_who_came_less_who_went_hour_by_hour() -> None:
    """Two of billing's three waits of the nine o'clock hour ended in it."""
    depth = {
        (row["team"], row["hour"].hour): (row["entered"], row["departed"], row["waiting"])
        for row in found("queue_depth", EVENTS)
    }
    assert depth == {("payments", 9): (1, 1, 0), ("billing", 9): (3, 2, 1), ("billing", 10): (1, 1, 1)}


def test_only_waits_that_ended_with_an_agent_tell_how_long_one_waits() -> None:
    """Who gave up, or was sent to another team, was not served by this queue."""
    served = {
        (row["team"], row["hour"].hour): (row["served"], row["longest_wait_s"])
        for row in found("queue_waits", EVENTS)
    }
    assert served == {("billing", 9): (1, 120.0), ("billing", 10): (1, 2400.0)}


def test_the_workload_counts_offers_and_shows_who_was_never_published() -> None:
    """An offer takes room; an agent of whom nobody said anything has no capacity that could be free."""
    mine: Row = {"ticket_id": "a", "work": "held", "assignee": "ana", "offered_to": None, "assigned_at": NINE}
    tickets: list[Row] = [
        {**mine, "frees_capacity": False},
        {"ticket_id": "b", "work": "offered", "offered_to": "ana"},
        {"ticket_id": "c", "work": "held", "assignee": "zoe"},
        {"ticket_id": "d", "work": "none", "assignee": "ana"},
        {"ticket_id": "e", "work": "held", "assignee": "ana", "frees_capacity": True},
    ]
    agents: list[Row] = [{"event_type": "AgentUpdated", "agent_id": "ana", "capacity": 3, "logged_at": NINE}]
    rows = found("workload_now", {"tickets": tickets, "agent_events": agents})
    assert {row["agent_id"]: (row["held"], row["pending"], row["offered"], row["free"]) for row in rows} == {
        "ana": (2, 1, 1, 1),
        "zoe": (1, 0, 0, None),
    }
