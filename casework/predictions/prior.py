"""What a customer's score is expected to be before any survey has taught a model: a formula over four factors.

Each factor is a share from 0 to 1, 0.5 where nothing is known of it, and the score is 1 + 4 x their weighted mean. The
weights are judgement and no measurement (docs/predictions.md); a model replaces the formula once it beats it.
"""

from datetime import datetime
from typing import Final, NamedTuple

from schemas.predictions import Factor
from schemas.records.sla_clock import SlaMetric
from schemas.records.ticket_row import TicketRow

WEIGHTS: Final = {"time_against_target": 0.35, "mood": 0.30, "agent_performance": 0.20, "interactions": 0.15}
UNKNOWN: Final = 0.5

_LEAST, _SPAN = 1.0, 4.0
_EASY_MESSAGES: Final = 2
"""So many messages of both sides are no burden; from ten more on the factor is 0."""


class Expected(NamedTuple):
    """A score from 1 to 5, and what moved it away from that of a ticket of which nothing is known."""

    score: float
    factors: tuple[Factor, ...]


def expected_score(row: TicketRow, time: datetime) -> Expected:
    """Return what the four factors say of a ticket at a moment."""
    shares = {
        "time_against_target": _time(row, time),
        "mood": _mood(row),
        "agent_performance": UNKNOWN if row.agent_performance is None else row.agent_performance,
        "interactions": _share(1 - (row.customer_messages + row.agent_replies - _EASY_MESSAGES) / 10),
    }
    effects = {name: _SPAN * WEIGHTS[name] * (share - UNKNOWN) for name, share in shares.items()}
    factors = [
        Factor(f"{name}={shares[name]:.2f}", round(effect, 3)) for name, effect in effects.items() if effect
    ]
    factors.sort(key=lambda factor: -abs(factor.effect))
    return Expected(round(_LEAST + _SPAN * UNKNOWN + sum(effects.values()), 3), tuple(factors))


def _time(row: TicketRow, time: datetime) -> float:
    """Return 1 while at most half of the promised time to the resolution is used, 0.5 at all of it, 0 at half more."""
    clock = next((clock for clock in row.sla if clock.metric is SlaMetric.TOTAL_RESOLUTION), None)
    if clock is None or clock.due_at is None or clock.due_at <= clock.started_at:
        return UNKNOWN
    used = ((clock.ended_at or time) - clock.started_at) / (clock.due_at - clock.started_at)
    return _share(1.5 - used)


def _mood(row: TicketRow) -> float:
    said = row.recent_sentiments or (() if row.sentiment is None else (row.sentiment,))
    return _share((sum(said) / len(said) + 1) / 2) if said else UNKNOWN


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
