"""Which message of a thread says what a ticket is about."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.fold import fold
from schemas.records.events import (
    LabelCorrected,
    TicketClosed,
    TicketEvent,
    TicketMerged,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from schemas.records.thread_rule import AnswerConfidence, ThreadPolicy, ThreadRule, changes, starts_anew
from schemas.records.ticket_row import Said
from schemas.triage import Triage
from schemas.vocabulary import OUT_OF_SCOPE, Priority, Status
from tests.unit.schemas.thread_facts import (
    CONFIDENT,
    GUESSED,
    HARDLY,
    LATEST,
    LOST,
    POLICIES,
    STRANGE,
    SURE,
    SURER,
    SUREST,
    message,
    opening,
    ruled,
    rules,
    says,
    texts,
)
from tests.unit.schemas.ticket_facts import (
    TICKET,
    UNSCORED,
    assigned,
    fact,
    fold_all,
    from_agent,
    minute,
    opened,
)


@pytest.mark.parametrize(
    ("policy", "texts", "expected"),
    [
        ("first_message", [SURE, SUREST], "a"),
        ("first_message", [GUESSED, SUREST], "f"),
        ("latest_message", [SUREST, GUESSED], "f"),
        ("latest_message", [SUREST, STRANGE], OUT_OF_SCOPE),
        ("confident_change", [SURE, SURER], "b"),
        ("confident_change", [SURE, HARDLY], "a"),
        ("confident_change", [SUREST, SURE], "c"),
        ("confident_change", [SURE, SURER, SUREST], "c"),
        ("confident_change", [SURE, LOST], "a"),
        ("confident_change", [SURE, STRANGE], "a"),
        ("confident_change", [GUESSED, SURE], "a"),
        ("confident_change", [STRANGE, SURE], "a"),
        ("confident_change", [GUESSED, LOST], "f"),
    ],
)
def test_which_message_sets_the_intent(policy: ThreadPolicy, texts: list[Triage], expected: str) -> None:
    """The table of docs/threads.md: the texts of a thread in their order, and what the ticket is then about."""
    rule = ThreadRule(policy=policy, margin=0.1)
    row = fold(None, opening(texts[0], rule))
    for number, triage in enumerate(texts[1:], start=1):
        row = fold(row, message(number, triage, rule))

    assert (row.intent, row.predicted_intent, row.label_said_by) == (expected, expected, Said.MODEL)
    chosen = next(number for number, triage in enumerate(texts) if triage.intent == expected)
    assert (row.predicted_at, row.confidence) == (minute(chosen), texts[chosen].confidence)
    assert row.predicted_event_id == (f"MessageAdded@{chosen}" if chosen else "TicketOpened@0")
    assert row.team == texts[chosen].team


def test_the_row_says_how_often_the_intent_changed() -> None:
    """Only another intent is a change; the same one said more surely is none, but moves the ticket on."""
    row = fold_all(None, [opening(says("a", 0.3, unsure=True), CONFIDENT), message(1, SURE, CONFIDENT)])
    assert (row.prediction_changes, row.team, row.confidence) == (0, "team_of_a", 0.7)
    assert fold(row, message(2, SUREST, CONFIDENT)).prediction_changes == 1


def test_a_later_message_raises_the_priority_and_never_lowers_it() -> None:
    """Triage knows the customer's tier from the opening alone; what the source or people said stays anyhow."""
    first = replace(SURE, priority=Priority.HIGH, priority_reasons=("base:high",))
    row = fold(None, opening(first, CONFIDENT))
    lower = message(1, replace(SUREST, priority=Priority.LOW), CONFIDENT)
    higher = message(1, replace(SUREST, priority=Priority.URGENT, priority_reasons=("x",)), CONFIDENT)
    assert (fold(row, lower).priority, fold(row, lower).priority_reasons) == (Priority.HIGH, ("base:high",))
    assert (fold(row, higher).priority, fold(row, higher).priority_reasons) == (Priority.URGENT, ("x",))

    given = fold(None, ruled(fact(opened(priority=Priority.LOW), 0, SURE), CONFIDENT))
    assert fold(given, higher).priority is Priority.LOW


def test_people_and_agents_are_not_overruled() -> None:
    """A label of people stays, prediction and all; an agent who has the ticket keeps it."""
    row = fold(None, opening(SURE, CONFIDENT))
    corrected = fold(row, fact(LabelCorrected(ticket_id=TICKET, intent="right"), 1))
    after = fold(corrected, message(2, SUREST, LATEST))
    assert (after.intent, after.predicted_intent, after.label_said_by) == ("right", "a", Said.PEOPLE)

    held = fold(row, fact(assigned(row, "A-1"), 1))
    after = fold(held, message(2, SUREST, CONFIDENT))
    assert (after.intent, after.team, after.assignee) == ("c", "team_of_a", "A-1")


