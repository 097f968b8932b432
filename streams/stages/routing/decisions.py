"""What routing says: its decisions, to cases; whom it let go and whom people gave work, to the roster."""

from typing import Final

from schemas.records.derived import AgentHeldElsewhere, AgentReleased, AgentRostered, WorkChanged
from schemas.records.derived.alerts import QueueOverloaded
from schemas.records.derived.decisions import (
    AgentChosen,
    Decision,
    TicketOffered,
    TicketQueued,
    TicketReturned,
)
from schemas.records.identity import derived_id
from schemas.records.topics import Topic
from streams.foundation.record import Record
from streams.stages.routing.choice import ScoredAgent
from streams.steps.step import Step

STAGE: Final = "routing"


def emit_chosen(
    step: Step, kind: type[AgentChosen], work: WorkChanged, chosen: ScoredAgent, reasons: tuple[str, ...]
) -> None:
    """Say that an agent gets a ticket, or is asked to take it, and on what this was decided."""
    body = kind(
        ticket_id=work.ticket_id,
        life=work.life,
        routing_revision=work.routing_revision,
        team=work.team,
        reasons=reasons,
        decided_at=step.now,
        step=step.number,
        inputs=step.next_offsets,
        model_version=work.model_version,
        agent_id=chosen.member.rostered.agent_id,
        score=chosen.score,
        parts=chosen.parts,
        candidates=chosen.candidates,
        waited_s=waited_s(step, work),
        performance_version=chosen.member.rostered.performance_version,
    )
    _emit_decision(step, work, body)
    step.count("offered" if kind is TicketOffered else "assigned")


def emit_queued(
    step: Step, work: WorkChanged, *, position: int, expected_wait_s: float | None, reason: str
) -> None:
    """Say that a ticket waits, at which place, why, and for how long by how fast the queue was served."""
    body = TicketQueued(
        ticket_id=work.ticket_id,
        life=work.life,
        routing_revision=work.routing_revision,
        team=work.team,
        reasons=(reason,),
        decided_at=step.now,
        step=step.number,
        inputs=step.next_offsets,
        model_version=work.model_version,
        position=position,
        expected_wait_s=expected_wait_s,
    )
    _emit_decision(step, work, body)
    step.count("queued")


def emit_returned(step: Step, work: WorkChanged, agent_id: str, absence: str) -> None:
    """Say that a ticket is to go back to the queue, since its agent became away or offline, or leaves the team."""
    body = TicketReturned(
        ticket_id=work.ticket_id,
        life=work.life,
        routing_revision=work.routing_revision,
        team=work.team,
        reasons=(f"agent_{absence}:{agent_id}",),
        decided_at=step.now,
        step=step.number,
        inputs=step.next_offsets,
        agent_id=agent_id,
    )
    _emit_decision(step, work, body)
    step.count("returned")


def emit_overloaded(step: Step, body: QueueOverloaded, record: Record) -> None:
    """Say that a queue is too long; `record` made it so."""
    origin = record.origin
    event_id = derived_id(
        *(body.team, record.topic, origin.topic_id, origin.partition, origin.offset), STAGE, "QueueOverloaded"
    )
    step.emit(Topic.TICKETS_ALERTS, body.team, body, id=event_id, time=step.now)
    step.count("overloaded")


def emit_released(step: Step, rostered: AgentRostered) -> None:
    """Say that the team has let go of an agent."""
    body = AgentReleased(
        agent_id=rostered.agent_id, team=rostered.team, roster_revision=rostered.roster_revision
    )
    event_id = derived_id(body.agent_id, body.team, body.roster_revision, STAGE, "AgentReleased")
    step.emit(Topic.AGENTS_HOLDINGS, body.agent_id, body, id=event_id, time=step.now)
    step.count("released")


def emit_held_elsewhere(step: Step, work: WorkChanged, agent_id: str, *, held: bool) -> None:
    """Say that people gave a ticket to an agent of another team, or that this is over."""
    body = AgentHeldElsewhere(
        ticket_id=work.ticket_id,
        agent_id=agent_id,
        team=work.team,
        life=work.life,
        routing_revision=work.routing_revision,
        held=held,
    )
    event_id = derived_id(
        *(work.ticket_id, work.life, work.routing_revision, work.team, agent_id, str(held)),
        *(STAGE, "AgentHeldElsewhere"),
    )
    step.emit(Topic.AGENTS_HOLDINGS, agent_id, body, id=event_id, time=step.now)


def waited_s(step: Step, work: WorkChanged) -> float:
    """Return for how many seconds a ticket has waited for an agent; a clock that is behind counts as none."""
    return max(0.0, (step.now - work.waiting_since).total_seconds())


def _emit_decision(step: Step, work: WorkChanged, body: Decision) -> None:
    kind = type(body).__name__
    event_id = derived_id(work.ticket_id, work.life, work.routing_revision, STAGE, kind)
    step.emit(Topic.TICKETS_DECISIONS, work.ticket_id, body, id=event_id, time=step.now)
