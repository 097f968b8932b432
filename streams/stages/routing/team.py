"""One team in memory: its agents and their loads, its tickets and its queue. Knows nothing of messages."""

from collections.abc import Callable
from typing import Final

from casework.routing.rules import RoutingRules
from casework.routing.team_rules import Absence
from schemas.records.derived import AgentRostered, WorkChanged
from schemas.vocabulary import AgentStatus, Channel
from streams.stages.routing.entries import DepartedAgent, OpenTicket, ServedQueue, TeamAgent, Ticket
from streams.stages.routing.waiting_line import Lane, Place, WaitingLine, lane_of, primary_language

_ABSENCES: Final[dict[AgentStatus, Absence]] = {AgentStatus.AWAY: "away", AgentStatus.OFFLINE: "offline"}


class Load:
    """The team's tickets that one agent has, in all and by channel; counted for strangers as well."""

    __slots__ = ("by_channel", "total")

    def __init__(self) -> None:
        self.total = 0
        self.by_channel: dict[Channel | None, int] = {}

    def add(self, channel: Channel | None, by: int) -> None:
        """Count a ticket of `channel` in (1) or out (-1)."""
        self.total += by
        self.by_channel[channel] = self.by_channel.get(channel, 0) + by


class Member:
    """An agent of the team with what each decision looks up; `suited` remembers (specialisation, skill) by subject."""

    __slots__ = (
        "agent_id",
        "capacity",
        "entry",
        "held_elsewhere",
        "known",
        "languages",
        "load",
        "performance",
        "rostered",
        "skilled",
        "specialisations",
        "suited",
    )

    def __init__(self, entry: TeamAgent, load: Load, skill_level: float) -> None:
        self.entry = entry
        self.rostered: AgentRostered = entry.rostered
        self.agent_id = self.rostered.agent_id
        self.capacity = self.rostered.capacity
        self.held_elsewhere = self.rostered.held_elsewhere
        self.performance = self.rostered.performance
        self.suited: dict[tuple[str | None, str | None], tuple[float, float]] = {}
        self.languages = frozenset(map(primary_language, entry.rostered.languages))
        self.specialisations = frozenset(entry.rostered.specialisations)
        self.skilled = frozenset(
            skill for skill, level in self.rostered.skills.items() if level >= skill_level
        )
        self.known = self.skilled | self.specialisations
        self.load = load

    @property
    def total(self) -> int:
        """Return how many tickets the agent has, those of other teams included."""
        return self.load.total + self.held_elsewhere

    @property
    def over(self) -> int:
        """Return by how many tickets the agent is above their capacity; negative: how many are free."""
        return self.total - self.capacity

    @property
    def stays(self) -> bool:
        """Return whether the agent belongs to the team for more than what they still hold."""
        return not self.rostered.leaving

    @property
    def on_shift(self) -> bool:
        """Return whether the agent takes work of the team today: perhaps not right now."""
        rostered = self.rostered
        return self.stays and rostered.status is not AgentStatus.OFFLINE and not rostered.supervises

    @property
    def available(self) -> bool:
        """Return whether the agent takes new work, room or not."""
        return self.on_shift and self.rostered.status is AgentStatus.AVAILABLE

    @property
    def absence(self) -> Absence | None:
        """Return in what way the agent is not there for what they have; None where they are."""
        if not self.stays:
            return "leaving"
        return _ABSENCES.get(self.rostered.status)

    def has_skills(self, lane: Lane) -> bool:
        """Return whether the agent has what a ticket of `lane` asks for; seniors take any subject of their team."""
        return self.skilled.issuperset(lane.beyond if self.rostered.senior else lane.skills)

    def knows(self, lane: Lane) -> bool:
        """Return whether the agent knows what a ticket of `lane` is about; seniors know all of their team."""
        return self.rostered.senior or not self.known.isdisjoint(lane.subject)

    def has_room_for(self, channel: Channel | None) -> bool:
        """Return whether the agent's limit on `channel`, if there is one, leaves room.

        A ticket whose channel is not known yet may turn out to be of any, so it counts against every limit. A limit of
        none at all does not keep it away: an opening that never comes would let it wait for ever.
        """
        by_channel = self.load.by_channel
        return all(
            by_channel.get(limited, 0) + by_channel.get(None, 0) < limit
            for limited, limit in self.rostered.channel_capacity.items()
            if channel == limited or (channel is None and limit)
        )

    def has_ever_room(self, channel: Channel | None) -> bool:
        """Return whether the agent takes tickets of `channel`, now or when there is room."""
        limit = 1 if channel is None else self.rostered.channel_capacity.get(channel, 1)
        return self.capacity > 0 and limit > 0


