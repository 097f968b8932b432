"""How far the order in which a thread's messages arrive decides nothing."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.records.events import TicketOpened
from schemas.records.thread_rule import ThreadRule
from schemas.records.ticket_row import Said, TicketRow
from schemas.triage import Triage
from schemas.vocabulary import Priority
from tests.unit.schemas.thread_facts import (
    CONFIDENT,
    LATEST,
    SURE,
    SUREST,
    message,
    opening,
    ruled,
    rules,
    texts,
)
from tests.unit.schemas.ticket_facts import UNSCORED, fact, fold_all, opened

openings = st.builds(
    opened,
    priority=st.sampled_from((None, *Priority)),
    team=st.sampled_from((None, "refunds")),
    intent=st.sampled_from((None, "said")),
)
wordless = st.sampled_from((UNSCORED, replace(UNSCORED, team="team_of_said", priority=Priority.HIGH)))
SAME_IN_ANY_ORDER = [
    "intent",
    "category",
    "label_said_by",
    "predicted_intent",
    "predicted_category",
    "predicted_intents",
    "predicted_event_id",
    "predicted_at",
    "confidence",
    "decided_by",
    "model_version",
    "triage_reasons",
    "band",
    "out_of_scope",
    "scored_messages",
    "priority",
    "priority_said_by",
    "priority_reasons",
    "team",
    "team_said_by",
]


@settings(max_examples=150, deadline=None)
@given(rules, openings, st.one_of(texts, texts, wordless), texts, st.sampled_from((-1, 0, 1)))
def test_it_does_not_matter_whether_the_opening_or_a_message_arrives_first(
    rule: ThreadRule, body: TicketOpened, first: Triage, second: Triage, at: int
) -> None:
    """Not for what the ticket is about, its team and its priority, whatever the source says and the times are.

    It used to matter: the model's reasons stayed beside a priority of the source, a message older than the opening
    stood above it, a limit of one text counted the message, and a late opening without words took the team away.
    """
    told = ruled(fact(body, 0, first), rule)
    one = fold_all(None, [told, message(at, second, rule)])
    other = fold_all(None, [message(at, second, rule), told])
    assert {name: getattr(one, name) for name in SAME_IN_ANY_ORDER} == {
        name: getattr(other, name) for name in SAME_IN_ANY_ORDER
    }


def test_no_reasons_of_the_model_stand_beside_a_priority_of_the_source() -> None:
    """A ticket said `urgent` by its source once gave the model's reason for `medium`: its message came first."""
    said = replace(SURE, priority=Priority.MEDIUM, priority_reasons=("base:medium",))
    late_opening = ruled(fact(opened(priority=Priority.URGENT), 0, SURE), CONFIDENT)
    row = fold_all(None, [message(1, said, CONFIDENT), late_opening])
    assert (row.priority, row.priority_said_by, row.priority_reasons) == (Priority.URGENT, Said.SOURCE, ())


def test_a_message_older_than_the_opening_does_not_stand_above_it() -> None:
    """It once did where it arrived first: the opening did not ask which of the two is older."""
    assert fold_all(None, [message(-1, SUREST, LATEST), opening(SURE, LATEST)]).intent == "a"


def test_an_opening_without_words_takes_no_team_away() -> None:
    """A ticket whose message named the team once went to people in `triage` when its empty opening came late."""
    row = fold_all(None, [message(1, SURE, CONFIDENT), opening(UNSCORED, CONFIDENT)])
    assert (row.intent, row.team) == ("a", "team_of_a")


@settings(max_examples=30, deadline=None)
@given(texts, st.lists(texts, min_size=2, max_size=4))
def test_under_latest_message_the_order_of_arrival_decides_nothing(
    first: Triage, later: list[Triage]
) -> None:
    """Whatever order messages arrive in, the one with the newest event time counts."""
    messages = [message(number, triage, LATEST) for number, triage in enumerate(later, start=1)]
    results = {_label(fold_all(None, [opening(first, LATEST), *order])) for order in permutations(messages)}
    assert results == {(later[-1].intent, later[-1].confidence, later[-1].team)}


def _label(row: TicketRow) -> tuple[str | None, float | None, str | None]:
    return row.intent, row.confidence, row.team
