"""How much each part of a score counts."""

from math import isclose
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Weight = Annotated[float, Field(ge=0.0, le=1.0)]


class RoutingWeights(BaseModel):
    """Shares of a score, 1 together, so that a score lies between 0 and 1 as each of its parts does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    specialisation: Weight = 0.4
    """The ticket's intent or category is one of the agent's own."""
    skill: Weight = 0.2
    """How well the agent knows the intent, else the category."""
    free_capacity: Weight = 0.2
    """The share of the agent's capacity that is free."""
    performance: Weight = 0.2
    """How well the agent did lately, as batch measured it."""

    @model_validator(mode="after")
    def _together_one(self) -> Self:
        total = self.specialisation + self.skill + self.free_capacity + self.performance
        if not isclose(total, 1.0, abs_tol=1e-6):
            raise ValueError(
                f"the four routing weights add up to {total:g}; set them so that they add up to 1"
            )
        return self
