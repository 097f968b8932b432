"""The table of customers: what counts as a repetition, as one thing, as a wish. A file that a person edits."""

import re
from functools import cached_property
from hashlib import sha256
from importlib import resources
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from schemas.edited_file import EditedModel
from schemas.errors import Permanent

Weight = Annotated[float, Field(ge=0, le=1)]


class CustomerRulesError(Permanent):
    """The table of customers cannot be used; the message names the file, each place and what to mend."""


def _phrase(text: str) -> str:
    if text != " ".join(text.casefold().split()):
        raise PydanticCustomError("phrase", "write it in lower case, with single spaces between its words")
    return text


Phrase = Annotated[str, Field(min_length=3, max_length=60), AfterValidator(_phrase)]


def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches any of the phrases as whole words; of no phrases, nothing."""
    return re.compile(rf" (?:{'|'.join(map(re.escape, phrases))})(?= )" if phrases else "(?!)")


class RepeatRules(BaseModel, frozen=True, extra="forbid"):
    """How soon after another ticket one of the same intent is a repeat contact; `never` names intents that are none."""

    within_days: Annotated[float, Field(gt=0, le=365)]
    never: tuple[str, ...] = ()


class MergeWeights(BaseModel, frozen=True, extra="forbid"):
    """What each sign that two tickets are about one thing adds to the score; `other_entity` is taken off."""

    intent: Weight
    product: Weight
    entity: Weight
    subject: Weight
    other_entity: Weight


class MergeRules(BaseModel, frozen=True, extra="forbid"):
    """Which open tickets are proposed as merges: opened `within_hours` of each other, a score of `at_least`."""

    within_hours: Annotated[float, Field(gt=0, le=24 * 365)]
    at_least: Annotated[float, Field(gt=0, le=1)]
    most: Annotated[int, Field(ge=1, le=10)]
    subject_likeness: Annotated[float, Field(gt=0, le=1)]
    weights: MergeWeights


class WishRules(BaseModel, frozen=True, extra="forbid"):
    """By which intents and words a customer asks for a person, or for another one than they have."""

    human_intents: tuple[str, ...] = ()
    human: tuple[Phrase, ...] = ()
    other_agent: tuple[Phrase, ...] = ()
    refusals: tuple[Phrase, ...] = ()

    @cached_property
    def asks_for_human(self) -> re.Pattern[str]:
        """What finds a phrase for a person in a clause with a space around each word; so do the next two."""
        return _any_of(self.human)

    @cached_property
    def asks_for_other(self) -> re.Pattern[str]:
        """What finds a phrase for another agent."""
        return _any_of(self.other_agent)

    @cached_property
    def refuses(self) -> re.Pattern[str]:
        """What finds a refusal."""
        return _any_of(self.refusals)


class CustomerRules(EditedModel):
    """The whole table, as the file's own comments explain it."""

    what = "the table of customers"
    error = CustomerRulesError
    packaged = resources.files("casework.customers").joinpath("customers.yaml")

    version: Annotated[str, Field(min_length=1, max_length=60)]
    keep_tickets: Annotated[int, Field(ge=2, le=200)]
    count_open_up_to: Annotated[int, Field(ge=1, le=100)]
    forget_after_days: Annotated[float, Field(ge=1)]
    repeat: RepeatRules
    merge: MergeRules
    wishes: WishRules

    @cached_property
    def name(self) -> str:
        """The version and a sum of all that the table says: what a row was noted by."""
        return f"{self.version}/{sha256(self.model_dump_json().encode()).hexdigest()[:8]}"
