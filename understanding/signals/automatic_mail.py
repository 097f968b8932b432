"""Which effects a message of a machine does not have, by a table that a person edits."""

from importlib import resources
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from schemas.edited_file import EditedModel
from schemas.effects import Effect
from schemas.errors import Permanent
from schemas.marks import MARKS, ONLY_THANKS


class AutomaticMailError(Permanent):
    """The table of automatic mail cannot be used; the message names the file, each place and what to mend."""


def _mark(name: str) -> str:
    if name not in MARKS:
        raise PydanticCustomError("mark", "is no mark: use one of {known}", {"known": ", ".join(MARKS)})
    return name


_Marks = frozenset[Annotated[str, AfterValidator(_mark)]]


class _Rows(BaseModel, frozen=True, extra="forbid"):
    reopening: _Marks
    customer_message: _Marks
    priority: _Marks
    intent: _Marks


class AutomaticMail(EditedModel):
    """The table: for each effect the marks whose messages do not have it, and the List-Ids of one's own groups."""

    what = "the table of automatic mail"
    error = AutomaticMailError
    packaged = resources.files("schemas").joinpath("automatic_mail.yaml")

    version: Annotated[str, Field(min_length=1)]
    withheld: _Rows
    own_lists: frozenset[str] = frozenset()

    def of(self, marks: tuple[str, ...], *, opening: bool) -> tuple[Effect, ...]:
        """Return the effects that a message with these marks does not have.

        Thanks withhold nothing from an opening: there is no resolution yet that they could answer to.
        """
        if not marks:
            return ()
        counted = set(marks) - {ONLY_THANKS} if opening else marks
        return tuple(effect for effect in Effect if not self._marks_of(effect).isdisjoint(counted))

    def _marks_of(self, effect: Effect) -> _Marks:
        marks: _Marks = getattr(self.withheld, effect)
        return marks
