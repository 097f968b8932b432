"""The columns of the base views about alerts: name, SQL type and meaning."""

from typing import Final

from schemas.views.base_columns import POSITION, BaseColumn

ALERTS: Final = (
    BaseColumn("alert_id", "VARCHAR", "the alert; its event has this id in the log, too"),
    BaseColumn("alert_type", "VARCHAR", "what happened: SlaBreached, TicketEscalated and so on"),
    BaseColumn("alert_source", "VARCHAR", "the stage that raised it"),
    BaseColumn("raised_at", "TIMESTAMPTZ", "when it was due to be raised"),
    BaseColumn("ticket_id", "VARCHAR", "the ticket; empty where it is about no ticket"),
    BaseColumn("team", "VARCHAR", "the team that the ticket was with, or that it is about"),
    BaseColumn("priority", "VARCHAR", "the ticket's priority then"),
    BaseColumn("assignee", "VARCHAR", "the agent who had the ticket then"),
    BaseColumn("customer_id", "VARCHAR", "the ticket's customer"),
    BaseColumn("details", "VARCHAR", "JSON object of all that the alert says, by its type"),
    *POSITION,
)

DELIVERIES: Final = (
    BaseColumn("event_id", "VARCHAR", "the record of the outcome"),
    BaseColumn("outcome", "VARCHAR", "delivered or failed"),
    BaseColumn("ended_at", "TIMESTAMPTZ", "when the address took it, or it was given up"),
    BaseColumn("delivery_id", "VARCHAR", "the webhook-id that the receiver saw, the same at each attempt"),
    BaseColumn("alert_id", "VARCHAR", "the alert"),
    BaseColumn("alert_type", "VARCHAR", "its type"),
    BaseColumn("address", "VARCHAR", "the address's name in the file of webhooks"),
    BaseColumn("attempts", "BIGINT", "how often it was tried"),
    BaseColumn("took_s", "DOUBLE", "seconds from the first attempt to the end"),
    BaseColumn("http_status", "BIGINT", "the last answer's HTTP status, empty where there was none"),
    BaseColumn("reason", "VARCHAR", "why it was given up"),
    *POSITION,
)
