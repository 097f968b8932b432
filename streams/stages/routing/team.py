"""One team in memory: its agents and their loads, its tickets and its queue. Knows nothing of messages."""

from collections.abc import Callable
from typing import Final

from casework.routing.rules import RoutingRules
from schemas.records.derived import WorkChanged
from streams.stages.routing.entries import DepartedAgent, OpenTicket, ServedQueue, TeamAgent, Ticket
from streams.stages.routing.member import Load, Member
from streams.stages.routing.terms import AtWork, Terms
from streams.stages.routing.waiting_line import Lane, Place, WaitingLine, lane_of

_LANES: Final = 512
"""For how many lanes it is remembered who could ever take their tickets."""


class Team:
    """The state of one team. Every change keeps `free`, `spoken` and the queue right, in whatever order.

    `place` says where a waiting ticket stands.
    """

    def __init__(self, name: str, rules: RoutingRules, place: Callable[[WorkChanged], Place]) -> None:
        self.members: dict[str, Member] = {}
        self.departed: dict[str, DepartedAgent] = {}
        self.tickets: dict[str, Ticket] = {}
        self.line = WaitingLine()
        self.free: set[str] = set()
        self.spoken: frozenset[str] = frozenset()
        self._lanes: dict[Lane, AtWork] = {}
        self._loads: dict[str, Load] = {}
        self.queue = ServedQueue(team=name)
        self.served = 0  # of those who waited, during the record that is handled now
        self._place = place
        self.rules = rules.team(name)
        self._skill_level = rules.skill_level

    @property
    def empty(self) -> bool:
        """Return whether nothing is known of the team but how fast its queue was."""
        return not (self.members or self.departed or self.tickets)

    def enrol(self, entry: TeamAgent) -> None:
        """Take in an agent, or what is new about them."""
        agent_id = entry.rostered.agent_id
        self.departed.pop(agent_id, None)
        self.members[agent_id] = Member(entry, self._loads.setdefault(agent_id, Load()), self._skill_level)
        self._refresh(agent_id)
        self._listen()

    def depart(self, entry: DepartedAgent) -> None:
        """Let an agent go."""
        self.departed[entry.agent_id] = entry
        self.members.pop(entry.agent_id, None)
        self._refresh(entry.agent_id)
        self._listen()

    def place(self, ticket: OpenTicket) -> None:
        """Count a ticket to its agent, or let it wait."""
        work = ticket.work
        self.tickets[work.ticket_id] = ticket
        if ticket.agent_id is not None:
            self._loads.setdefault(ticket.agent_id, Load()).add(work, 1)
            self._refresh(ticket.agent_id)
        elif ticket.waits:
            self.line.add(self.lane_of(work), self._place(work))

    def displace(self, ticket: OpenTicket) -> None:
        """Undo `place`: the load is given back, the place in the queue is gone."""
        work = ticket.work
        del self.tickets[work.ticket_id]
        if ticket.agent_id is not None:
            self._loads[ticket.agent_id].add(work, -1)
            self._refresh(ticket.agent_id)
        elif ticket.waits:
            self.line.remove(self.lane_of(work), self._place(work))

    def lane_of(self, work: WorkChanged) -> Lane:
        """Return the lane in which a ticket waits here."""
        rules = self.rules
        return lane_of(work, by_subject=rules.subject_minutes is not None, patient=rules.wait_for_absent)

    def waiting(self, ticket_id: str) -> OpenTicket:
        """Return a ticket of the queue."""
        ticket = self.tickets[ticket_id]
        assert isinstance(ticket, OpenTicket)
        return ticket

    def suits(self, member: Member, lane: Lane) -> bool:
        """Return whether a free member can take tickets of `lane`, their terms aside."""
        return (
            member.has_room_for(lane.channel)
            and self.understands(member, lane.language)
            and member.has_skills(lane)
        )

    def terms(self, lane: Lane, work: WorkChanged) -> Terms:
        """Return whom a ticket, which is of `lane`, may go to."""
        return self._at_work(lane).terms(work, self.awaited(lane, work))

    def _at_work(self, lane: Lane) -> AtWork:
        found = self._lanes.get(lane)
        if found is None:
            takers = [m for m in self.members.values() if m.takes_part and self._ever_takes(m, lane)]
            able = [member for member in takers if member.available]
            awaited = takers if lane.patient else able
            knowing = [member for member in awaited if not member.known.isdisjoint(lane.subject)]
            found = AtWork(able, knowing)
            if len(self._lanes) >= _LANES:  # sources may name anything as an intent
                self._lanes.clear()
            self._lanes[lane] = found
        return found

    def awaited(self, lane: Lane, work: WorkChanged) -> Member | None:
        """Return the agent for whom a ticket waits: who had it last, as long as they are on shift and could take it."""
        if work.sticky_to is None or work.sticky_to in {*work.excluded_agents, *work.passed_over}:
            return None
        member = self.members.get(work.sticky_to)
        return member if member is not None and member.on_shift and self._ever_takes(member, lane) else None

    def _ever_takes(self, member: Member, lane: Lane) -> bool:
        return (
            member.has_ever_room(lane.channel)
            and self.understands(member, lane.language)
            and member.has_skills(lane)
        )

    def understands(self, member: Member, language: str | None) -> bool:
        """Return whether language is no obstacle.

        It is an obstacle only where somebody on shift names that language: the ticket then waits for them and does
        not go to someone who names others. An agent who names no language is not restricted.
        """
        languages = member.languages
        return language is None or not languages or language in languages or language not in self.spoken

    def fitting(self, lane: Lane, work: WorkChanged) -> list[Member]:
        """Return the free members who can take a ticket, which is of `lane`."""
        language = None if lane.language not in self.spoken else lane.language  # as in `understands`
        terms = self.terms(lane, work)
        return [
            member
            for member in map(self.members.__getitem__, self.free)
            if (language is None or not member.languages or language in member.languages)
            and (not member.rostered.channel_capacity or member.has_room_for(lane.channel))
            and (not lane.skills or member.has_skills(lane))
            and (not terms.by_subject or member.knows(lane))
            and (not lane.choosy or terms.admit(member, lane))
        ]

    def _refresh(self, agent_id: str) -> None:
        member = self.members.get(agent_id)
        if member is not None and member.available and member.over < 0:
            self.free.add(agent_id)
        else:
            self.free.discard(agent_id)
        if member is None and agent_id in self._loads and not self._loads[agent_id].any:
            del self._loads[agent_id]

    def _listen(self) -> None:
        """Note which languages somebody on shift (not leaving, not offline) names; who could take what may be news."""
        on_shift = (member.languages for member in self.members.values() if member.on_shift)
        self.spoken = frozenset().union(*on_shift)
        self._lanes.clear()
