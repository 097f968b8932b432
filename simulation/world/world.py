"""The world of a simulation, read strictly from a file that a person edits: what arrives, who works, what people do."""

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.edited_file import EditedFile
from schemas.errors import Permanent
from schemas.vocabulary import Category, Channel, Priority, Tier

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Span = tuple[Share, Share]
SPOKEN_BY_ALL: Final = "en"


class WorldError(Permanent):
    """The file of a world cannot be used; the message names the file, each place and what to mend."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _needs(shares: dict[Any, float], what: str) -> None:
    total = sum(shares.values())
    if not abs(total - 1.0) < 1e-6:  # noqa: PLR2004 - rounding
        raise ValueError(f"the shares of {what} add up to {total:g}; let them add up to 1")


class Load(_Part):
    """How busy agents are, and under which policy: the number of tickets follows."""

    utilisation: Annotated[float, Field(gt=0.0, lt=1.0)]
    of: str


class Arrivals(_Part):
    """When tickets arrive, and what they are. Rates are relative to the mean."""

    by_hour: Annotated[tuple[NotNegative, ...], Field(min_length=24, max_length=24)]
    by_weekday: Annotated[tuple[NotNegative, ...], Field(min_length=7, max_length=7)]
    day_variation: Share
    channels: dict[Channel, Share]
    languages: dict[str, Share]
    tiers: dict[Tier, Share]
    priorities: dict[Priority, Share]
    wrong_team: Share
    wrong_intent: Share

    @model_validator(mode="after")
    def _whole(self) -> "Arrivals":
        for name in ("channels", "languages", "tiers", "priorities"):
            _needs(getattr(self, name), name)
        if not sum(self.by_hour) or not sum(self.by_weekday):
            raise ValueError("nothing ever arrives: let an hour and a weekday have a rate above 0")
        return self


class CategoryPart(_Part):
    """One category: who works on it, how often it comes and how long it takes."""

    team: str
    share: Share
    minutes: Positive
    intents: Annotated[int, Field(ge=1, le=100)]


class Work(_Part):
    """What work on a ticket is like."""

    spread: NotNegative
    of_priority: dict[Priority, Positive]
    attention: dict[Priority, Positive]
    throughput: Annotated[tuple[Positive, ...], Field(min_length=1)]
    another_round: Annotated[float, Field(ge=0.0, lt=1.0)]
    reply_minutes: dict[Channel, Positive]
    reply_spread: NotNegative
    first_reply_share: Share

    @model_validator(mode="after")
    def _every_priority(self) -> "Work":
        if missing := [priority for priority in Priority if priority not in self.attention]:
            raise ValueError(f"attention lacks {', '.join(missing)}: name every priority")
        return self


class Agents(_Part):
    """Who works, how well, and when. Skills and speeds are spans or pairs; hours are of the day."""

    capacity: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], Field(min_length=1)]
    channel_capacity: dict[Channel, Annotated[int, Field(ge=1, le=1000)]]
    knows: Share
    skill: Span
    specialisations: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]
    specialist_skill: Span
    unknown_skill: Share
    skill_error: NotNegative
    speaks: Share
    speed: tuple[Positive, Positive]
    speed_spread: NotNegative
    weekend: Share
    shifts: Annotated[
        tuple[
            tuple[Annotated[float, Field(ge=0, lt=24)], Annotated[float, Field(gt=0, le=24)], Positive], ...
        ],
        Field(min_length=1),
    ]
    last_minutes: NotNegative
    handed_over_from: Priority
    hourly_cost: NotNegative

    @model_validator(mode="after")
    def _shifts_have_hours(self) -> "Agents":
        for start, end, _share in self.shifts:
            if end - start <= self.last_minutes / 60:
                raise ValueError(
                    f"the shift from {start:g} to {end:g} takes no tickets: let it end later, or cut last_minutes"
                )
        return self


class Handover(_Part):
    """When an agent passes a ticket on."""

    unskilled: Share
    least: Share
    wrong_team: Share
    work_kept: Share


class Reopens(_Part):
    """When a customer comes back."""

    least: Share
    unskilled: Share
    after_hours: Positive
    work: Positive


class Satisfaction(_Part):
    """What a customer's score is made of."""

    best: Annotated[float, Field(ge=1.0, le=5.0)]
    late_reply: NotNegative
    late_solution: NotNegative
    handover: NotNegative
    reopening: NotNegative
    unskilled: NotNegative
    spread: NotNegative


class Customers(_Part):
    """What customers do."""

    patience_minutes: dict[Channel, Positive]
    reopens: Reopens
    satisfaction: Satisfaction


class World(_Part):
    """All of it."""

    weeks: Annotated[int, Field(ge=1, le=52)]
    last_days: Annotated[int, Field(ge=0, le=60)]
    load: Load
    arrivals: Arrivals
    categories: Annotated[dict[Category, CategoryPart], Field(min_length=1)]
    work: Work
    teams: Annotated[dict[str, Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1)]
    agents: Agents
    handover: Handover
    customers: Customers

    @model_validator(mode="after")
    def _fits_together(self) -> "World":
        _needs({name: part.share for name, part in self.categories.items()}, "categories")
        for name, part in self.categories.items():
            if part.team not in self.teams:
                raise ValueError(
                    f"category {name} goes to team {part.team}, which has no agents: add the team"
                )
        if idle := set(self.teams) - {part.team for part in self.categories.values()}:
            raise ValueError(f"no category goes to team {min(idle)}: give it one or leave it out")
        return self


def read_world(path: Path | None) -> World:
    """Return the world of a file, or the packaged one. Raises WorldError with every mistake and its line."""
    if path is None:
        data, source = resources.files("simulation.world").joinpath("world.yaml").read_bytes(), "world.yaml"
    else:
        try:
            data, source = path.read_bytes(), str(path)
        except OSError as error:
            raise WorldError(f"{path}: {error.strerror}; name a file that can be read") from error
    return EditedFile(source, "the world", WorldError).check(data, World)[0]
