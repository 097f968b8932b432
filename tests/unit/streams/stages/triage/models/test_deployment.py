"""Which model decides a ticket while another is tried."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_struct

from schemas.triage import Triage
from streams.stages.triage.models.deployment import Deployment, LoadedTrial, TicketMessage, in_share
from tests.unit.understanding.tiny_model import tiny_bundle
from understanding.bundle.bundle import Bundle
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage, understand

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TABLE = PriorityTable.load()
TICKETS = [f"T-{number}" for number in range(4000)]


def named(version: str) -> Bundle:
    bundle = tiny_bundle()
    return replace(bundle, manifest=replace_struct(bundle.manifest, version=version))


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_share_is_about_so_large(share: float) -> None:
    """Ids that follow each other spread evenly."""
    found = sum(in_share(ticket, "salt", share) for ticket in TICKETS)
    assert found == pytest.approx(share * len(TICKETS), rel=0.3)


@given(ticket=st.text(), shares=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_larger_share_keeps_the_tickets_of_a_smaller(ticket: str, shares: tuple[float, float]) -> None:
    """Raising a canary's share takes no ticket from it; none is in nothing, each in everything."""
    small, large = sorted(shares)
    assert in_share(ticket, "salt", small) <= in_share(ticket, "salt", large)
    assert not in_share(ticket, "salt", 0)
    assert in_share(ticket, "salt", 1)


def test_salts_make_shares_independent() -> None:
    """The tickets of one trial are not those of the next."""
    both = sum(in_share(ticket, "a", 0.5) and in_share(ticket, "b", 0.5) for ticket in TICKETS)
    assert both == pytest.approx(len(TICKETS) / 4, rel=0.15)


def test_a_canary_decides_its_tickets_and_no_others() -> None:
    """Every message of a ticket is decided by one model, and results stand beside their messages."""
    canary = LoadedTrial(named("canary"), 0.3, "salt")
    deployment = Deployment(named("champion"), canary)
    texts = ("refund please", None, "login")
    messages = [
        TicketMessage(ticket, CustomerMessage(text, NOW)) for ticket in TICKETS[:40] for text in texts
    ]
    results = deployment.decide(messages, TABLE, None)
    for message, result in zip(messages, results, strict=True):
        assert result.model_version == ("canary" if canary.covers(message.ticket_id) else "champion")
    assert len({result.model_version for result in results}) == 2
    alone = Deployment(named("champion")).decide(messages, TABLE, None)
    assert [result.intent for result in results] == [result.intent for result in alone]


def test_a_canary_that_fails_stops_no_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a model on trial cannot score, the champion decides."""

    def failing(bundle: Bundle, messages: list[CustomerMessage], **options: Any) -> list[Triage]:
        if bundle.version == "canary":
            raise RuntimeError("a text that it cannot take")
        return understand(bundle, messages, **options)

    monkeypatch.setattr("streams.stages.triage.models.deployment.understand", failing)
    deployment = Deployment(named("champion"), LoadedTrial(named("canary"), 0.5, "salt"))
    said = CustomerMessage("refund please", NOW)
    results = deployment.decide([TicketMessage(ticket, said) for ticket in TICKETS[:20]], TABLE, None)
    assert {result.model_version for result in results} == {"champion"}


def test_two_models_share_the_encoders_budget_of_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A canary of half the tickets gets half of it, so a trial adds no work under pressure."""
    given_out: list[int] = []

    def counting(bundle: Bundle, messages: list[CustomerMessage], **options: Any) -> list[Triage]:
        given_out.append(options["encoder_budget"])
        return understand(bundle, messages, **options)

    monkeypatch.setattr("streams.stages.triage.models.deployment.understand", counting)
    deployment = Deployment(named("champion"), LoadedTrial(named("canary"), 0.5, "salt"))
    said = CustomerMessage("refund please", NOW)
    deployment.decide([TicketMessage(ticket, said) for ticket in TICKETS[:100]], TABLE, 20)
    assert sum(given_out) <= 20
    assert min(given_out) >= 5
