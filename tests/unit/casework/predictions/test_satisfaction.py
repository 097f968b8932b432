"""The score of the first day, its bands, and what is recommended."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.predictions.prior import WEIGHTS, expected_score
from casework.predictions.recommendations import recommended
from casework.predictions.settling import risk_of
from schemas.predictions import CsatRisk
from schemas.records.sla_clock import SlaClock, SlaMetric
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Status, Tier
from tests.unit.schemas.ticket_facts import START, minute


def row(**fields: object) -> TicketRow:
    known = {"status": Status.IN_PROGRESS, "opened_at": START, "last_event_at": START} | fields
    return TicketRow(ticket_id="T", life=0, revision=1, routing_revision=0, **known)  # type: ignore[arg-type]


def clock(**fields: object) -> SlaClock:
    known = {"started_at": START, "since": START, "target_s": 600, "due_at": minute(10)} | fields
    return SlaClock(metric=SlaMetric.TOTAL_RESOLUTION, **known)  # type: ignore[arg-type]


def test_weights_are_whole() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_of_a_ticket_of_which_nothing_is_known_no_more_is_said() -> None:
    """Only that nobody has been troubled yet counts for it."""
    assert expected_score(row(), START).factors[0].name.startswith("interactions")


@given(
    st.floats(-1, 1),
    st.one_of(st.none(), st.floats(0, 1)),
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(0, 1000),
)
def test_the_score_is_one_that_a_customer_can_give(
    mood: float, performance: float | None, asked: int, answered: int, minutes: int
) -> None:
    """And its factors add up to it."""
    given_row = row(
        sentiment=mood,
        agent_performance=performance,
        customer_messages=asked,
        agent_replies=answered,
        sla=(clock(),),
    )
    found = expected_score(given_row, minute(minutes))
    assert 1.0 <= found.score <= 5.0
    assert found.score == pytest.approx(3.0 + sum(factor.effect for factor in found.factors), abs=0.01)


def test_time_counts_against_what_was_promised() -> None:
    early, at_due, late = (
        expected_score(row(sla=(clock(),)), START + timedelta(minutes=minutes)).score
        for minutes in (4, 10, 16)
    )
    assert early > at_due > late


@pytest.mark.parametrize(
    ("score", "risk"),
    [
        (2.49, CsatRisk.CRITICAL),
        (2.5, CsatRisk.HIGH),
        (3.0, CsatRisk.MEDIUM),
        (3.5, CsatRisk.LOW),
        (4.5, CsatRisk.NONE),
    ],
)
def test_bands_begin_at_their_bounds(score: float, risk: CsatRisk) -> None:
    assert risk_of(score) is risk


def test_each_recommendation_names_its_rule() -> None:
    poor = {"csat_risk": CsatRisk.CRITICAL, "customer_tier": Tier.GOLD}
    late = clock(ended_at=minute(30))
    open_row = row(breach_risk=0.9, recent_sentiments=(-0.8,), sla=(late,), **poor)
    finished = row(status=Status.RESOLVED, reopen_risk=0.5)
    actions = [told.split(": ")[0] for told in (*recommended(open_row), *recommended(finished))]
    assert actions == ["expedite", "senior_agent", "empathy", "compensation", "follow_up", "survey"]
    assert not recommended(row(merged_into="T-2", **poor))
