"""Answers a team that gave an agent a ticket on what is no more."""

from schemas.fold import work_as_it_is
from schemas.records.derived.decisions import AgentChosen
from schemas.records.identity import derived_id
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from streams.stages.cases.intake import FoldInput
from streams.steps.step import Step


def answer_stale(incoming: FoldInput, stale: AgentChosen, row: TicketRow, step: Step) -> None:
    """Tell the team what the ticket is now by its row, kept or retired, so that it gives the agent's room back.

    As a rule a notice of that is on its way, and routing takes whichever comes first. There is none where routing has
    decided on a notice from long ago, such as a dead letter that was sent back after the ticket had ended. A ticket of
    which no row is known gets no answer: cases may read its opening yet, and then counts on the revisions of its own.
    """
    notice = work_as_it_is(row, stale, incoming.fact.time)
    if notice is None:
        return
    time = incoming.fact.time
    # The row's revision belongs to the id: what comes again is answered by what the ticket is by then.
    identity = derived_id(
        *(stale.ticket_id, stale.life, stale.routing_revision, stale.team, time.isoformat()),
        *(notice.life, row.revision, "cases", "WorkChanged"),
    )
    step.emit(Topic.TICKETS_WORK, notice.team, notice, id=identity, time=time)
    step.count("answered_stale")
