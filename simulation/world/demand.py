"""The tickets that arrive: when, from whom, about what, and how much work each is, all before anybody has it."""

from collections.abc import Iterator, Mapping, Sequence
from math import exp, log
from random import Random
from typing import Final, TypeVar

import msgspec

from schemas.vocabulary import Category, Channel, Priority, Tier
from simulation.world.draws import Draws
from simulation.world.world import World

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
_LIVE: Final = frozenset({Channel.PHONE, Channel.CHAT})
"""Channels on which a customer waits in person: there is no later answer, and nobody asks while the desk is closed."""

Drawn = TypeVar("Drawn")
Subjects = Mapping[Category, Sequence[str]]
"""The intents of each category."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as the source says it, at seconds after the start."""

    ticket_id: str
    at_s: float
    customer_id: str
    channel: Channel
    tier: Tier
    priority: Priority
    team: str
    category: Category
    intent: str
    language: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """An opening, and what is true of it: who can help, how many minutes of work it is, how often to ask back."""

    opening: Opening
    team: str
    category: Category
    intent: str
    minutes: float
    rounds: int
    patience_s: float | None


def invented(world: World, draws: Draws, tickets_a_week: float) -> Iterator[Case]:
    """Yield the tickets of a world's weeks in order; the start is a Monday, 00:00."""
    subjects = subjects_of(world)
    for number, at_s in enumerate(_moments(world, draws, tickets_a_week), start=1):
        ticket_id = f"T-{number:06d}"
        opening = _opening(world, draws.of(ticket_id, "opening"), ticket_id, at_s)
        yield what_it_takes(world, draws, opening, subjects)


def what_it_takes(world: World, draws: Draws, opening: Opening, subjects: Subjects) -> Case:
    """Return an opening with what is true of it, by the world's shares of wrong labels, work and patience."""
    draw = draws.of(opening.ticket_id, "truth")
    team, category, intent = _truth(world, draw, opening, subjects)
    part = world.categories[category]
    minutes = part.minutes * exp(draw.gauss(0.0, world.work.spread))
    rounds = 0
    while opening.channel not in _LIVE and draw.random() < world.work.another_round:
        rounds += 1
    patience = world.customers.patience_minutes.get(opening.channel)
    return Case(
        opening=opening,
        team=team,
        category=category,
        intent=intent,
        minutes=minutes * world.work.of_priority.get(opening.priority, 1.0),
        rounds=rounds,
        patience_s=None if patience is None else draw.expovariate(1 / (patience * 60)),
    )


def subjects_of(world: World) -> Subjects:
    """Return the subjects that a world invents."""
    return {
        category: [f"{category}_{number}" for number in range(1, part.intents + 1)]
        for category, part in world.categories.items()
    }


def reply_delay_s(world: World, channel: Channel, draw: Random) -> float:
    """Return how long a customer takes to answer a question."""
    median = world.work.reply_minutes.get(channel, 1.0) * 60
    return exp(draw.gauss(log(median), world.work.reply_spread))


def _moments(world: World, draws: Draws, tickets_a_week: float) -> Iterator[float]:
    arrivals = world.arrivals
    rate = tickets_a_week * 24 / sum(arrivals.by_hour) / sum(arrivals.by_weekday) / DAY
    for day in range(7 * world.weeks):
        draw = draws.of("day", day)
        spread = arrivals.day_variation**2
        factor = draw.gammavariate(1 / spread, spread) if spread else 1.0
        for hour, share in enumerate(arrivals.by_hour):
            a_second = rate * share * arrivals.by_weekday[day % 7] * factor
            at_s, end = day * DAY + hour * HOUR, day * DAY + (hour + 1) * HOUR
            while a_second and (at_s := at_s + draw.expovariate(a_second)) < end:
                yield round(at_s, 6)  # events carry microseconds


def _opening(world: World, draw: Random, ticket_id: str, at_s: float) -> Opening:
    """Draw what the source says; at first it is the truth, and `_truth` draws how often it is not."""
    arrivals = world.arrivals
    category = _one_of({name: part.share for name, part in world.categories.items()}, draw)
    channel = _one_of(arrivals.channels, draw)
    opens = min(start for start, _end, _share in world.agents.shifts)
    closes = max(end for _start, end, _share in world.agents.shifts)
    if channel in _LIVE and not opens <= at_s % DAY / HOUR < closes:
        channel = Channel.WEB_FORM
    return Opening(
        ticket_id=ticket_id,
        at_s=at_s,
        customer_id=f"C-{draw.randrange(10**6):06d}",
        channel=channel,
        tier=_one_of(arrivals.tiers, draw),
        priority=_one_of(arrivals.priorities, draw),
        team=world.categories[category].team,
        category=category,
        intent=draw.choice(subjects_of(world)[category]),
        language=_one_of(arrivals.languages, draw),
    )


def _truth(world: World, draw: Random, opening: Opening, subjects: Subjects) -> tuple[str, Category, str]:
    """Return team, category and intent as they are; the source names another team or intent now and then."""
    wrong = draw.random()
    others = {
        name: part.share
        for name, part in world.categories.items()
        if part.team != opening.team and part.share and subjects.get(name)
    }
    if wrong < world.arrivals.wrong_team and others:
        category = _one_of(others, draw)
        return world.categories[category].team, category, draw.choice(subjects[category])
    intent = opening.intent
    if wrong < world.arrivals.wrong_team + world.arrivals.wrong_intent:
        intent = draw.choice(subjects[opening.category])
    return opening.team, opening.category, intent


def _one_of(shares: Mapping[Drawn, float], draw: Random) -> Drawn:
    return draw.choices(list(shares), list(shares.values()))[0]