def test_a_finished_ticket_is_about_what_it_was_about() -> None:
    """A message that does not open the ticket again, as on a merged one, changes nothing of it."""
    merged = fact(TicketMerged(ticket_id=TICKET, into_ticket_id="T-2"), 5)
    row = fold_all(None, [opening(SURE, LATEST), merged, message(6, SUREST, LATEST)])
    assert row.intent == "a"


@pytest.mark.parametrize(
    "finish",
    [
        TicketResolved(ticket_id=TICKET),
        TicketClosed(ticket_id=TICKET),
        TicketUpdated(ticket_id=TICKET, status=Status.RESOLVED),
    ],
)
def test_a_message_that_reopens_may_be_about_something_else(finish: TicketEvent) -> None:
    """It needs no margin, but the model must be sure of it: 'it still does not work' names no other intent."""
    row = fold_all(None, [opening(SUREST, CONFIDENT), fact(finish, 5)])
    assert fold(row, message(6, SURE, CONFIDENT)).intent == "a"
    assert fold(row, message(6, LOST, CONFIDENT)).intent == "c"

    after = fold(fold(row, message(6, LOST, CONFIDENT)), message(7, SURE, CONFIDENT))
    assert after.intent == "c"  # the second one is no longer the one that reopened


def test_the_first_message_after_a_reopening_may_too() -> None:
    """Where the source says that the ticket is open again, the customer's next words count as the reopening's."""
    finished = [opening(SUREST, CONFIDENT), fact(TicketResolved(ticket_id=TICKET), 5)]
    row = fold_all(None, [*finished, fact(TicketReopened(ticket_id=TICKET), 6)])
    assert fold(row, message(7, SURE, CONFIDENT)).intent == "a"


def test_a_message_older_than_the_one_that_counts_changes_nothing() -> None:
    """Event time decides which message is the later one."""
    row = fold_all(None, [opening(SURE, LATEST), message(9, SURER, LATEST), message(4, SUREST, LATEST)])
    assert (row.intent, row.predicted_at) == ("b", minute(9))


def test_only_so_many_texts_count_and_reopening_starts_again() -> None:
    """Above the limit a text changes nothing of the row but that a message came, scored or not."""
    rule = ThreadRule(policy="latest_message", messages=3)
    row = fold_all(None, [opening(SURE, rule), message(1, None, rule), message(2, SURER, rule)])
    row = fold(row, message(3, HARDLY, rule))
    assert (row.intent, row.scored_messages) == ("d", 3)
    beyond = fold(row, message(4, SUREST, rule))
    assert beyond == fold(row, message(4, None, rule))
    assert (beyond.intent, beyond.customer_messages) == ("d", 4)

    resolved = fold(beyond, fact(TicketResolved(ticket_id=TICKET), 5))
    assert fold(resolved, message(6, SUREST, rule)).intent == "c"


def test_a_ticket_without_words_is_labelled_by_the_first_that_come() -> None:
    """However late they come, and whatever the rule: a label of the source gives way to words."""
    for policy in POLICIES:
        rule = ThreadRule(policy=policy)
        row = fold(None, ruled(fact(opened(intent="said"), 0, UNSCORED), rule))
        assert (row.intent, row.label_said_by) == ("said", Said.SOURCE)
        for number in range(1, 15):
            row = fold(row, message(number, UNSCORED, rule))
        assert fold(row, message(20, GUESSED, rule)).intent == "f"


def test_what_starts_anew() -> None:
    """What finishes or reopens a ticket does; an update without a finished status and a note do not."""
    assert starts_anew(TicketUpdated(ticket_id=TICKET, status=Status.CLOSED))
    assert not starts_anew(TicketUpdated(ticket_id=TICKET, status=Status.IN_PROGRESS))
    assert not starts_anew(TicketUpdated(ticket_id=TICKET))
    assert not starts_anew(from_agent())


confidences = st.floats(0, 1)
answers = st.builds(AnswerConfidence, confidences, st.booleans())


@given(answers, answers, st.floats(0.01, 1), st.booleans())
def test_no_unsure_answer_takes_the_place_of_another(
    standing: AnswerConfidence, later: AnswerConfidence, margin: float, anew: bool
) -> None:
    """Under confident_change what the model is unsure of never counts, and no two answers replace each other."""
    rule = ThreadRule(policy="confident_change", margin=margin)
    if changes(rule, standing, later, anew=anew):
        assert not later.unsure
    if changes(rule, standing, later):
        assert not changes(rule, later, standing)


@settings(max_examples=60, deadline=None)
@given(rules, st.lists(texts, min_size=1, max_size=8), st.integers(0, 8))
def test_what_people_said_stays_whatever_the_thread_says(
    rule: ThreadRule, thread: list[Triage], place: int
) -> None:
    """A correction at any place of a thread is what the ticket is about from then on."""
    facts = [opening(thread[0], rule)]
    facts += [message(number, triage, rule) for number, triage in enumerate(thread[1:], start=1)]
    facts.insert(place + 1, fact(LabelCorrected(ticket_id=TICKET, intent="right"), place + 0.5))
    row = fold_all(None, facts)
    assert (row.intent, row.label_said_by) == ("right", Said.PEOPLE)
