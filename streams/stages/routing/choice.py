"""Chooses which of the agents who could take a ticket gets it, and says why in words: pure functions."""

from operator import itemgetter
from typing import NamedTuple

from schemas.records.derived import WorkChanged
from streams.stages.routing.member import Member
from streams.stages.routing.team import Team
from streams.stages.routing.waiting_line import Lane
from streams.stages.routing.weights import RoutingWeights

_PRECISION = 9
"""How many decimals of a score count; rounding errors of floating point must not decide between equal agents."""

_NEARLY = 2e-9
"""Scores that are equal in `_PRECISION` decimals differ by less than this."""

_SUBJECTS = 512
"""For how many subjects an agent's (specialisation, skill) is remembered."""


class ScoredAgent(NamedTuple):
    """The agent chosen, with the parts of their score (each 0..1) and how many could have been chosen."""

    member: Member
    score: float
    parts: dict[str, float]
    candidates: int


def choose(candidates: list[Member], work: WorkChanged, weights: RoutingWeights) -> ScoredAgent:
    """Return the best of `candidates` (at least one): by score, then the least loaded, then by id."""
    # A busy team has hundreds of candidates a ticket, so the parts are named for the chosen one alone.
    subject = (work.intent, work.category)
    by_specialisation, by_skill = weights.specialisation, weights.skill
    by_free_capacity, by_performance = weights.free_capacity, weights.performance
    scores: list[float] = []
    for member in candidates:
        suited = member.suited.get(subject) or _suited(member, work)
        capacity = member.capacity
        scores.append(
            by_specialisation * suited[0]
            + by_skill * suited[1]
            + by_free_capacity * ((capacity - member.load.total - member.held_elsewhere) / capacity)
            + by_performance * member.performance
        )
    nearly = max(scores) - _NEARLY  # rounding is dear: only those that could be equal to the best are rounded
    ranked = (
        (-round(score, _PRECISION), member.total, member.agent_id, member)
        for score, member in zip(scores, candidates, strict=True)
        if score >= nearly
    )
    best = min(ranked, key=itemgetter(0, 1, 2))
    return ScoredAgent(best[3], -best[0], _parts(best[3], work), len(candidates))


def _parts(member: Member, work: WorkChanged) -> dict[str, float]:
    specialisation, skill = _suited(member, work)
    return {
        "specialisation": specialisation,
        "skill": skill,
        "free_capacity": (member.capacity - member.total) / member.capacity,
        "performance": member.performance,
    }


def _suited(member: Member, work: WorkChanged) -> tuple[float, float]:
    """Return specialisation and skill for what a ticket is about, and let the member remember both."""
    own = work.intent in member.specialisations or work.category in member.specialisations
    suited = (1.0 if own else 0.0, _skill(member.rostered.skills, work))
    if len(member.suited) >= _SUBJECTS:  # sources may name anything as an intent
        member.suited.clear()
    member.suited[work.intent, work.category] = suited
    return suited


def _skill(skills: dict[str, float], work: WorkChanged) -> float:
    if work.intent is not None and work.intent in skills:
        return skills[work.intent]
    return skills.get(work.category, 0.0) if work.category is not None else 0.0


def why_chosen(chosen: ScoredAgent, team: Team, work: WorkChanged, lane: Lane) -> tuple[str, ...]:
    """Return the reasons of an assignment as words, each with its subject after a colon."""
    member, reasons = chosen.member, list[str]()
    own = [label for label in (work.intent, work.category) if label in member.specialisations]
    reasons += [f"specialised_in:{label}" for label in own[:1]]
    known = [label for label in (work.intent, work.category) if label in member.rostered.skills]
    reasons += [f"skilled_in:{label}" for label in known[:1]]
    if lane.language is not None and lane.language in member.languages:
        reasons.append(f"speaks:{lane.language}")
    elif lane.language is not None and member.languages and lane.language not in team.spoken:
        reasons.append(f"nobody_on_shift_speaks:{lane.language}")
    reasons += [f"has_skill:{skill}" for skill in lane.skills if skill in member.skilled]
    if member.agent_id == work.sticky_to:
        reasons.append("had_it_last")
    reasons.append(f"best_of:{chosen.candidates}")
    return tuple(reasons)


def why_waiting(team: Team, lane: Lane, work: WorkChanged) -> str:
    """Return why nobody takes a ticket, which is of `lane`, now."""
    members = team.members.values()
    if not any(member.stays for member in members):
        return "no_agents"
    if not any(member.available for member in members):
        return "nobody_available"
    return _why_not_the_free(team, lane, work) if team.free else "all_at_capacity"


def _why_not_the_free(team: Team, lane: Lane, work: WorkChanged) -> str:
    free = [team.members[agent_id] for agent_id in team.free]
    speaking = [member for member in free if team.understands(member, lane.language)]
    if not speaking:
        return f"nobody_free_speaks:{lane.language}"
    skilled = [member for member in speaking if member.has_skills(lane)]
    if not skilled:
        known = any(member.on_shift and member.has_skills(lane) for member in team.members.values())
        return f"nobody_{'free' if known else 'on_shift'}_has:{'+'.join(lane.skills)}"
    if lane.subject and not any(member.knows(lane) for member in skilled):
        return f"nobody_free_knows:{lane.subject[0]}"
    if not any(member.has_room_for(lane.channel) for member in skilled):
        return f"all_at_channel_capacity:{lane.channel or 'unknown'}"
    awaited = team.awaited(lane, work)
    if awaited is not None:
        return f"waits_for:{awaited.agent_id}"
    return f"not_for:{'+'.join(sorted({*work.excluded_agents, *work.passed_over}))}"
