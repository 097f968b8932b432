"""The simple doors: for each path the one event that it takes, and the field that the path gives."""

from typing import Final

import msgspec


class Door(msgspec.Struct, frozen=True):
    """One door; `id_field` is the field of the event that the path names, None where the body has all."""

    path: str
    event: str
    id_field: str | None = None

    @property
    def route(self) -> str:
        """The path as the router wants it."""
        return self.path.replace("_id}", "_id:str}")


_ABOUT_A_TICKET: Final = {
    "messages": "MessageAdded",
    "updates": "TicketUpdated",
    "transfers": "TicketTransferred",
    "corrections": "LabelCorrected",
    "overrides": "DecisionOverridden",
    "escalations": "EscalationRequested",
    "deescalations": "TicketDeescalated",
    "exclusions": "AgentExcluded",
    "acceptances": "OfferAccepted",
    "refusals": "OfferDeclined",
    "merges": "TicketMerged",
    "unmerges": "MergeUndone",
    "splits": "TicketSplit",
    "links": "TicketLinked",
    "unlinks": "TicketUnlinked",
    "resolutions": "TicketResolved",
    "reopenings": "TicketReopened",
    "closings": "TicketClosed",
    "surveys": "SurveyAnswered",
}

DOORS: Final = (
    Door("/v1/tickets", "TicketOpened"),
    Door("/v1/imports", "TicketImported"),
    *(
        Door(f"/v1/tickets/{{ticket_id}}/{name}", event, "ticket_id")
        for name, event in _ABOUT_A_TICKET.items()
    ),
    Door("/v1/customers/{customer_id}", "CustomerUpdated", "customer_id"),
    Door("/v1/customers/{customer_id}/departures", "CustomerLeft", "customer_id"),
    Door("/v1/agents/{agent_id}", "AgentUpdated", "agent_id"),
)
"""Every simple door; any event also comes through /v1/events as a CloudEvent."""
