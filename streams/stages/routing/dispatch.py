"""Seats tickets: with the best free agent, else in the queue, which moves up when something became free."""

from collections.abc import Set as AbstractSet
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from schemas.records.derived.decisions import TicketAssigned, TicketOffered
from streams.foundation.record import Record
from streams.stages.routing.choice import why_chosen, why_waiting
from streams.stages.routing.decisions import (
    emit_chosen,
    emit_overloaded,
    emit_queued,
    emit_released,
    waited_s,
)
from streams.stages.routing.entries import DepartedAgent, OpenTicket, agent_key, queue_key, ticket_key
from streams.stages.routing.member import Member
from streams.stages.routing.policy import RoutingPolicy
from streams.stages.routing.served_queue import expected_wait_s, observed, overload_of
from streams.stages.routing.team import Team
from streams.stages.routing.waiting_line import Lane
from streams.steps.step import Step


def seat(team: Team, ticket: OpenTicket, step: Step, policy: RoutingPolicy, *, alone: bool) -> None:
    """Give a wanted ticket to an agent or let it wait; not `alone`: others may have what it gave back."""
    work = ticket.work
    lane = team.lane_of(work)
    team.place(ticket)
    if not alone:
        drain(team, team.free, step, policy)
    elif candidates := team.fitting(lane, work):
        _assign(team, ticket, candidates, step, policy)
    if team.tickets[work.ticket_id] is ticket:
        team.tickets[work.ticket_id] = queued = replace(ticket, queued=True)
        step.put(ticket_key(work.team, work.ticket_id), queued)
        position = team.line.position(policy.place(work))
        emit_queued(
            step,
            work,
            position=position,
            expected_wait_s=expected_wait_s(team.queue, position),
            reason=why_waiting(team, lane, work),
        )


def drain(team: Team, changed: AbstractSet[str], step: Step, policy: RoutingPolicy) -> None:
    """Seat those who wait, the foremost first, as long as a `changed` agent can take one.

    Nobody else can: before the change no waiting ticket fitted any free agent.
    """
    while (ticket := _next_for(team, changed)) is not None:
        _assign(team, ticket, team.fitting(team.lane_of(ticket.work), ticket.work), step, policy)


class _Suited(NamedTuple):
    """Who of those who became free can take a lane's tickets, and who of them knows what these are about."""

    able: list[Member]
    knowing: list[Member]


def _next_for(team: Team, changed: AbstractSet[str]) -> OpenTicket | None:
    if not len(team.line):
        return None
    takers = [team.members[agent_id] for agent_id in changed if agent_id in team.free]
    if not takers:
        return None

    suited: dict[Lane, _Suited] = {}

    def takes(lane: Lane, ticket_id: str, *, again: bool = False) -> bool:
        if lane not in suited:
            able = [taker for taker in takers if team.suits(taker, lane)]
            suited[lane] = _Suited(able, [taker for taker in able if taker.knows(lane)])
        if not suited[lane].able:
            return False
        work = team.waiting(ticket_id).work
        terms = team.terms(lane, work)
        if not again:
            terms = terms._replace(barred=terms.barred.union(work.passed_over))
        members = suited[lane].knowing if terms.by_subject else suited[lane].able
        if terms.only is not None:
            members = [terms.only] if terms.only in members else []
        return any(terms.admit(member, lane) for member in members)

    # What an agent did not take comes after all else: it would keep those behind it from them again and again.
    place = team.line.first(takes) or team.line.first(partial(takes, again=True))
    return None if place is None else team.waiting(place[-1])


def _assign(
    team: Team, ticket: OpenTicket, candidates: list[Member], step: Step, policy: RoutingPolicy
) -> None:
    work = ticket.work
    chosen = policy.choose(candidates, work)
    reasons = why_chosen(chosen, team, work, team.lane_of(work))
    team.served += ticket.queued
    if (waited := int(waited_s(step, work))) > 0:
        reasons += (f"waited_s:{waited}",)
    assigned = replace(ticket, agent_id=chosen.member.agent_id, queued=False)
    team.displace(ticket)
    team.place(assigned)
    step.put(ticket_key(work.team, work.ticket_id), assigned)
    offered = work.channel in team.rules.offer_channels
    emit_chosen(step, TicketOffered if offered else TicketAssigned, work, chosen, reasons)


def watch_queue(team: Team, record: Record, step: Step) -> None:
    """Note how fast the queue is served after a record, and say once when it is overloaded."""
    waiting = len(team.line)
    queue = observed(team.queue, served=team.served, waiting=waiting, now=step.now)
    team.served = 0
    overload = overload_of(queue, team.rules.overload, waiting)
    if overload is not None and not queue.overloaded:
        emit_overloaded(step, overload, record)
    if queue.overloaded != (overload is not None):
        queue = replace(queue, overloaded=overload is not None)
    if queue is not team.queue:
        team.queue = queue
        step.put(queue_key(queue.team), queue)


def count_over_capacity(team: Team, agent_id: str, more: int, step: Step) -> None:
    """Count by how many of the `more` tickets that people gave an agent they are now above their capacity."""
    member = team.members.get(agent_id)
    if member is None or (over := min(more, member.over)) <= 0:
        return
    entry = replace(member.entry, over_by_people=member.entry.over_by_people + over)
    team.enrol(entry)
    step.put(agent_key(entry.rostered.team, agent_id), entry)
    step.count("over_capacity_by_people", over)


def release_if_idle(team: Team, agent_id: str, step: Step) -> None:
    """Let a leaving agent go once they hold nothing of the team."""
    member = team.members.get(agent_id)
    if member is None or member.stays or member.load.any:
        return
    rostered = member.rostered
    departed = DepartedAgent(agent_id=agent_id, team=rostered.team, roster_revision=rostered.roster_revision)
    team.depart(departed)
    step.put(agent_key(rostered.team, agent_id), departed)
    emit_released(step, rostered)
