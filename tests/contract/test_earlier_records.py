"""Rows and records of before a column was added: folding goes on from them and over them."""

import json
from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from schemas.fold import fact_of, fold
from schemas.records.derived import TicketLogged
from schemas.records.thread_rule import ThreadRule
from tests.contract.event_samples import sample

MESSAGE: Final = json.dumps(sample("TicketLogged", "v1")).encode()
OPENING: Final = b"""{
  "ticket_id": "T-1", "life": 7, "revision": 1,
  "event": {
    "id": "crm-1", "type": "TicketOpened", "source": "crm", "time": "2026-03-02T09:00:00Z",
    "body": {"ticket_id": "T-1", "customer_id": "C-1", "channel": "email", "text": "Where is my refund?"}
  },
  "after": {
    "ticket_id": "T-1", "life": 7, "revision": 1, "routing_revision": 1, "status": "new",
    "opened_at": "2026-03-02T09:00:00Z", "last_event_at": "2026-03-02T09:00:00Z", "customer_id": "C-1",
    "channel": "email", "language": "en", "intent": "refund_status", "category": "refund_request",
    "label_said_by": "model", "confidence": 0.95, "decided_by": "encoder", "model_version": "m-7",
    "predicted_intent": "refund_status", "predicted_category": "refund_request", "priority": "high",
    "priority_said_by": "model", "team": "payments", "team_said_by": "model", "work": "wanted",
    "waiting_since": "2026-03-02T09:00:00Z"
  },
  "triage": {
    "model_version": "m-7", "decided_by": "encoder", "team": "payments", "intent": "refund_status",
    "category": "refund_request", "priority": "high", "confidence": 0.95, "band": "high",
    "guesses": [["refund_status", 0.91], ["billing_error", 0.05]], "language": "en"
  }
}"""
"""What the fold wrote of an opening before rows said which message counts; v1 of TicketLogged is of then too."""

ADDED = [
    "predicted_event_id",
    "predicted_at",
    "prediction_changes",
    "scored_messages",
    "predicted_intents",
    "band",
    "out_of_scope",
    "sentiment",
    "frustrated",
    "urgency",
    "complexity",
    "quality_marks",
    "priority_reasons",
    "customer_wrote_at",
]


@pytest.mark.parametrize(("record", "filled_in"), [(OPENING, True), (MESSAGE, False)])
def test_an_earlier_record_gives_its_row_again_but_for_columns_added_since(
    record: bytes, *, filled_in: bool
) -> None:
    """The docs once said `the same rows`; an opening of then, folded now, also says which event set the intent."""
    logged = msgspec.json.decode(record, type=TicketLogged)
    again = fold(logged.before, fact_of(logged))

    assert replace(again, **{name: getattr(logged.after, name) for name in ADDED}) == logged.after
    assert (again.predicted_event_id, again.predicted_intents) == (
        ("crm-1", ("refund_status",)) if filled_in else (None, ())
    )
    assert again.scored_messages == 1


def test_a_ticket_that_was_open_at_the_upgrade_needs_the_margin_like_any_other() -> None:
    """Its row counts no texts, which was once taken for a reopening: `any news?` changed a sure intent."""
    before = msgspec.json.decode(OPENING, type=TicketLogged).after
    any_news = msgspec.json.decode(MESSAGE, type=TicketLogged)
    assert any_news.triage is not None
    guess = replace(any_news.triage, intent="card_lost", confidence=0.5)
    rule = ThreadRule(policy="confident_change", margin=0.1)
    told = replace(fact_of(any_news), triage=guess, thread_rule=rule)

    assert fold(before, told).intent == "refund_status"
    surer = replace(told, triage=replace(guess, confidence=1.0))
    assert replace(before, confidence=0.9).predicted_at is None
    assert fold(replace(before, confidence=0.9), surer).intent == "card_lost"
