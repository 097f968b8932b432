"""The life of one ticket: opened, answered from both sides, resolved, perhaps reopened, rated and closed."""

from collections.abc import Sequence
from random import Random
from typing import Final, NamedTuple

from schemas.records.events import (
    LabelCorrected,
    MessageAdded,
    SurveyAnswered,
    TicketClosed,
    TicketEvent,
    TicketImported,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.vocabulary import OUT_OF_SCOPE, Author, Priority, Status
from ticketyard.simulator.case import Case
from ticketyard.simulator.config import HOUR, SimulationConfig
from ticketyard.simulator.grammar import write_as_agent, write_reply, write_request

_MINUTE: Final = 60.0
_ANOTHER_ROUND: Final = 0.45
"""How probable it is that the customer answers once more before the ticket is resolved."""


class LifeEvent(NamedTuple):
    """One event of a ticket, at a second of the operation."""

    at_s: float
    event: TicketEvent


class Life:
    """Writes one ticket's events in time order; agents act by time, for nobody here sees assignments."""

    def __init__(
        self, config: SimulationConfig, case: Case, rng: Random, *, opened_s: float, agents: Sequence[str]
    ) -> None:
        self._config = config
        self._case = case
        self._rng = rng
        self._agent = rng.choice(agents)
        self._id = case.ticket_id
        self._now = opened_s
        self.steps: list[LifeEvent] = []

    def live(self, *, original_id: str | None, other_team: str) -> list[LifeEvent]:
        """Return the ticket's events; one that repeats `original_id` is merged into it and ends there."""
        self._open()
        if original_id is not None:
            self._after(10 * _MINUTE, TicketMerged(ticket_id=self._id, into_ticket_id=original_id))
            return self.steps
        self._work(other_team)
        self._resolve()
        if self._chance(self._config.reopened):
            self._reopen()
        self._finish()
        return self.steps

    def _open(self) -> None:
        case, rng = self._case, self._rng
        subject, text = write_request(
            rng,
            case.customer,
            language=case.language,
            intent=case.intent,
            channel=case.channel,
            personal=self._config.personal_data,
        )
        imported = self._chance(self._config.imported)
        kind = TicketImported if imported else TicketOpened
        self._after(
            0,
            kind(
                ticket_id=self._id,
                customer_id=case.customer.id,
                channel=case.channel,
                subject=subject,
                text=text,
                customer_tier=case.customer.tier,
            ),
        )

    def _work(self, other_team: str) -> None:
        if self._chance(self._config.transferred):
            self._after(
                15 * _MINUTE,
                TicketTransferred(
                    ticket_id=self._id, team=other_team, transferred_by=self._agent, reason="not ours"
                ),
            )
        self._answer(25 * _MINUTE)
        if self._chance(self._config.reprioritised):
            priority = self._rng.choice((Priority.HIGH, Priority.URGENT))
            self._after(
                5 * _MINUTE, TicketUpdated(ticket_id=self._id, priority=priority, updated_by=self._agent)
            )
        while self._chance(_ANOTHER_ROUND):
            self._round()
        if self._chance(self._config.corrected) and self._case.intent != OUT_OF_SCOPE:
            correction = LabelCorrected(
                ticket_id=self._id, intent=self._case.intent, corrected_by=self._agent
            )
            self._after(2 * _MINUTE, correction)

    def _round(self) -> None:
        """An agent waits for the customer, who answers; now and then agents leave each other a note."""
        if self._chance(0.3):
            waiting = TicketUpdated(
                ticket_id=self._id, status=Status.PENDING_CUSTOMER, updated_by=self._agent
            )
            self._after(_MINUTE, waiting)
        self._say(45 * _MINUTE, write_reply(self._rng, self._case.customer, self._case.language))
        if self._chance(0.2):
            note = write_as_agent(self._rng, self._case.customer, "notes")
            self._say(5 * _MINUTE, note, by_agent=True, public=False)
        self._answer(20 * _MINUTE)

    def _resolve(self) -> None:
        resolution = write_as_agent(self._rng, self._case.customer, "resolutions")
        resolved = TicketResolved(ticket_id=self._id, resolved_by=self._agent, resolution=resolution)
        self._after(15 * _MINUTE, resolved)

    def _reopen(self) -> None:
        reason = write_as_agent(self._rng, self._case.customer, "reopen_reasons")
        self._after(1.5 * HOUR, TicketReopened(ticket_id=self._id, reason=reason))
        self._answer(30 * _MINUTE)
        self._resolve()

    def _finish(self) -> None:
        reopened = any(isinstance(step.event, TicketReopened) for step in self.steps)
        if self._chance(self._config.surveyed):
            score = self._rng.choices((1, 2, 3, 4, 5), (5, 4, 3, 2, 1) if reopened else (1, 1, 3, 8, 9))[0]
            kind = "survey_good" if score > 3 else "survey_bad"  # noqa: PLR2004 - 1 to 5 stars
            comment = write_as_agent(self._rng, self._case.customer, kind)
            self._after(40 * _MINUTE, SurveyAnswered(ticket_id=self._id, score=score, comment=comment))
        if self._chance(0.7):
            self._after(2 * HOUR, TicketClosed(ticket_id=self._id))

    def _answer(self, median_s: float) -> None:
        self._say(median_s, write_as_agent(self._rng, self._case.customer, "agent_replies"), by_agent=True)

    def _say(self, median_s: float, text: str, *, by_agent: bool = False, public: bool = True) -> None:
        message = MessageAdded(
            ticket_id=self._id,
            author=Author.AGENT if by_agent else Author.CUSTOMER,
            author_id=self._agent if by_agent else self._case.customer.id,
            text=text,
            public=public,
        )
        self._after(median_s, message)

    def _after(self, median_s: float, event: TicketEvent) -> None:
        """Let time pass, log-normally around the median, then let the event happen."""
        if median_s:
            self._now += median_s * self._rng.lognormvariate(0.0, 0.7)
        self.steps.append(LifeEvent(self._now, event))

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability
