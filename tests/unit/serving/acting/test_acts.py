"""Acts become events that the contract knows, with who and why."""

from typing import Any

import msgspec
import pytest

from schemas.records.envelope import encode_body
from schemas.records.events import EXTERNAL_EVENTS, TicketEvent
from schemas.vocabulary import AutomaticDecision
from serving.acting.acts import Act, events_of, subjects_of, with_team
from serving.foundation.errors import ActRefused

INTENTS = frozenset({"refund_status", "double_charge"})
ID = f"page-{'0' * 32}"


def act(kind: str, **fields: Any) -> Act:
    usual = {"id": ID, "ticket_id": "T/1", "act": kind, "by": "ann", "life": 1, "revision": 2}
    return msgspec.convert(usual | fields, Act)


def bodies(given: Act) -> list[TicketEvent]:
    """The events of an act, read as the stream reads them."""
    found = []
    for event in events_of(given, "ann", INTENTS):
        body = msgspec.json.decode(msgspec.json.encode(event.data), type=EXTERNAL_EVENTS[event.type])
        assert isinstance(body, TicketEvent)
        found.append(body)
    return found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (act("correct", value="refund_status"), {"intent": "refund_status", "corrected_by": "ann"}),
        (
            act("transfer", value="billing", reason=" theirs "),
            {"team": "billing", "transferred_by": "ann", "reason": "theirs"},
        ),
        (act("assign", value="A-1"), {"assignee": "A-1", "updated_by": "ann"}),
        (act("resolve", reason="Paid back."), {"resolved_by": "ann", "resolution": "Paid back."}),
        (
            act("override", decision="assignee", value="A-2", was="A-1", reason="knows them"),
            {"decision": "assignee", "now": "A-2", "was": "A-1", "by": "ann", "reason": "knows them"},
        ),
    ],
)
def test_an_act_is_an_event_of_the_contract_with_a_name(given: Act, said: dict[str, Any]) -> None:
    (body,) = bodies(given)
    assert msgspec.json.decode(encode_body(body)) == {"ticket_id": "T/1", **said}


def test_a_corrected_ticket_moves_to_whom_the_intent_belongs() -> None:
    """Both events have ids of their own that follow from the act's, so an act that is sent again counts once."""
    given = act("correct", value="double_charge", team="billing")
    assert [type(one).__name__ for one in bodies(given)] == ["LabelCorrected", "TicketTransferred"]
    ids = [event.id for event in events_of(given, "ann", INTENTS)]
    assert ids == [event.id for event in events_of(given, "ann", INTENTS)]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("decision", AutomaticDecision)
def test_every_decision_can_be_overridden(decision: AutomaticDecision) -> None:
    words = {"intent": "refund_status", "category": "billing_dispute", "priority": "high"}
    words |= {"sla_target": "first_reply 30 min", "satisfaction_risk": "high"}
    value = words.get(decision, "x")
    (body,) = bodies(act("override", decision=decision, value=value, reason="because"))
    assert type(body).__name__ == "DecisionOverridden"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (act("correct", value="refund_statu"), "do you mean refund_status"),
        (act("correct", value=""), "there is no intent ''"),
        (act("override", decision="intent", value="nothing like it", reason="r"), "there is no intent"),
        (act("transfer", value=" "), "name the team"),
        (act("assign"), "name the agent"),
        (act("override", value="x", reason="r"), "which decision"),
        (act("override", decision="team", value="x", reason=" "), "say why"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(given: Act, why: str) -> None:
    """A mistyped intent would become a label of its own that the next model learns."""
    with pytest.raises(ActRefused, match=why):
        events_of(given, "ann", INTENTS)


@pytest.mark.parametrize(
    ("team", "move", "owner", "current", "whereto"),
    [
        (None, True, "billing", "accounts", "billing"),
        (None, True, "billing", None, "billing"),
        (None, True, "billing", "billing", None),  # it is there
        (None, True, None, "accounts", None),  # the taxonomy does not know the intent
        (None, False, "billing", "accounts", None),
        ("technical", True, "billing", "accounts", "technical"),  # the person has named one
    ],
)
def test_a_correction_finds_whose_the_ticket_is(
    team: str | None, move: bool, owner: str | None, current: str | None, whereto: str | None
) -> None:
    """The page may not know yet whose an intent is; a ticket was corrected there and stayed with the wrong team."""
    whole = with_team(act("correct", value="double_charge", team=team, move=move), owner, current)
    assert whole.team == whereto
    assert subjects_of(whole) == ({"intent", "team"} if whereto else {"intent"})


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "x"},
        {"id": f"{ID}\n"},
        {"act": "delete"},
        {"decision": "all"},
        {"shoe": 1},
        {"life": -1},
        {"revision": 2**200},  # DuckDB has no such number: it was an error of the server
    ],
)
def test_what_no_page_sends_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        act("correct", **fields) if "act" not in fields else act(kind=fields["act"])
