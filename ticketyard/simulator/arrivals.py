"""When tickets arrive: a daily rhythm, quiet weekends, bursts, and a storm while something big is broken."""

from bisect import bisect_right
from itertools import accumulate
from math import exp
from random import Random
from typing import Final, NamedTuple

from ticketyard.simulator.config import DAY, HOUR, SimulationConfig

_STEP_S: Final = 60.0
_BURST_S: Final = 15 * 60.0
_BURST_FACTOR: Final = 3.0
_STORM_S: Final = 45 * 60.0
_STORM_FACTOR: Final = 5.0
_WEEKEND: Final = 0.5
_PEAKS: Final = ((10.5, 2.0, 1.0), (15.0, 2.0, 0.9), (20.0, 1.5, 0.35))
_NIGHT: Final = 0.12
_SATURDAY: Final = 5


class Arrival(NamedTuple):
    """One ticket's arrival, in seconds of the operation; `storm` says that the big outage made it."""

    at_s: float
    storm: bool


def rhythm(hour: float) -> float:
    """Return the relative rate of new tickets at an hour of the day: peaks before and after noon."""
    return _NIGHT + sum(height * exp(-(((hour - top) / width) ** 2)) for top, width, height in _PEAKS)


def arrivals(config: SimulationConfig, rng: Random, first_weekday: int) -> list[Arrival]:
    """Return when each of the config's tickets arrives, in order; Monday is weekday 0."""
    steps = max(1, round(config.arriving_s / _STEP_S))
    width = config.arriving_s / steps
    usual = [_usual_rate(config, (step + 0.5) * width, first_weekday) for step in range(steps)]
    usual = _with_bursts(config, rng, usual, width)
    extra = _storm_rates(config, rng, usual, width)
    edges = [0.0, *accumulate(a + b for a, b in zip(usual, extra, strict=True))]
    found = []
    for drawn in sorted(rng.random() for _ in range(config.tickets)):
        level = drawn * edges[-1]
        step = min(bisect_right(edges, level) - 1, steps - 1)
        rate = usual[step] + extra[step]
        within = (level - edges[step]) / rate
        found.append(Arrival((step + within) * width, rng.random() < extra[step] / rate))
    return found


def _usual_rate(config: SimulationConfig, at_s: float, first_weekday: int) -> float:
    hours = config.opening_hour + at_s / HOUR
    weekday = (first_weekday + int(hours * HOUR // DAY)) % 7
    return rhythm(hours % 24) * (_WEEKEND if weekday >= _SATURDAY else 1.0)


def _with_bursts(config: SimulationConfig, rng: Random, rates: list[float], width: float) -> list[float]:
    raised = list(rates)
    for _ in range(config.bursts):
        first = rng.randrange(len(rates))
        for step in range(first, min(len(rates), first + max(1, round(_BURST_S / width)))):
            raised[step] = rates[step] * _BURST_FACTOR
    return raised


def _storm_rates(config: SimulationConfig, rng: Random, usual: list[float], width: float) -> list[float]:
    extra = [0.0] * len(usual)
    if config.storm:
        mean = sum(usual) / len(usual)
        first = int(len(usual) * rng.uniform(0.3, 0.6))
        for step in range(first, min(len(usual), first + max(1, round(_STORM_S / width)))):
            extra[step] = mean * _STORM_FACTOR
    return extra
