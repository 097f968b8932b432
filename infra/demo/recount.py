"""What the right answers are, counted from the published events alone: no code of the pipeline is asked."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from schemas.records.events import Event, MessageAdded, SurveyAnswered, TicketMerged, TicketOpened
from ticketyard.simulator import TicketTruth, TimedEvent

PROMISES: Final = Path(__file__).with_name("sla.yaml")
"""The policies of service that a demonstration runs with; its rules of escalation are the packaged ones."""

FIRST_REPLY_S: Final = 3
INTERACTIONS: Final = 5
"""What those files say, said again: a recount asks none of the pipeline's code."""


class Question(msgspec.Struct, frozen=True):
    """Something asked of serving, in words and in SQL, with the rows that a recount of the input gives."""

    words: str
    sql: str
    expected: list[list[str | int | None]]


class Published:
    """Everything that was published, kept to check the answers by."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.opened: dict[str, TicketOpened] = {}
        self.opened_at: dict[str, datetime] = {}
        self.replied_at: dict[str, datetime] = {}
        self.sent_ms: dict[str, float] = {}
        self.truths: dict[str, TicketTruth] = {}

    def note(self, timed: TimedEvent) -> None:
        """Remember one event; `at` is when it was scheduled to be sent."""
        event = timed.event
        self.events.append(event)
        if isinstance(event, MessageAdded) and event.author == "agent" and event.public:
            self.replied_at.setdefault(event.ticket_id, timed.at)
        if isinstance(timed.event, TicketOpened):
            self.opened[timed.event.ticket_id] = timed.event
            self.opened_at[timed.event.ticket_id] = timed.at
            if type(timed.event) is TicketOpened:  # an imported ticket may need no routing
                self.sent_ms[timed.event.ticket_id] = timed.at.timestamp() * 1000
        if timed.truth is not None:
            self.truths[timed.truth.ticket_id] = timed.truth


def questions(published: Published) -> tuple[Question, ...]:
    """Return the questions of an analyst with their recounted answers."""
    return (*_about_tickets(published), *_about_promises(published), *_about_customers(published))


def _about_tickets(published: Published) -> tuple[Question, ...]:
    return (
        Question(
            words="tickets by channel",
            sql="SELECT channel, count(*) AS tickets FROM tickets GROUP BY channel ORDER BY channel",
            expected=[
                [channel, count]
                for channel, count in sorted(
                    Counter(str(t.channel) for t in published.opened.values()).items()
                )
            ],
        ),
        Question(
            words="who wrote how many messages",
            sql="SELECT CAST(sum(customer_messages) AS BIGINT) AS by_customers, "
            "CAST(sum(agent_replies) AS BIGINT) AS by_agents, CAST(sum(internal_notes) AS BIGINT) AS internal "
            "FROM tickets",
            expected=[_messages(published.events)],
        ),
        Question(
            words="satisfaction by customer tier, from the daily aggregates",
            sql="SELECT customer_tier, CAST(COALESCE(sum(surveys), 0) AS BIGINT) AS answers, "
            "CAST(sum(survey_sum) AS BIGINT) AS score_sum FROM daily_analytics "
            "GROUP BY customer_tier HAVING sum(surveys) > 0 ORDER BY customer_tier",
            expected=_satisfaction(published),
        ),
    )


def _about_promises(published: Published) -> tuple[Question, ...]:
    return (
        Question(
            words=f"first replies, promised within {FIRST_REPLY_S} s of the demonstration's short day",
            sql="SELECT state, count(*) AS tickets FROM sla_clocks "
            "WHERE metric = 'first_reply' AND ended_at IS NOT NULL GROUP BY state ORDER BY state",
            expected=_promises(published),
        ),
        Question(
            words=f"tickets escalated after {INTERACTIONS} interactions",
            sql="SELECT owner, level, count(DISTINCT ticket_id) AS tickets FROM escalations "
            "WHERE cause = 'interactions_at_least' GROUP BY owner, level",
            expected=_escalated(published),
        ),
    )


def _about_customers(published: Published) -> tuple[Question, ...]:
    return (
        Question(
            words="how satisfied customers said they were (4 and 5 are satisfied, 1 and 2 are not)",
            sql="SELECT CAST(sum(surveys) AS BIGINT) AS answers, "
            "CAST(COALESCE(sum(scores_4 + scores_5), 0) AS BIGINT) AS satisfied, "
            "CAST(COALESCE(sum(scores_1 + scores_2), 0) AS BIGINT) AS dissatisfied "
            "FROM satisfaction WHERE grouped_by = 'all'",
            expected=_scores(published),
        ),
        Question(
            words="customers by how many tickets they opened; merged tickets count once",
            sql="SELECT tickets, count(*) AS customers FROM customers GROUP BY tickets ORDER BY tickets",
            expected=_customers(published),
        ),
    )


def _messages(events: Iterable[Event]) -> list[str | int | None]:
    messages = [event for event in events if isinstance(event, MessageAdded)]
    customers = sum(event.author == "customer" for event in messages)
    public = sum(event.author == "agent" and event.public for event in messages)
    return [customers, public, len(messages) - customers - public]


def _satisfaction(published: Published) -> list[list[str | int | None]]:
    scores = {event.ticket_id: event.score for event in published.events if isinstance(event, SurveyAnswered)}
    by_tier: dict[str | None, list[int]] = defaultdict(list)
    for ticket_id, score in scores.items():
        tier = published.opened[ticket_id].customer_tier
        by_tier[None if tier is None else str(tier)].append(score)
    return [
        [tier, len(found), sum(found)]
        for tier, found in sorted(by_tier.items(), key=lambda item: str(item[0]))
    ]


def _scores(published: Published) -> list[list[str | int | None]]:
    """Count the scores that the simulator's customers gave, from its truth."""
    truths = (truth for truth in published.truths.values() if truth.merged_into is None)
    scores = [truth.survey_score for truth in truths if truth.survey_score is not None]
    return [[len(scores), sum(score >= 4 for score in scores), sum(score <= 2 for score in scores)]]  # noqa: PLR2004


def _customers(published: Published) -> list[list[str | int | None]]:
    tickets = Counter(
        opened.customer_id
        for ticket_id, opened in published.opened.items()
        if ticket_id not in _merged(published) and opened.customer_id is not None
    )
    return [[opened, customers] for opened, customers in sorted(Counter(tickets.values()).items())]


def _merged(published: Published) -> set[str]:
    return {event.ticket_id for event in published.events if isinstance(event, TicketMerged)}


def _promises(published: Published) -> list[list[str | int | None]]:
    """Count the tickets by whether the first public reply came in time; of one that was merged none was promised."""
    gone = _merged(published)
    kept = Counter(
        "met" if at - published.opened_at[ticket_id] < timedelta(seconds=FIRST_REPLY_S) else "missed"
        for ticket_id, at in published.replied_at.items()
        if ticket_id not in gone
    )
    return [[state, count] for state, count in sorted(kept.items())]


def _escalated(published: Published) -> list[list[str | int | None]]:
    public = Counter(
        event.ticket_id for event in published.events if isinstance(event, MessageAdded) and event.public
    )
    found = sum(count >= INTERACTIONS for count in public.values())
    return [["team_leads", 1, found]] if found else []
