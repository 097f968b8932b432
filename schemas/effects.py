"""What a customer's message does to its ticket, apart from being logged: effects that a kind of mail may not have."""

from enum import StrEnum


class Effect(StrEnum):
    """One effect of a customer's message; an event carries those that its message does not have."""

    REOPENING = "reopening"
    """It opens a finished ticket again."""

    CUSTOMER_MESSAGE = "customer_message"
    """It counts as a message of the customer, so that a ticket that waits for the customer goes on."""

    PRIORITY = "priority"
    """What it says may raise the priority."""

    INTENT = "intent"
    """It says what the ticket is about: intent, category, team and everything else that triage reads for the row."""
