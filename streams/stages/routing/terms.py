"""Whom a ticket may go to, apart from who is free: decided once for all agents, from what only the roster changes."""

from typing import NamedTuple

from schemas.records.derived import WorkChanged
from streams.stages.routing.member import Member
from streams.stages.routing.waiting_line import Lane


class Terms(NamedTuple):
    """What decides which of the agents who can take a lane's tickets may have one ticket of it.

    `only` is the agent it waits for, who had it last; `barred` must not have it; `by_subject`: it waits for those who
    know its subject, one of whom may have it, so nobody else does.
    """

    barred: frozenset[str] = frozenset()
    only: Member | None = None
    by_subject: bool = False

    def admit(self, member: Member, lane: Lane) -> bool:
        """Return whether an agent may have the ticket, which is of `lane`."""
        return (
            member.agent_id not in self.barred
            and (self.only is None or member is self.only)
            and (not self.by_subject or member.knows(lane))
        )


class AtWork(NamedTuple):
    """The available agents who could ever take a lane's tickets, and those of them who know what these are about.

    For a patient lane the latter may be of the whole team, whether they are there or not.
    """

    able: list[Member]
    knowing: list[Member]

    def terms(self, work: WorkChanged, awaited: Member | None) -> Terms:
        """Return the terms of a ticket of the lane, in time that grows with whom it must not have, not with the team.

        Who is excluded never has it. Who did not take it, or had it taken away, has it only where no other at work
        could ever take it, and not while it is just refused. If nobody who knows its subject is at work, waiting for
        one would help nobody; and whoever had it last knows it best.
        """
        excluded = frozenset(work.excluded_agents)
        if awaited is not None:
            return Terms(excluded, only=awaited)
        kept_from = excluded.union(work.passed_over)
        passed_over = work.refused or _another(self.able, kept_from)
        return Terms(kept_from if passed_over else excluded, by_subject=_another(self.knowing, kept_from))


def _another(members: list[Member], kept_from: frozenset[str]) -> bool:
    return any(member.agent_id not in kept_from for member in members)
