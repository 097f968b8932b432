"""Publishes what somebody must be told of at once, with where its ticket stands."""

from msgspec.structs import replace

from schemas.records.derived.alerts import Alert
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from streams.stages.cases.intake import FoldInput
from streams.steps.step import Step


def publish_alert(incoming: FoldInput, after: TicketRow, step: Step) -> None:
    """Send an alert that was folded into `after` on to tickets.alerts, under the id that it has in the log."""
    body, event = incoming.fact.body, incoming.event
    if not isinstance(body, Alert):
        return
    told = replace(
        body,
        team=after.team,
        priority=after.priority,
        assignee=after.assignee,
        customer_id=after.customer_id,
    )
    step.emit(Topic.TICKETS_ALERTS, body.ticket_id, told, id=event.id, time=event.time)
    step.count("alerts")
