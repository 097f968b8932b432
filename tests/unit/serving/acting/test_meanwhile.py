"""The later of two people hears of the former, whatever the log has by then."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.vocabulary import AutomaticDecision
from serving.acting.acts import Act, events_of, subjects_of
from serving.acting.meanwhile import Recent, Told, Word, contradicting, words_of

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def act(**fields: Any) -> Act:
    usual: dict[str, Any] = {
        "id": "page-1",
        "ticket_id": "T",
        "act": "correct",
        "by": "ann",
        "life": 1,
        "revision": 2,
    }
    return Act(**(usual | fields))


def word(event_id: str = "e", by: str = "bo", about: str = "intent") -> Word:
    return Word(event_id=event_id, by=by, at=AT, about=about, value="x")


NOTHING = Told(after=[], before=frozenset())


def test_a_word_in_the_log_is_heard_of() -> None:
    assert contradicting(act(), Told(after=[word()], before=frozenset()), []) == [word()]


def test_a_word_that_the_log_does_not_have_yet_is_heard_of() -> None:
    """Two people pressed a key within the same second."""
    assert contradicting(act(), NOTHING, [word()]) == [word()]


def test_a_word_that_the_person_saw_is_none_that_they_missed() -> None:
    assert contradicting(act(), Told(after=[], before=frozenset({"e"})), [word()]) == []


def test_a_word_is_heard_of_once_and_by_its_name() -> None:
    """The log does not always say who; this server remembers."""
    told = Told(after=[word(by="ticketyard/pages")], before=frozenset())
    assert contradicting(act(), told, [word(by="bo")]) == [word(by="bo")]


@pytest.mark.parametrize(
    ("given", "one"),
    [
        (act(), word(by="ann")),  # their own
        (act(over=("e",)), word()),  # they have read of it, and mean to overrule it
        (act(), word(about="team")),  # of something else
        (act(act="resolve"), word()),
    ],
)
def test_other_words_hold_nobody_up(given: Act, one: Word) -> None:
    assert contradicting(given, Told(after=[one], before=frozenset()), [one]) == []


def test_an_override_contradicts_a_correction_of_the_same_thing() -> None:
    given = act(act="override", decision="intent")
    assert contradicting(given, NOTHING, [word()]) == [word()]


@pytest.mark.parametrize("about", ["intent", "team"])
def test_a_correction_that_moves_the_ticket_contradicts_both(about: str) -> None:
    """It was checked for the intent alone, so it overruled a transfer that nobody had told of."""
    assert contradicting(act(team="billing"), NOTHING, [word(about=about)]) == [word(about=about)]


def test_a_correction_that_moves_the_ticket_says_both() -> None:
    """Whoever transfers the ticket after it hears of the transfer in it."""
    given = act(value="double_charge", team="billing")
    words = words_of(given, events_of(given, "ann", ["double_charge"]), AT)
    assert [(one.about, one.value) for one in words] == [("intent", "double_charge"), ("team", "billing")]
    later = act(act="transfer", by="bo", value="technical")
    assert contradicting(later, NOTHING, words) == [words[1]]


def test_every_act_is_about_what_its_words_are() -> None:
    """What an act is checked against is what the next one is told of."""
    usual = {"value": "x", "reason": "r", "team": "billing"}
    acts = [act(act=kind, **usual) for kind in ("correct", "transfer", "assign", "resolve")]
    for given in (*acts, *(act(act="override", decision=one, **usual) for one in AutomaticDecision)):
        words = words_of(given, events_of(given, "ann", ["x"]), AT)
        assert {word.about for word in words} == subjects_of(given)


def test_the_memory_is_bounded_and_forgets_what_was_not_sent() -> None:
    recent = Recent(most=2)
    for number in range(3):
        recent.note("T", word(f"e{number}"))
    recent.forget("e1")
    assert [one.event_id for one in recent.of("T")] == ["e2"]
    assert recent.of("U") == []
