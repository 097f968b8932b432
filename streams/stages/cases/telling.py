"""Tells teams and the customers stage what they must know of a ticket that has changed."""

from typing import Final

from casework.customers.pictures import customer_change
from schemas.fold import work_changes
from schemas.records.identity import derived_id
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from streams.stages.cases.intake import FoldInput
from streams.steps.step import Step

_STAGE: Final = "cases"


def tell_teams(incoming: FoldInput, before: TicketRow | None, after: TicketRow, step: Step) -> None:
    """Send a notice to each team that the change concerns."""
    for notice in work_changes(before, after, incoming.fact.time):
        identity = derived_id(
            after.ticket_id, after.life, after.routing_revision, notice.team, _STAGE, "WorkChanged"
        )
        step.emit(Topic.TICKETS_WORK, notice.team, notice, id=identity, time=incoming.fact.time)


def tell_customers(incoming: FoldInput, before: TicketRow | None, after: TicketRow, step: Step) -> None:
    """Send the ticket's picture to its customer, if anything of it has changed."""
    picture = customer_change(before, after)
    if picture is None:
        return
    identity = derived_id(after.ticket_id, after.life, after.revision, _STAGE, "CustomerWorkChanged")
    step.emit(Topic.CUSTOMERS_WORK, picture.customer_id, picture, id=identity, time=incoming.fact.time)
