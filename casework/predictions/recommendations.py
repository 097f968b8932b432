"""What to do about what is foretold of a ticket: a table of rules, each with the figures that it looks at."""

from collections.abc import Callable
from typing import Final, NamedTuple

from schemas.predictions import CsatRisk
from schemas.records.override_events import NOTHING
from schemas.records.ticket_row import TicketRow, said_of
from schemas.vocabulary import FINISHED, TIER_RANK, AutomaticDecision, Tier

LIKELY_LATE: Final = 0.6
LIKELY_BACK: Final = 0.2
MANY_HANDS: Final = 2
BAD_MOOD: Final = -0.3
POOR: Final = frozenset({CsatRisk.CRITICAL, CsatRisk.HIGH})


class Recommendation(NamedTuple):
    """An action, the rule in words, and whether it fits a row."""

    action: str
    rule: str
    fits: Callable[[TicketRow], bool]


def _above(value: float | None, bound: float) -> bool:
    return value is not None and value >= bound


def _is_open(row: TicketRow) -> bool:
    return row.status not in FINISHED


def _mood(row: TicketRow) -> float:
    said = row.recent_sentiments or (() if row.sentiment is None else (row.sentiment,))
    return sum(said) / len(said) if said else 0.0


def _is_late(row: TicketRow) -> bool:
    return any(clock.is_late for clock in row.sla)


RECOMMENDATIONS: Final = (
    Recommendation(
        "expedite",
        f"open, breach_risk >= {LIKELY_LATE}",
        lambda row: _is_open(row) and _above(row.breach_risk, LIKELY_LATE),
    ),
    Recommendation(
        "senior_agent",
        f"open, csat_risk critical or reassignments >= {MANY_HANDS}",
        lambda row: _is_open(row) and (row.csat_risk is CsatRisk.CRITICAL or row.reassignments >= MANY_HANDS),
    ),
    Recommendation(
        "empathy",
        f"open, mood <= {BAD_MOOD} or frustrated",
        lambda row: _is_open(row) and (_mood(row) <= BAD_MOOD or row.frustrated),
    ),
    Recommendation(
        "compensation",
        "a promise broken, csat_risk high or critical, tier gold or above",
        lambda row: (
            _is_late(row)
            and row.csat_risk in POOR
            and row.customer_tier is not None
            and TIER_RANK[row.customer_tier] >= TIER_RANK[Tier.GOLD]
        ),
    ),
    Recommendation(
        "follow_up",
        f"finished, reopen_risk >= {LIKELY_BACK} or csat_risk high or critical",
        lambda row: not _is_open(row) and (_above(row.reopen_risk, LIKELY_BACK) or row.csat_risk in POOR),
    ),
    Recommendation(
        "survey", "finished, no survey answered", lambda row: not _is_open(row) and row.survey_score is None
    ),
)
"""In the order in which they are told."""


def recommended(row: TicketRow) -> tuple[str, ...]:
    """Return `action: rule` for each rule that fits, or what a person says instead; none for one that was merged."""
    if row.merged_into is not None:
        return ()
    said = said_of(row, AutomaticDecision.RECOMMENDATION)
    if said is not None:
        return (
            ()
            if said == NOTHING
            else tuple(f"{action.strip()}: a person's word" for action in said.split(","))
        )
    return tuple(f"{found.action}: {found.rule}" for found in RECOMMENDATIONS if found.fits(row))
