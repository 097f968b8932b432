"""What the right answers are, counted from the published events alone: no code of the pipeline is asked."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from schemas.records.events import Event, MessageAdded, SurveyAnswered, TicketOpened
from ticketyard.simulator import TicketTruth, TimedEvent


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
        self.sent_ms: dict[str, float] = {}
        self.truths: dict[str, TicketTruth] = {}

    def note(self, timed: TimedEvent) -> None:
        """Remember one event; `at` is when it was scheduled to be sent."""
        self.events.append(timed.event)
        if isinstance(timed.event, TicketOpened):
            self.opened[timed.event.ticket_id] = timed.event
            if type(timed.event) is TicketOpened:  # an imported ticket may need no routing
                self.sent_ms[timed.event.ticket_id] = timed.at.timestamp() * 1000
        if timed.truth is not None:
            self.truths[timed.truth.ticket_id] = timed.truth


def questions(published: Published) -> tuple[Question, ...]:
    """Return three questions of an analyst with their recounted answers."""
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
            sql="SELECT customer_tier, CAST(sum(surveys) AS BIGINT) AS answers, "
            "CAST(sum(survey_sum) AS BIGINT) AS score_sum FROM daily_analytics "
            "GROUP BY customer_tier HAVING sum(surveys) > 0 ORDER BY customer_tier",
            expected=_satisfaction(published),
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
