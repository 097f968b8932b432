"""What an agent's team is to be told next: a pure function of what is known of the agent."""

from msgspec.structs import replace

from schemas.records.derived import AgentRostered
from schemas.records.events import AgentUpdated
from streams.stages.roster.entries import AgentEntry

UNMEASURED = 0.5
"""The performance of an agent whom no batch run has measured yet: neither an advantage nor a handicap."""


def next_snapshot(entry: AgentEntry, held_by_team: dict[str, int]) -> AgentRostered | None:
    """Return the snapshot to send, None if the team already knows or the agent is still leaving another.

    `held_by_team` counts the tickets that people gave to the agent, by the ticket's team.
    """
    update, told = entry.update, entry.told
    if update is None:
        return None
    if told is None or update.home_team == told.team:
        # The second case also takes back a leaving that the team has not answered; should its answer be on
        # the way, it names an older revision and is ignored.
        team, leaving = update.home_team, False
    elif told.leaving:
        return None
    else:
        team, leaving = told.team, True
    held = sum(count for holder, count in held_by_team.items() if holder != team)
    now = _snapshot(entry, update, team=team, leaving=leaving, held=held)
    return None if now == told else replace(now, roster_revision=entry.revision + 1)


def _snapshot(
    entry: AgentEntry, update: AgentUpdated, *, team: str, leaving: bool, held: int
) -> AgentRostered:
    return AgentRostered(
        agent_id=entry.agent_id,
        team=team,
        roster_revision=entry.revision,  # the revision of what was told last
        leaving=leaving,
        status=update.status,
        capacity=update.capacity,
        channel_capacity=update.channel_capacity,
        skills=update.skills,
        specialisations=update.specialisations,
        languages=update.languages,
        performance=UNMEASURED if entry.performance is None else entry.performance,
        performance_version=entry.performance_version,
        held_elsewhere=held,
        supervises=update.supervises,
        senior=update.senior,
    )
