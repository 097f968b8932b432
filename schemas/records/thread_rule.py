"""Which of a customer's messages says what a ticket is about, and how many of a long thread the model reads."""

from typing import Final, Literal, NamedTuple

import msgspec

from schemas.records.events import (
    MergeUndone,
    TicketClosed,
    TicketEvent,
    TicketImported,
    TicketMerged,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from schemas.triage import UNSURE, Triage
from schemas.vocabulary import FINISHED, OUT_OF_SCOPE

ThreadPolicy = Literal["first_message", "confident_change", "latest_message"]


class ThreadRule(msgspec.Struct, frozen=True, kw_only=True):
    """When a later message changes the intent that the model gave; tickets.log carries it where it counts.

    - first_message: never.
    - confident_change: where the model is sure of the later one, and was unsure of the standing one, or is
      surer now by `margin`, or the message opens the ticket again.
    - latest_message: always.

    `messages` is how many of a ticket's texts, the opening among them, count since it was opened or last finished.
    """

    policy: ThreadPolicy = "first_message"
    margin: float = 0.1
    messages: int = 10

    @property
    def most_scored(self) -> int:
        """How many texts the model must answer: one where only the first decides."""
        return 1 if self.policy == "first_message" else self.messages


FIRST_MESSAGE: Final = ThreadRule()
"""What held for records of tickets.log that name no rule."""


class AnswerConfidence(NamedTuple):
    """How far the model trusts what it said about one message, 0 to 1; `unsure` is the low band or no intent at all."""

    confidence: float
    unsure: bool


def answer_confidence(
    intent: str | None, confidence: float | None, reasons: tuple[str, ...]
) -> AnswerConfidence:
    """Return the confidence of the answer that a triage result or a ticket's row holds."""
    return AnswerConfidence(confidence or 0.0, UNSURE in reasons or intent == OUT_OF_SCOPE)


def answer_of(triage: Triage) -> AnswerConfidence:
    """Return what triage answered about one message."""
    return answer_confidence(triage.intent, triage.confidence, triage.reasons)


def changes(
    rule: ThreadRule, standing: AnswerConfidence, later: AnswerConfidence, *, anew: bool = False
) -> bool:
    """Tell whether a later message's answer takes the place of the standing one.

    `anew` says that the message is the first since the ticket was finished: it may be about something else.
    """
    if rule.policy != "confident_change":
        return rule.policy == "latest_message"
    if later.unsure:
        return False
    return anew or standing.unsure or later.confidence >= standing.confidence + rule.margin


def starts_anew(body: TicketEvent) -> bool:
    """Tell whether counting starts anew after this event, because it finishes a ticket or reopens it.

    It looks at the event alone, so that triage, which knows no ticket's state, counts as the fold does.
    """
    if isinstance(body, TicketUpdated | TicketImported):
        return body.status in FINISHED
    return isinstance(body, TicketResolved | TicketClosed | TicketMerged | MergeUndone | TicketReopened)