class Team:
    """The state of one team. Every change keeps `free`, `spoken`, `known` and the queue right, in whatever order.

    `place` says where a waiting ticket stands.
    """

    def __init__(self, name: str, rules: RoutingRules, place: Callable[[WorkChanged], Place]) -> None:
        self.members: dict[str, Member] = {}
        self.departed: dict[str, DepartedAgent] = {}
        self.tickets: dict[str, Ticket] = {}
        self.line = WaitingLine()
        self.free: set[str] = set()
        self.spoken: frozenset[str] = frozenset()
        self.known: frozenset[str] = frozenset()
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
            self._loads.setdefault(ticket.agent_id, Load()).add(work.channel, 1)
            self._refresh(ticket.agent_id)
        elif ticket.waits:
            self.line.add(self.lane_of(work), self._place(work))

    def displace(self, ticket: OpenTicket) -> None:
        """Undo `place`: the load is given back, the place in the queue is gone."""
        work = ticket.work
        del self.tickets[work.ticket_id]
        if ticket.agent_id is not None:
            self._loads[ticket.agent_id].add(work.channel, -1)
            self._refresh(ticket.agent_id)
        elif ticket.waits:
            self.line.remove(self.lane_of(work), self._place(work))

    def lane_of(self, work: WorkChanged) -> Lane:
        """Return the lane in which a ticket waits here."""
        return lane_of(work, by_subject=self.rules.subject_minutes is not None)

    def waiting(self, ticket_id: str) -> OpenTicket:
        """Return a ticket of the queue."""
        ticket = self.tickets[ticket_id]
        assert isinstance(ticket, OpenTicket)
        return ticket

    def fits(self, member: Member, lane: Lane, work: WorkChanged) -> bool:
        """Return whether a free member can take a ticket, which is of `lane`."""
        return (
            member.has_room_for(lane.channel)
            and self.understands(member, lane.language)
            and member.has_skills(lane)
            and (not lane.subject or member.knows(lane) or not self._is_known(lane, work))
            and (not lane.choosy or self.may_have(member, lane, work))
        )

    def _is_known(self, lane: Lane, work: WorkChanged) -> bool:
        """Return whether a ticket waits for those who know its subject: one is at work, and may have it.

        If nobody does, waiting would help nobody; and whoever had it last knows it best.
        """
        if not lane.choosy:
            return not self.known.isdisjoint(lane.subject)
        if self.awaited(lane, work) is not None:
            return False
        kept_from = {*work.excluded_agents, *work.passed_over}
        return any(
            other.available and other.agent_id not in kept_from and not other.known.isdisjoint(lane.subject)
            for other in self.members.values()
        )

    def may_have(self, member: Member, lane: Lane, work: WorkChanged) -> bool:
        """Return whether a ticket may go to a member as far as its wishes about agents count.

        Who is excluded never has it. Who did not take it, or had it taken away, has it only where no other at work
        could ever take it, and not while it is just refused. While it waits for the agent who had it last, nobody else
        has it.
        """
        if member.agent_id in work.excluded_agents:
            return False
        awaited = self.awaited(lane, work)
        if awaited is not None:
            return member is awaited
        kept_from = {*work.excluded_agents, *work.passed_over}
        return member.agent_id not in work.passed_over or not (
            work.refused
            or any(
                other.agent_id not in kept_from and other.available and self._ever_takes(other, lane)
                for other in self.members.values()
            )
        )

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
        by_subject = bool(lane.subject) and self._is_known(lane, work)
        return [
            member
            for member in map(self.members.__getitem__, self.free)
            if (language is None or not member.languages or language in member.languages)
            and (not member.rostered.channel_capacity or member.has_room_for(lane.channel))
            and (not lane.skills or member.has_skills(lane))
            and (not by_subject or member.knows(lane))
            and (not lane.choosy or self.may_have(member, lane, work))
        ]

    def _refresh(self, agent_id: str) -> None:
        member = self.members.get(agent_id)
        if member is not None and member.available and member.over < 0:
            self.free.add(agent_id)
        else:
            self.free.discard(agent_id)
        if member is None and agent_id in self._loads and not self._loads[agent_id].total:
            del self._loads[agent_id]

    def _listen(self) -> None:
        """Note which languages somebody on shift (not leaving, not offline) names, and what the available know."""
        on_shift = (member.languages for member in self.members.values() if member.on_shift)
        self.spoken = frozenset().union(*on_shift)
        self.known = frozenset().union(
            *(member.known for member in self.members.values() if member.available)
        )
