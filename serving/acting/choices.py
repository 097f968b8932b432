"""What a form offers: teams, agents and intents that there are."""

import msgspec

from schemas.predictions import CsatRisk
from schemas.taxonomy import Taxonomy
from schemas.vocabulary import Category, Priority
from serving.merge.answers import Snapshot
from serving.queries import read_query


class Intent(msgspec.Struct, frozen=True):
    """An intent, and the team whose it is; None where the taxonomy does not know it."""

    name: str
    team: str | None


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What forms offer, each in order."""

    intents: list[Intent]
    teams: list[str]
    agents: list[str]
    priorities: tuple[str, ...] = tuple(Priority)
    categories: tuple[str, ...] = tuple(Category)
    risks: tuple[str, ...] = tuple(CsatRisk)


def known_intents(snapshot: Snapshot, taxonomy: Taxonomy) -> frozenset[str]:
    """Return the intents of the taxonomy and those that the models gave: a model may have learnt others."""
    return frozenset({*taxonomy.intents, *_column(snapshot, "acting/known_intents")})


def team_of(taxonomy: Taxonomy, intent: str) -> str | None:
    """Return the team whose an intent is; None where the taxonomy does not know it."""
    found = taxonomy.intents.get(intent)
    return None if found is None else found.team


def read_choices(snapshot: Snapshot, taxonomy: Taxonomy) -> Choices:
    """Return what there is to choose."""
    intents = sorted(known_intents(snapshot, taxonomy))
    return Choices(
        intents=[Intent(name, team_of(taxonomy, name)) for name in intents],
        teams=sorted({*taxonomy.teams(), *_column(snapshot, "acting/known_teams")}),
        agents=_column(snapshot, "acting/known_agents"),
    )


def _column(snapshot: Snapshot, query: str) -> list[str]:
    found: list[str] = snapshot.rows(read_query(query)).table.column(0).to_pylist()
    return found
