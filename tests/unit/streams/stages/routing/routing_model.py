"""A slow second opinion on routing, from its contract alone: what must hold after every single message."""

from collections.abc import Iterable
from math import inf

from schemas.records.derived import AgentReleased, AgentRostered, WorkChanged
from schemas.records.derived.decisions import AgentChosen, TicketOffered, TicketQueued
from schemas.records.events import Event
from schemas.records.ticket_row import Work
from schemas.vocabulary import AgentStatus, Channel, Priority

URGENCY = list(Priority)
SKILL_LEVEL = 0.5
Key = tuple[str, str]


class RoutingModel:
    """Follows one partition's inputs and outputs, and asserts the promises of routing."""

    def __init__(
        self,
        offer_channels: tuple[Channel, ...] = (),
        *,
        by_subject: bool = False,
        patient: tuple[Priority, ...] = (),
    ) -> None:
        self.offer_channels = offer_channels
        self.by_subject = by_subject
        self.patient = patient
        self.agents: dict[Key, AgentRostered] = {}
        self.roster_revisions: dict[Key, int] = {}
        self.works: dict[Key, WorkChanged] = {}
        self.holders: dict[Key, str | None] = {}
        self.decided: set[tuple[str, str, int, int, str]] = set()

    def follow(self, message: Event, answers: Iterable[Event]) -> None:
        """Take in one message and what routing answered; raises AssertionError where a promise is broken."""
        self._take(message)
        for answer in answers:
            match answer:
                case AgentChosen():
                    self._assigned(answer)
                case TicketQueued():
                    self._queued(answer)
                case AgentReleased():
                    self._released(answer)
        self._nothing_left_undone()

    def _take(self, message: Event) -> None:
        match message:
            case AgentRostered():
                key = message.team, message.agent_id
                if message.roster_revision > self.roster_revisions.get(key, 0):
                    self.agents[key] = message
                    self.roster_revisions[key] = message.roster_revision
            case WorkChanged():
                key = message.team, message.ticket_id
                known = self.works.get(key)
                if known is None or _revision(message) > _revision(known):
                    self.works[key] = message
                    has_agent = message.work in {Work.HELD, Work.OFFERED}
                    self.holders[key] = message.agent_id if has_agent else None

    def _assigned(self, answer: AgentChosen) -> None:
        key, work = self._decided(answer)
        assert self.holders[key] is None
        able = [agent for agent in self._members(answer.team) if self.eligible(agent, work)]
        assert answer.agent_id in {agent.agent_id for agent in able}
        assert answer.candidates == len(able)
        best = min((-round(self._score(agent, work), 9), self.load(agent), agent.agent_id) for agent in able)
        assert (best[2], best[0]) == (answer.agent_id, -answer.score)
        chosen = self.agents[answer.team, answer.agent_id]
        assert isinstance(answer, TicketOffered) == (work.channel in self.offer_channels)
        for other in self._waiting(answer.team):
            assert _rank(chosen, other) >= _rank(chosen, work) or not self.eligible(chosen, other)
        self.holders[key] = answer.agent_id

    def _queued(self, answer: TicketQueued) -> None:
        key, work = self._decided(answer)
        assert self.holders[key] is None
        assert answer.position == sum(_place(other) <= _place(work) for other in self._waiting(answer.team))

    def _released(self, answer: AgentReleased) -> None:
        agent = self.agents.pop((answer.team, answer.agent_id))
        assert agent.leaving
        assert self._own_load(agent) == 0
        assert agent.roster_revision == answer.roster_revision

    def _decided(self, answer: AgentChosen | TicketQueued) -> tuple[Key, WorkChanged]:
        key = answer.team, answer.ticket_id
        work = self.works[key]
        assert work.work is Work.WANTED
        assert (answer.life, answer.routing_revision) == _revision(work)
        kind = "TicketQueued" if isinstance(answer, TicketQueued) else "chosen"
        once = (*key, answer.life, answer.routing_revision, kind)
        assert once not in self.decided
        self.decided.add(once)
        return key, work

    def _nothing_left_undone(self) -> None:
        for key, work in self.works.items():
            if work.work is Work.WANTED and self.holders[key] is None:
                assert (*key, *_revision(work), "TicketQueued") in self.decided
                assert not any(self.eligible(agent, work) for agent in self._members(work.team))
        for agent in self.agents.values():
            assert not agent.leaving or self._own_load(agent) > 0

    def eligible(self, agent: AgentRostered, work: WorkChanged) -> bool:
        """Return whether routing may give `work` to `agent` now."""
        if not self._available(agent) or self.load(agent) >= agent.capacity:
            return False
        for channel, limit in agent.channel_capacity.items():
            load = self._on_channel(agent, channel) + self._on_channel(agent, None)
            if load >= limit and (channel == work.channel or (work.channel is None and limit > 0)):
                return False
        if agent.agent_id in work.excluded_agents or not self._ever(agent, work):
            return False
        awaited = self.agents.get((work.team, work.sticky_to or ""))
        if awaited is not None and awaited.agent_id not in {*work.passed_over, *work.excluded_agents}:
            on_shift = not (awaited.leaving or awaited.supervises or awaited.status is AgentStatus.OFFLINE)
            if on_shift and self._ever(awaited, work):
                return agent.agent_id == awaited.agent_id
        if not self._subject_is_no_obstacle(agent, work):
            return False
        others = (
            self._available(other) and self._ever(other, work)
            for other in self._members(agent.team)
            if other.agent_id not in {*work.passed_over, *work.excluded_agents}
        )
        return agent.agent_id not in work.passed_over or not (work.refused or any(others))

    def _subject_is_no_obstacle(self, agent: AgentRostered, work: WorkChanged) -> bool:
        """Who knows it is at work and may have it: then nobody else has the ticket, until it has waited long enough."""
        if not self.by_subject or work.required_skills or work.skills_relaxed:
            return True
        kept_from = {*work.passed_over, *work.excluded_agents}
        return (
            agent.senior
            or _knows(agent, work)
            or not any(
                self._awaited(other, work) and other.agent_id not in kept_from and _knows(other, work)
                for other in self._members(agent.team)
            )
        )

    def _awaited(self, agent: AgentRostered, work: WorkChanged) -> bool:
        """Return whether `work` waits for an agent who could take it: a patient one whether they are there or not."""
        takes_part = not (agent.leaving or agent.supervises)
        there = takes_part if work.priority in self.patient else self._available(agent)
        return there and self._ever(agent, work)

    def _available(self, agent: AgentRostered) -> bool:
        return not (agent.leaving or agent.supervises) and agent.status is AgentStatus.AVAILABLE

    def _ever(self, agent: AgentRostered, work: WorkChanged) -> bool:
        """Return whether an agent could take `work` as far as room by channel, language and skills go, if not now."""
        limit = agent.channel_capacity.get(work.channel, 1) if work.channel else 1
        skilled = all(
            agent.skills.get(skill, 0.0) >= SKILL_LEVEL
            or (agent.senior and skill in {work.intent, work.category})
            for skill in work.required_skills
        )
        return agent.capacity > 0 and limit > 0 and skilled and self._understands(agent, work)

    def _understands(self, agent: AgentRostered, work: WorkChanged) -> bool:
        speakers = {
            language
            for member in self._members(agent.team)
            if not (member.leaving or member.supervises) and member.status is not AgentStatus.OFFLINE
            for language in member.languages
        }
        return not agent.languages or work.language in agent.languages or work.language not in speakers

    def load(self, agent: AgentRostered) -> int:
        """Return how many tickets take room of `agent`, those of other teams included."""
        return len(self._taking_room(agent)) + agent.held_elsewhere

    def _own_load(self, agent: AgentRostered) -> int:
        return len(self._held(agent))

    def _on_channel(self, agent: AgentRostered, channel: Channel | None) -> int:
        return sum(work.channel == channel for work in self._taking_room(agent))

    def _taking_room(self, agent: AgentRostered) -> list[WorkChanged]:
        return [work for work in self._held(agent) if not (work.work is Work.HELD and work.frees_capacity)]

    def _held(self, agent: AgentRostered) -> list[WorkChanged]:
        holders = self.holders.items()
        return [self.works[key] for key, who in holders if (key[0], who) == (agent.team, agent.agent_id)]

    def _score(self, agent: AgentRostered, work: WorkChanged) -> float:
        labels = [label for label in (work.intent, work.category) if label is not None]
        own = any(label in agent.specialisations for label in labels)
        skill = next((agent.skills[label] for label in labels if label in agent.skills), 0.0)
        free = (agent.capacity - self.load(agent)) / agent.capacity
        return 0.4 * own + 0.2 * skill + 0.2 * free + 0.2 * agent.performance

    def _members(self, team: str) -> list[AgentRostered]:
        return [agent for key, agent in self.agents.items() if key[0] == team]

    def _waiting(self, team: str) -> list[WorkChanged]:
        return [
            work
            for key, work in self.works.items()
            if work.team == team and work.work is Work.WANTED and self.holders[key] is None
        ]


def _knows(agent: AgentRostered, work: WorkChanged) -> bool:
    return any(
        label in agent.specialisations or agent.skills.get(label, 0.0) >= SKILL_LEVEL
        for label in (work.intent, work.category)
        if label is not None
    )


def _revision(work: WorkChanged) -> tuple[int, int]:
    return work.life, work.routing_revision


def _rank(agent: AgentRostered, work: WorkChanged) -> tuple[bool, tuple[int, float, float, str]]:
    """Return where a ticket stands for an agent: what they did not take comes after all else."""
    return agent.agent_id in work.passed_over, _place(work)


def _place(work: WorkChanged) -> tuple[int, float, float, str]:
    due = inf if work.due_at is None else work.due_at.timestamp()
    return -URGENCY.index(work.priority), due, work.waiting_since.timestamp(), work.ticket_id
