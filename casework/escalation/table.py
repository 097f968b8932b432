"""The file of rules of escalation as a person edits it: strict, every mistake with its line."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from casework.durations import Duration
from casework.escalation.conditions import OF_STATE, OF_TIME
from schemas.edited_file import EditedModel, line_of
from schemas.errors import Permanent
from schemas.vocabulary import Category, Channel, Priority, Tier

DEFAULT: Final = Path(__file__).with_name("escalation.yaml")
"""The packaged file of rules."""

_DIGITS: Final = 8


class EscalationRulesError(Permanent):
    """The rules of escalation cannot be used; the message names the file, each place and what to mend."""


def _for_all(value: Any) -> Any:
    """Read one span as that of every priority."""
    return value if isinstance(value, dict) else dict.fromkeys(Priority, value)


_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=60)]
_Owner = Annotated[str, Field(min_length=1, max_length=128)]
_LevelNumber = Annotated[int, Field(ge=1, le=9, strict=True)]
_Limits = Annotated[dict[Priority, Duration], BeforeValidator(_for_all), Field(min_length=1)]
_Some = Field(min_length=1)
_Sorted = PlainSerializer(sorted)
"""A set in one order, so that the same content has the same sum in every process."""


class StillAt(BaseModel, frozen=True, extra="forbid"):
    """That a ticket has been at a level for so long."""

    level: _LevelNumber
    after: Duration


class When(BaseModel, frozen=True, extra="forbid"):
    """When a rule counts: all that are given must hold."""

    age: _Limits | None = None
    unassigned: _Limits | None = None
    no_progress: _Limits | None = None
    still_at: StillAt | None = None
    asked: Literal[True] | None = None
    interactions_at_least: Annotated[int, Field(ge=1, strict=True)] | None = None
    sentiment_below: Annotated[float, Field(gt=-1, le=1)] | None = None
    repeat_issue: Literal[True] | None = None
    wants_human: Literal[True] | None = None
    concerns: Annotated[frozenset[str], _Some, _Sorted] | None = None
    sla: Annotated[frozenset[Literal["warned", "breached"]], _Some, _Sorted] | None = None
    tiers: Annotated[frozenset[Tier], _Some, _Sorted] | None = None
    priorities: Annotated[frozenset[Priority], _Some, _Sorted] | None = None
    categories: Annotated[frozenset[Category], _Some, _Sorted] | None = None
    channels: Annotated[frozenset[Channel], _Some, _Sorted] | None = None
    languages: Annotated[frozenset[str], _Some, _Sorted] | None = None
    teams: Annotated[frozenset[str], _Some, _Sorted] | None = None

    @model_validator(mode="after")
    def _names_a_cause(self) -> Self:
        given = {name for name, value in self if value is not None}
        if not given & (OF_TIME.keys() | {name for name, state in OF_STATE.items() if state.cause}):
            raise PydanticCustomError(
                "no_cause", "would escalate every ticket at once: name a cause, as age, tiers or concerns"
            )
        return self


class Owner(BaseModel, frozen=True, extra="forbid"):
    """Who is told: a team or a person."""

    team: _Owner | None = None
    person: _Owner | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.team is None) is (self.person is None):
            raise PydanticCustomError("owner", "names one owner: give either team or person")
        return self


class Level(BaseModel, frozen=True, extra="forbid"):
    """One level: whom it tells, and what it does to the ticket."""

    owner: Owner
    owners_by_team: dict[_Owner, Owner] = {}
    raise_priority: Annotated[int, Field(ge=1, le=4, strict=True)] | None = None
    highest_priority: Priority = Priority.CRITICAL
    move_to: _Owner | None = None
    set_status: bool = False


class Rule(BaseModel, frozen=True, extra="forbid"):
    """One row of the file: when it counts, the level that it lifts a ticket to, and how long it then keeps still."""

    name: _Name
    when: When
    level: _LevelNumber
    cool_down: Duration | None = None
    until_gone: bool = False


class EscalationTable(EditedModel):
    """The file: levels, words of concern by list and language, and the rules."""

    what = "the rules of escalation"
    error = EscalationRulesError
    packaged = DEFAULT

    version: Annotated[str, Field(min_length=1, max_length=64)]
    levels: dict[Annotated[int, Field(ge=1, le=9)], Level]
    concerns: dict[_Name, dict[_Name, Annotated[tuple[Annotated[str, Field(min_length=2)], ...], _Some]]] = (
        Field(default_factory=dict)
    )
    rules: tuple[Rule, ...]

    @property
    def sum(self) -> str:
        """Name this very content: the file's version and the start of its sum; comments make no difference."""
        content = self.model_dump_json(exclude_defaults=True)
        return f"{self.version}-{sha256(content.encode()).hexdigest()[:_DIGITS]}"

    def problems(self, root: yaml.Node | None) -> Iterator[str]:
        """Say what is wrong with each rule in view of the others."""
        for number, rule in enumerate(self.rules):
            for place, what in _mistakes(self, number, rule):
                yield f"line {line_of(['rules', number, *place], root)}: {rule.name}: {what}"


def _mistakes(table: EscalationTable, number: int, rule: Rule) -> Iterator[tuple[list[int | str], str]]:
    """Yield place and words of what is wrong with a rule in view of the rest of the file."""
    if rule.name in {earlier.name for earlier in table.rules[:number]}:
        yield ["name"], "this name is there already: rename or delete one"
    if rule.level not in table.levels:
        yield ["level"], f"there is no level {rule.level}: add it under levels, or use one of those"
    for unknown in sorted((rule.when.concerns or frozenset()) - table.concerns.keys()):
        yield ["when", "concerns"], f"there is no list of words {unknown!r}: add it under concerns"
    if rule.until_gone and (rule.when.asked or rule.when.still_at):
        yield (
            ["until_gone"],
            "what a person asked for, or nobody acted on, is not taken back: leave this out",
        )
    still = rule.when.still_at
    if still is not None and still.level >= rule.level:
        yield (
            ["when", "still_at"],
            f"waits at level {still.level} to lift to {rule.level}: lift higher than that",
        )
