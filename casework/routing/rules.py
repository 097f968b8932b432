"""The file of routing rules: what tickets ask of agents, and how each team's tickets find theirs."""

from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from importlib import resources
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from casework.routing.team_rules import Minutes, Team, TeamRules
from schemas.edited_file import EditedModel, line_of
from schemas.errors import Permanent
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Category, Channel, Tier

_DIGITS = 12
Name = Annotated[str, Field(min_length=1, max_length=256)]


class RoutingRulesError(Permanent):
    """The routing rules cannot be used; the message names the file, each place and what to mend."""


class Condition(BaseModel, frozen=True, extra="forbid"):
    """Which tickets a rule is for: what is named must hold, and one of each list is enough."""

    intents: tuple[Name, ...] = ()
    categories: tuple[Category, ...] = ()
    languages: tuple[Name, ...] = ()
    tiers: tuple[Tier, ...] = ()
    channels: tuple[Channel, ...] = ()

    def holds(self, row: TicketRow) -> bool:
        """Tell whether a ticket is meant."""
        return all(
            not wanted or value in wanted
            for wanted, value in (
                (self.intents, row.intent),
                (self.categories, row.category),
                (self.languages, row.language),
                (self.tiers, row.customer_tier),
                (self.channels, row.channel),
            )
        )


class SkillRule(BaseModel, frozen=True, extra="forbid"):
    """The skills that an agent must have for some tickets; a ticket waits for ever for what is not relaxed."""

    when: Condition
    need: Annotated[tuple[Name, ...], Field(min_length=1)]
    relax_minutes: Minutes | None = None

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if self.when == Condition():
            raise PydanticCustomError(
                "condition", "has no condition: say in `when` which tickets need the skills"
            )
        return self


class RoutingRules(EditedModel):
    """The checked rules. Without a file, tickets ask for nothing and no clock runs."""

    what = "the routing rules"
    error = RoutingRulesError
    packaged = resources.files("casework.routing").joinpath("routing.yaml")

    version: Annotated[str, Field(min_length=1)] = "none"
    skill_level: Annotated[float, Field(gt=0, le=1)] = 0.5
    skills: tuple[SkillRule, ...] = ()
    defaults: TeamRules = TeamRules()
    teams: dict[Team, TeamRules] = Field(default_factory=dict)

    @cached_property
    def sum(self) -> str:
        """The version that rows carry: the head of the sha256 of what the file says, comments aside."""
        return sha256(self.model_dump_json(exclude_unset=True).encode()).hexdigest()[:_DIGITS]

    def skill_rule(self, row: TicketRow) -> SkillRule | None:
        """Return the first rule whose condition a ticket meets."""
        return next((rule for rule in self.skills if rule.when.holds(row)), None)

    def team(self, name: str | None) -> TeamRules:
        """Return what holds for a team: the defaults, and over them what is said of it."""
        return self._by_team.get(name or "", self.defaults)

    @cached_property
    def _by_team(self) -> dict[str, TeamRules]:
        said = {
            name: {key: getattr(own, key) for key in own.model_fields_set} for name, own in self.teams.items()
        }
        return {name: self.defaults.model_copy(update=own) for name, own in said.items()}

    def problems(self, root: yaml.Node | None) -> Iterator[str]:
        """Say of each team that overflows, team by team, into itself: its tickets would never come to rest."""
        overflows = (self.defaults.overflow, *(own.overflow for own in self.teams.values()))
        for name in sorted({*self.teams, *(overflow.to for overflow in overflows if overflow is not None)}):
            way = [name]
            while (overflow := self.team(way[-1]).overflow) is not None and overflow.to not in way:
                way.append(overflow.to)
            if overflow is not None and overflow.to == name == min(way):
                circle = " > ".join([*way, name])
                own = name in self.teams and "overflow" in self.teams[name].model_fields_set
                line = line_of([*(["teams", name] if own else ["defaults"]), "overflow", "to"], root)
                yield f"line {line}: team {name}: overflows in a circle ({circle}); let one of them keep its tickets"
