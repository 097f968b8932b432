"""What a ticket's row says of its future: by what a model foretold with an event, or by the first day's formula."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from casework.clocks import is_from_outside
from casework.predictions.known import is_of_customer, is_opening
from casework.predictions.prior import expected_score
from casework.predictions.recommendations import POOR, recommended
from schemas.fold import Fact
from schemas.predictions import Basis, CsatRisk, Factor, Forecast, Predictions, Target
from schemas.records.derived.alerts import SatisfactionAtRisk
from schemas.records.derived.decisions import AgentChosen
from schemas.records.ticket_row import TicketRow, override_of
from schemas.vocabulary import AutomaticDecision

BANDS: Final = ((2.5, CsatRisk.CRITICAL), (3.0, CsatRisk.HIGH), (3.5, CsatRisk.MEDIUM), (4.5, CsatRisk.LOW))
"""A score below the bound has that risk."""

_RISEN: Final = 3.5
"""From here on a score counts as risen again: one that goes to and fro about 3.0 is told of once."""

_ANEW: Final[frozenset[Target]] = frozenset({"satisfaction", "churn"})
"""What is foretold anew as a ticket goes on; the rest is its course, foretold at its opening."""

_PROBABILITIES: Final[Mapping[Target, str]] = {
    "breach": "breach_risk",
    "reopening": "reopen_risk",
    "reassignment": "reassignment_risk",
}


def settle_predictions(before: TicketRow, after: TicketRow, fact: Fact) -> TicketRow:
    """Return `after` with what is foretold at this fact.

    Its course is foretold once, at its opening, so that it can be held against what came of it. The score is expected
    anew at each fact, until the customer has given it; for the first time at one from outside. Whether the customer
    leaves is foretold anew whenever the customer is heard, by the model of then.
    """
    row = _performance(before, after, fact)
    if is_opening(fact.body) and (before.resumed or before.predictions_basis is None):
        row = _course(row, fact.predictions)
    if is_of_customer(fact.body):
        row = _churn(before, row, fact)
    if isinstance(fact.body, SatisfactionAtRisk):
        row = replace(row, csat_told=True)
    elif row.survey_score is None and (before.csat_predicted is not None or is_from_outside(fact)):
        row = _satisfaction(before, row, fact)
    row = _risk_said(before, row)
    actions = recommended(row)
    return row if actions == row.recommendations else replace(row, recommendations=actions)


def risk_of(score: float) -> CsatRisk:
    """Return the band of an expected score."""
    return next((risk for bound, risk in BANDS if score < bound), CsatRisk.NONE)


class SatisfactionClock(msgspec.Struct, frozen=True, kw_only=True):
    """Tells once that a ticket's expected score fell below 3.0, until it has risen to 3.5 again. A CaseClock."""

    name: str = "satisfaction_at_risk"

    def due(self, row: TicketRow) -> datetime | None:
        """Return when the score fell, unless somebody was told, the customer has answered or it goes on elsewhere."""
        over = row.csat_told or row.survey_score is not None or row.merged_into is not None
        return None if over else row.csat_at_risk_since

    def reached(self, row: TicketRow, due: datetime, now: datetime) -> SatisfactionAtRisk:  # noqa: ARG002
        """Return what is to be told."""
        assert row.csat_predicted is not None  # as `due` says: these three are set together
        assert row.csat_risk is not None
        assert row.csat_basis is not None
        return SatisfactionAtRisk(
            ticket_id=row.ticket_id,
            expected=row.csat_predicted,
            risk=row.csat_risk,
            basis=row.csat_basis,
            since=due,
            factors=row.csat_factors,
            recommended=row.recommendations,
        )


def _performance(before: TicketRow, after: TicketRow, fact: Fact) -> TicketRow:
    """Keep how well the agent did whom routing chose; of one whom people named nothing was said."""
    if isinstance(fact.body, AgentChosen):
        return replace(after, agent_performance=fact.body.parts.get("performance"))
    if after.assignee is not None and after.assignee != before.last_assignee:
        return replace(after, agent_performance=None)
    return after


