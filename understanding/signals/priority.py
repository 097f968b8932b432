"""A ticket's priority from its intent's base priority and what else is known, by a table that a person edits."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from schemas.edited_file import EditedModel, line_of
from schemas.errors import Permanent
from schemas.vocabulary import PRIORITY_RANK, Category, Priority, Tier
from understanding.signals.urgency.indicators import INDICATORS as BY_WORDS
from understanding.signals.urgency.learnt import LEARNT

INDICATORS = BY_WORDS | {LEARNT}

_BY_RANK = tuple(Priority)


class PriorityTableError(Permanent):
    """The table of priorities cannot be used; the message names the file, each place and what to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityFacts:
    """What is known of a ticket; `base` is its intent's priority, and the defaults say nothing.

    `urgency` is from 0 to 1, `sentiment` from -1 to 1 or None where it is not known.
    """

    base: Priority
    intent: str | None = None
    category: Category | None = None
    tier: Tier | None = None
    urgency: float = 0.0
    indicators: tuple[str, ...] = ()
    sentiment: float | None = None
    frustrated: bool = False


def _indicator(name: str) -> str:
    if name not in INDICATORS:
        known = ", ".join(sorted(INDICATORS))
        raise PydanticCustomError(
            "indicator", "is no urgency indicator: use one of {known}", {"known": known}
        )
    return name


_Level = Annotated[float, Field(ge=0, le=1)]
_Sentiment = Annotated[float, Field(ge=-1, le=1)]
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=60)]


class Conditions(BaseModel, frozen=True, extra="forbid"):
    """When a rule counts: all that are given must hold."""

    intents: frozenset[str] | None = None
    categories: frozenset[Category] | None = None
    tiers: frozenset[Tier] | None = None
    base: frozenset[Priority] | None = None
    indicators: frozenset[Annotated[str, AfterValidator(_indicator)]] | None = None
    urgency_at_least: _Level | None = None
    urgency_at_most: _Level | None = None
    sentiment_at_least: _Sentiment | None = None
    sentiment_at_most: _Sentiment | None = None
    frustrated: StrictBool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("no_condition", "holds always: name at least one condition")
        return self

    def hold(self, facts: PriorityFacts) -> bool:
        """Return whether every condition holds for a ticket."""
        return (
            (self.intents is None or facts.intent in self.intents)
            and (self.categories is None or facts.category in self.categories)
            and (self.tiers is None or facts.tier in self.tiers)
            and (self.base is None or facts.base in self.base)
            and (self.indicators is None or not self.indicators.isdisjoint(facts.indicators))
            and _within(facts.urgency, self.urgency_at_least, self.urgency_at_most)
            and _within(facts.sentiment, self.sentiment_at_least, self.sentiment_at_most)
            and (self.frustrated is None or facts.frustrated is self.frustrated)
        )


def _within(value: float | None, least: float | None, most: float | None) -> bool:
    if value is None:
        return least is None and most is None
    return (least is None or value >= least) and (most is None or value <= most)


class Rule(BaseModel, frozen=True, extra="forbid"):
    """One row of the table: a name, conditions, and one effect."""

    name: _Name
    when: Conditions
    steps: Literal[-2, -1, 1, 2] | None = None
    at_least: Priority | None = None
    at_most: Priority | None = None

    @model_validator(mode="after")
    def _has_one_effect(self) -> Self:
        effects = sum(effect is not None for effect in (self.steps, self.at_least, self.at_most))
        if effects != 1:
            raise PydanticCustomError(
                "effects", "has {n} effects: give one of steps, at_least and at_most", {"n": effects}
            )
        return self


class Limits(BaseModel, frozen=True, extra="forbid"):
    """What all steps together may do."""

    up: int = Field(ge=0, le=4)
    down: int = Field(ge=0, le=4)
    highest: Priority


class PriorityTable(EditedModel):
    """The rules by which a ticket's priority leaves its intent's base priority."""

    what = "the table of priorities"
    error = PriorityTableError
    packaged = resources.files("schemas").joinpath("priorities.yaml")

    version: Annotated[str, Field(min_length=1)]
    limits: Limits
    rules: tuple[Rule, ...]

    def problems(self, root: yaml.Node | None) -> Iterator[str]:
        """Name each rule whose name an earlier one has."""
        known: set[str] = set()
        for number, rule in enumerate(self.rules):
            if rule.name in known:
                line = line_of(["rules", number, "name"], root)
                yield f"line {line}: the name {rule.name!r} is there already: rename or delete one"
            known.add(rule.name)


def priority(table: PriorityTable, facts: PriorityFacts) -> tuple[Priority, tuple[str, ...]]:
    """Return a ticket's priority and the reasons that led to it, in order.

    The first reason is the base (`base:medium`); then each rule that counted, with its effect (`has_time:-1`,
    `safety_at_stake:>=urgent`), and `limit` where the steps together went further than the table lets them.
    """
    counted = [rule for rule in table.rules if rule.when.hold(facts)]
    reasons = [f"base:{facts.base}"]
    base = rank = PRIORITY_RANK[facts.base]
    steps = [rule for rule in counted if rule.steps is not None]
    if steps:
        reasons += [f"{rule.name}:{rule.steps:+d}" for rule in steps]
        wanted = base + sum(rule.steps or 0 for rule in steps)
        rank = _limited(wanted, base, table.limits)
        if rank != wanted:
            reasons.append("limit")
    for rule in counted:
        if rule.at_most is not None and rank > max(base, PRIORITY_RANK[rule.at_most]):
            rank = max(base, PRIORITY_RANK[rule.at_most])
            reasons.append(f"{rule.name}:<={rule.at_most}")
    for rule in counted:
        if rule.at_least is not None and rank < PRIORITY_RANK[rule.at_least]:
            rank = PRIORITY_RANK[rule.at_least]
            reasons.append(f"{rule.name}:>={rule.at_least}")
    return _BY_RANK[rank], tuple(reasons)


def _limited(wanted: int, base: int, limits: Limits) -> int:
    highest = max(base, PRIORITY_RANK[limits.highest])
    return max(0, base - limits.down, min(wanted, base + limits.up, highest))
