"""An agent of a team in memory, with their load and what each decision looks up."""

from typing import Final

from casework.routing.team_rules import Absence
from schemas.records.derived import AgentRostered, WorkChanged
from schemas.vocabulary import AgentStatus, Channel
from streams.stages.routing.entries import TeamAgent
from streams.stages.routing.waiting_line import Lane, primary_language

_ABSENCES: Final[dict[AgentStatus, Absence]] = {AgentStatus.AWAY: "away", AgentStatus.OFFLINE: "offline"}


class Load:
    """The team's tickets that one agent has; counted for strangers as well.

    `total` and `by_channel` are those that take room, `pending` those that do not.
    """

    __slots__ = ("by_channel", "pending", "total")

    def __init__(self) -> None:
        self.total = 0
        self.pending = 0
        self.by_channel: dict[Channel | None, int] = {}

    @property
    def any(self) -> bool:
        """Return whether there is any ticket, whether it takes room or not."""
        return bool(self.total or self.pending)

    def add(self, work: WorkChanged, by: int) -> None:
        """Count a ticket in (1) or out (-1)."""
        if work.frees_capacity:
            self.pending += by
            return
        self.total += by
        self.by_channel[work.channel] = self.by_channel.get(work.channel, 0) + by


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
        """Return how many tickets take room of the agent, those of other teams included."""
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
    def takes_part(self) -> bool:
        """Return whether the agent takes work of the team, if not on this shift."""
        return self.stays and not self.rostered.supervises

    @property
    def on_shift(self) -> bool:
        """Return whether the agent takes work of the team today: perhaps not right now."""
        return self.takes_part and self.rostered.status is not AgentStatus.OFFLINE

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