def _course(row: TicketRow, foretold: Predictions | None) -> TicketRow:
    forecasts = {} if foretold is None else foretold.forecasts
    course: dict[Target, Forecast] = {
        target: forecast for target, forecast in forecasts.items() if target not in _ANEW
    }
    changes: dict[str, Any] = {
        name: course[target].value for target, name in _PROBABILITIES.items() if target in course
    }
    if (time := course.get("resolution")) is not None:
        changes["predicted_resolution_s"] = time.value
        changes["predicted_resolution_low_s"] = time.low
        changes["predicted_resolution_high_s"] = time.high
    return replace(
        row,
        **changes,
        predictions_basis=Basis.MODEL if course else Basis.TOO_LITTLE_KNOWN,
        predictions_version=foretold.model_version if foretold is not None and course else None,
        prediction_factors=tuple(_told_of_course(course)),
    )


def _churn(before: TicketRow, row: TicketRow, fact: Fact) -> TicketRow:
    foretold = fact.predictions
    forecast = None if foretold is None else foretold.forecasts.get("churn")
    row = replace(row, churn_foretold_at=as_of(before, fact))
    if foretold is None or forecast is None:
        basis = Basis.TOO_LITTLE_KNOWN
        return replace(row, churn_risk=None, churn_basis=basis, churn_version=None, churn_factors=())
    return replace(
        row,
        churn_risk=forecast.value,
        churn_basis=Basis.MODEL,
        churn_version=foretold.model_version,
        churn_factors=_told(forecast.factors),
    )


def _risk_said(before: TicketRow, row: TicketRow) -> TicketRow:
    """Let a person's word about the risk stand; once they have taken it back, the expected score says it again."""
    word = override_of(row, AutomaticDecision.SATISFACTION_RISK)
    if word is None or (word.now is None and word == override_of(before, word.decision)):
        return row
    if word.now is not None:
        risk: CsatRisk | None = CsatRisk(word.now)
        told = (
            row.csat_told or before.csat_told
        )  # a score that has risen meanwhile does not make them say it again
    else:
        risk = None if row.csat_predicted is None else risk_of(row.csat_predicted)
        told = row.csat_told
    since = (before.csat_at_risk_since or word.at) if risk in POOR else None
    return replace(row, csat_risk=risk, csat_at_risk_since=since, csat_told=told and risk in POOR)


def _told_of_course(course: Mapping[Target, Forecast]) -> Iterable[str]:
    for target, forecast in sorted(course.items()):
        yield from (f"{target} {told}" for told in _told(forecast.factors))


def _told(factors: Iterable[Factor]) -> tuple[str, ...]:
    return tuple(f"{factor.effect:+.3f} {factor.name}" for factor in factors)


def as_of(before: TicketRow, fact: Fact) -> datetime:
    """Return the moment of which the row after a fact is: what is heard late makes no ticket younger."""
    return max(fact.time, before.last_event_at)


def _satisfaction(before: TicketRow, row: TicketRow, fact: Fact) -> TicketRow:
    moment = as_of(before, fact)
    foretold = fact.predictions
    forecast = None if foretold is None else foretold.forecasts.get("satisfaction")
    if foretold is None or forecast is None:
        if row.csat_basis is Basis.MODEL:
            return row  # nobody from outside has said anything since the model read the ticket
        expected = expected_score(row, moment)
        score, factors, basis, version = expected.score, expected.factors, Basis.PRIOR, None
    else:
        score, factors = round(forecast.value, 3), forecast.factors
        basis, version = Basis.MODEL, foretold.model_version
    risk = risk_of(score)
    poor = risk in POOR
    # A ticket that was there before it had a score fell unseen: nobody is told of that.
    unseen = before.csat_predicted is None and (before.revision > 0 or fact.imports_the_past)
    return replace(
        row,
        csat_predicted=score,
        csat_risk=risk,
        csat_basis=basis,
        csat_version=version,
        csat_factors=_told(factors),
        csat_at_risk_since=(row.csat_at_risk_since or moment) if poor else None,
        csat_told=(row.csat_told and score < _RISEN) or (unseen and poor),
    )
