"""The routing stage's logic for one partition of teams."""

from datetime import timedelta
from typing import Final

import msgspec

from casework.routing.rules import RoutingRules
from schemas.records.derived import AgentRostered, WorkChanged
from schemas.records.envelope import EventDecoder, decode_envelope
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from streams.foundation.record import Record
from streams.stages.routing.absence import return_all, return_if_absent
from streams.stages.routing.decisions import STAGE, emit_held_elsewhere
from streams.stages.routing.dispatch import count_over_capacity, drain, release_if_idle, seat, watch_queue
from streams.stages.routing.entries import (
    DepartedAgent,
    FinishedTicket,
    OpenTicket,
    ServedQueue,
    TeamAgent,
    Ticket,
    agent_key,
    queue_key,
    ticket_key,
)
from streams.stages.routing.policy import ByWeights, RoutingPolicy
from streams.stages.routing.team import Team
from streams.steps.forgetting import Forgetting
from streams.steps.step import Step

__all__ = ["INPUTS", "STAGE", "RoutingPartition"]

INPUTS: Final = (Topic.TICKETS_WORK, Topic.AGENTS_ROSTER)

_DECODERS: Final = {
    Topic.TICKETS_WORK: EventDecoder({"WorkChanged": WorkChanged}),
    Topic.AGENTS_ROSTER: EventDecoder({"AgentRostered": AgentRostered}),
}
_ENTRIES: Final = msgspec.json.Decoder(OpenTicket | FinishedTicket | TeamAgent | DepartedAgent | ServedQueue)


class RoutingPartition:
    """Who works on what, for the teams of one partition. A PartitionLogic.

    After each record, no ticket waits that a free agent of its team could take; decisions do not depend on
    how records are cut into steps. `remember` is how long the last revision of a finished ticket is kept.
    """

    def __init__(
        self,
        *,
        policy: RoutingPolicy | None = None,
        rules: RoutingRules | None = None,
        remember: timedelta = timedelta(days=1),
    ) -> None:
        self._policy = policy or ByWeights()
        self._rules = rules or RoutingRules()
        self._remember = remember
        self._teams: dict[str, Team] = {}
        self._forgetting = Forgetting()

    def waiting(self) -> dict[str, int]:
        """Return how many tickets wait, by team."""
        return {name: len(team.line) for name, team in self._teams.items()}

    def restore(self, key: str, value: bytes) -> None:  # noqa: ARG002 - the value names itself
        """Take back one entry of the state."""
        entry = _ENTRIES.decode(value)
        match entry:
            case OpenTicket():
                self._team(entry.work.team).place(entry)
            case FinishedTicket():
                self._finish(entry)
            case TeamAgent():
                self._team(entry.rostered.team).enrol(entry)
            case DepartedAgent():
                self._team(entry.team).depart(entry)
            case ServedQueue():
                self._team(entry.team).queue = entry

    def handle(self, record: Record, step: Step) -> None:
        """Do what one record of tickets.work or agents.roster asks for. Raises EventError (Permanent)."""
        envelope = decode_envelope(record.headers)
        body = _DECODERS[record.topic].decode(envelope, record.value)
        self._forget(step)
        match body:
            case WorkChanged():
                self._work_changed(body, step)
                watch_queue(self._team(body.team), record, step)
            case AgentRostered():
                self._rostered(body, step)
                watch_queue(self._team(body.team), record, step)

    def _work_changed(self, work: WorkChanged, step: Step) -> None:
        """Replace all that was decided about a ticket by what is now said of it."""
        team = self._team(work.team)
        before = team.tickets.get(work.ticket_id)
        if before is not None and (work.life, work.routing_revision) <= before.revision:
            step.count("stale")
            return
        # Step 1: give back what the older revision took.
        freed = self._undo(team, before)
        # Step 2: take what the newer one says.
        holder = work.agent_id if work.work in {Work.HELD, Work.OFFERED} else None
        told = _tell_roster(team, before, work, holder, step)
        after = OpenTicket(work=work, agent_id=holder, told=told)
        if work.work is Work.WANTED:
            seat(team, after, step, self._policy, alone=freed is None)
        elif work.work is Work.NONE:
            self._finish(self._finished(work, step))
            step.put(ticket_key(work.team, work.ticket_id), team.tickets[work.ticket_id])
        else:
            team.place(after)
            step.put(ticket_key(work.team, work.ticket_id), after)
            if holder is not None and holder != freed and not work.frees_capacity:
                count_over_capacity(team, holder, 1, step)
            return_if_absent(team, after, step)
        # Step 3: let others have what became free.
        if freed is not None:
            drain(team, {freed}, step, self._policy)
            release_if_idle(team, freed, step)

    def _rostered(self, body: AgentRostered, step: Step) -> None:
        """Take in what the roster says of an agent of the team."""
        team, agent_id = self._team(body.team), body.agent_id
        member, departed = team.members.get(agent_id), team.departed.get(agent_id)
        if (member is not None and body.roster_revision <= member.rostered.roster_revision) or (
            departed is not None and body.roster_revision <= departed.roster_revision
        ):
            step.count("stale")
            return
        entry = TeamAgent(rostered=body, over_by_people=member.entry.over_by_people if member else 0)
        team.enrol(entry)
        step.put(agent_key(body.team, agent_id), entry)
        if member is not None:
            count_over_capacity(team, agent_id, body.held_elsewhere - member.rostered.held_elsewhere, step)
            if team.members[agent_id].absence not in {None, member.absence}:
                return_all(team, agent_id, step)
        # Who leaves the shift may have been an obstacle for others: by a language, or as the one to wait for.
        drain(team, team.free, step, self._policy)
        release_if_idle(team, agent_id, step)

    def _undo(self, team: Team, before: Ticket | None) -> str | None:
        """Take a ticket out of the team; return the agent who had it."""
        match before:
            case OpenTicket():
                team.displace(before)
                return before.agent_id
            case FinishedTicket():
                self._forgetting.keep((before.team, before.ticket_id))
        return None

    def _finished(self, work: WorkChanged, step: Step) -> FinishedTicket:
        return FinishedTicket(
            team=work.team,
            ticket_id=work.ticket_id,
            life=work.life,
            routing_revision=work.routing_revision,
            forget_at=step.now + self._remember,
        )

    def _finish(self, entry: FinishedTicket) -> None:
        self._team(entry.team).tickets[entry.ticket_id] = entry
        self._forgetting.remember_until((entry.team, entry.ticket_id), entry.forget_at)

    def _forget(self, step: Step) -> None:
        for team_name, ticket_id in self._forgetting.pop_due(step.now):
            team = self._teams[team_name]
            del team.tickets[ticket_id]
            step.delete(ticket_key(team_name, ticket_id))
            if team.empty:
                del self._teams[team_name]
                step.delete(queue_key(team_name))

    def _team(self, name: str) -> Team:
        team = self._teams.get(name)
        if team is None:
            team = self._teams[name] = Team(name, self._rules, self._policy.place)
        return team


def _tell_roster(
    team: Team, before: Ticket | None, work: WorkChanged, holder: str | None, step: Step
) -> str | None:
    """Tell the roster of which agent of another team the ticket takes room, and of whom that is over."""
    told = before.told if isinstance(before, OpenTicket) else None
    stranger = holder if holder not in team.members and not work.frees_capacity else None
    if told != stranger:
        if told is not None:
            emit_held_elsewhere(step, work, told, held=False)
        if stranger is not None:
            emit_held_elsewhere(step, work, stranger, held=True)
    return stranger
