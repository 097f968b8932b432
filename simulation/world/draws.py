"""Randomness that every policy shares: a draw follows from the seed and its name alone, never from what came before."""

from random import Random

import msgspec


class Draws(msgspec.Struct, frozen=True):
    """The draws of one seed."""

    seed: int

    def of(self, *name: str | int) -> Random:
        """Return the source of one draw, such as `of("T-1", "handover", 2)`: equal names, equal numbers."""
        return Random("/".join(map(str, (self.seed, *name))))  # noqa: S311 - it decides nothing of worth
