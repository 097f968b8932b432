"""Which tickets a policy is for, and which policies no ticket ever reaches because those above take them all."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from pydantic import BaseModel, Field, StringConstraints

from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Category, Channel, Priority, Tier

_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
_SOME: Final = Field(default=None, min_length=1)

Box = tuple[frozenset[str | None], ...]
"""Values of each condition; a ticket is in the box if each of its values is one of them."""


class Conditions(BaseModel, frozen=True, extra="forbid"):
    """All that are given must hold; a list holds if the ticket's value is one of it."""

    tiers: tuple[Tier, ...] | None = _SOME
    channels: tuple[Channel, ...] | None = _SOME
    categories: tuple[Category, ...] | None = _SOME
    priorities: tuple[Priority, ...] | None = _SOME
    teams: tuple[_Word, ...] | None = _SOME
    languages: tuple[_Language, ...] | None = _SOME

    def hold(self, row: TicketRow) -> bool:
        """Tell whether they hold for a ticket."""
        return (
            (self.tiers is None or row.customer_tier in self.tiers)
            and (self.channels is None or row.channel in self.channels)
            and (self.categories is None or row.category in self.categories)
            and (self.priorities is None or row.priority in self.priorities)
            and (self.teams is None or row.team in self.teams)
            and (self.languages is None or row.language in self.languages)
        )


def never_reached(conditions: Sequence[Conditions]) -> Iterator[tuple[int, list[int]]]:
    """Yield the number of each set of conditions that those before it leave no ticket, and the numbers of those."""
    boxes = [
        tuple(_values(each, name, conditions) for name in Conditions.model_fields) for each in conditions
    ]
    for number, box in enumerate(boxes):
        left, covering = [box], list[int]()
        for other in range(number):
            rest = [piece for part in left for piece in _without(part, boxes[other])]
            if rest != left:
                covering.append(other)
            left = rest
        if not left:
            yield number, covering


def _values(each: Conditions, name: str, conditions: Sequence[Conditions]) -> frozenset[str | None]:
    """Return what a condition lets through of all values that are named anywhere; None stands for every other."""
    own = getattr(each, name)
    if own is not None:
        return frozenset(own)
    named = {value for other in conditions for value in getattr(other, name) or ()}
    # Every ticket has a priority, and of one list: once all of them are named there is no other.
    complete = name == "priorities" and named == set(Priority)
    return frozenset(named if complete else named | {None})


def _without(box: Box, other: Box) -> Iterator[Box]:
    """Yield boxes that hold what is in `box` and not in `other`."""
    if any(not mine & theirs for mine, theirs in zip(box, other, strict=True)):
        yield box
        return
    for place, (mine, theirs) in enumerate(zip(box, other, strict=True)):
        if rest := mine - theirs:
            common = tuple(a & b for a, b in zip(box[:place], other[:place], strict=True))
            yield (*common, rest, *box[place + 1 :])
