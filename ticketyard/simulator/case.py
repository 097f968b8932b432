"""What one ticket will be: who asks about what, in which language, on which channel."""

from collections.abc import Callable
from functools import cache, lru_cache
from itertools import accumulate
from random import Random
from typing import Final

import msgspec

from schemas.vocabulary import OUT_OF_SCOPE, Channel
from ticketyard.simulator.config import SimulationConfig
from ticketyard.simulator.grammar import intents_of
from ticketyard.simulator.persons import Customer, invent_customer

_CHANNELS: Final = {
    Channel.EMAIL: 40,
    Channel.WEB_FORM: 25,
    Channel.CHAT: 20,
    Channel.PHONE: 10,
    Channel.SOCIAL_MEDIA: 5,
}
_STORM_INTENTS: Final = ("service_unavailable", "internet_outage")
_FURTHEST_ORIGINAL: Final = 5


@cache
def _popularity(language: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return a language's intents, some far more frequent than others, and their cumulated weights."""
    intents = [intent for intent in intents_of(language) if intent != OUT_OF_SCOPE]
    Random(language).shuffle(intents)  # noqa: S311 - a fixed order that is not the file's
    return tuple(intents), tuple(accumulate(1 / (rank + 8) for rank in range(len(intents))))


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket before anything has happened to it; `repeats` is the number of the ticket that it doubles."""

    number: int
    ticket_id: str
    customer: Customer
    intent: str
    language: str
    channel: Channel
    repeats: int | None = None


class CaseBook:
    """Draws the case of each ticket from the seed and its number alone, so any one can be looked at again.

    `storm` says whether the big outage made a ticket.
    """

    def __init__(self, config: SimulationConfig, seed: int, *, storm: Callable[[int], bool]) -> None:
        self._config = config
        self._seed = seed
        self._storm = storm
        self._customers = max(1, round(config.tickets / config.tickets_per_customer))
        self.case = lru_cache(maxsize=4096)(self._draw)
        self._customer = lru_cache(maxsize=4096)(self._invent)

    def rng(self, number: int, purpose: str) -> Random:
        """Return the source of chance of one ticket for one purpose."""
        return Random(f"{self._seed}/{purpose}/{number}")  # noqa: S311 - a simulation, not a secret

    def _draw(self, number: int) -> Case:
        original = self._original(number)
        if original is not None:
            first = self.case(original)
            return msgspec.structs.replace(
                first, number=number, ticket_id=self._ticket_id(number), repeats=original
            )
        rng = self.rng(number, "case")
        customer = self._customer(rng.randrange(self._customers))
        return Case(
            number=number,
            ticket_id=self._ticket_id(number),
            customer=customer,
            intent=self._intent(rng, number, customer.language),
            language=customer.language,
            channel=rng.choices(tuple(_CHANNELS), tuple(_CHANNELS.values()))[0],
        )

    def _original(self, number: int) -> int | None:
        """Return which earlier ticket this one repeats; never one that itself repeats another."""
        rng = self.rng(number, "repeats")
        earlier = number - rng.randint(1, _FURTHEST_ORIGINAL)
        if earlier < 0 or rng.random() >= self._config.merged:
            return None
        return None if self._original(earlier) is not None else earlier

    def _intent(self, rng: Random, number: int, language: str) -> str:
        if self._storm(number):
            return rng.choice(_STORM_INTENTS)
        if language == "en" and rng.random() < self._config.out_of_scope:
            return OUT_OF_SCOPE
        intents, weights = _popularity(language)
        return rng.choices(intents, cum_weights=weights)[0]

    def _invent(self, number: int) -> Customer:
        return invent_customer(
            self.rng(number, "customer"), id=f"C{self._seed}-{number:06d}", languages=self._config.languages
        )

    def _ticket_id(self, number: int) -> str:
        return f"S{self._seed}-{number:06d}"
