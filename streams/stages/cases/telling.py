"""Tells the log, teams and the customers stage what they must know of a ticket that has changed."""

from typing import Final

from casework.customers.pictures import customer_change
from schemas.fold import Fact, work_changes
from schemas.records.derived import TicketLogged
from schemas.records.identity import derived_id
from schemas.records.thread_rule import FIRST_MESSAGE, ThreadRule
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from schemas.views.override_rows import is_of_people
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


def log_event(incoming: FoldInput, before: TicketRow | None, after: TicketRow, step: Step) -> None:
    """Add an event to tickets.log, with the row after it, and the one before where somebody needs it."""
    logged = TicketLogged(
        ticket_id=after.ticket_id,
        life=after.life,
        revision=after.revision,
        event=incoming.event,
        after=after,
        before=_before_that_counts(incoming, before),
        triage=incoming.fact.triage,
        thread_rule=_rule_that_counts(incoming.fact),
        withheld=incoming.fact.withheld,
        predictions=incoming.fact.predictions,
    )
    # The life belongs to the id: what comes again after the ticket was forgotten is another record.
    identity = derived_id(
        incoming.event.source, incoming.event.id, _STAGE, "TicketLogged", after.ticket_id, after.life
    )
    step.emit(Topic.TICKETS_LOG, after.ticket_id, logged, id=identity, time=incoming.fact.time)
    step.count("logged")


def _before_that_counts(incoming: FoldInput, before: TicketRow | None) -> TicketRow | None:
    """Return the row that the log must keep; each row is half of a record, and the ticket's last record has it."""
    return before if incoming.fact.resumes or is_of_people(incoming.event.type) else None


def _rule_that_counts(fact: Fact) -> ThreadRule | None:
    """Return the rule that the log must keep, so that whoever folds again gets the same row."""
    answered = fact.triage is not None and fact.triage.intent is not None
    return fact.thread_rule if answered and fact.thread_rule.policy != FIRST_MESSAGE.policy else None
