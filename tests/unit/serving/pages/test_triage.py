"""The card of a ticket: entities where they stand, open tickets like it."""

import pytest

from serving.pages.triage.doors import Guess, own_first
from serving.pages.triage.reading import Piece, marked, similar


@pytest.mark.parametrize(
    ("text", "entities", "pieces"),
    [
        ("Order 4711!", ["order: 4711"], [("Order ", None), ("4711", "order"), ("!", None)]),
        ("no 47110", ["order: 4711"], [("no 47110", None)]),
        (
            "AB-1 and ab-1",
            ["reference: ab-1"],
            [("AB-1", "reference"), (" and ", None), ("ab-1", "reference")],
        ),
        ("paid 49.90 twice", ["amount: 49.90 EUR"], [("paid ", None), ("49.90", "amount"), (" twice", None)]),
        ("on Friday", ["date: 2026-03-06"], [("on Friday", None)]),
        ("a (b", ["order: (b"], [("a (b", None)]),
        ("", ["order: 1"], []),
        ("<b>1</b>", [], [("<b>1</b>", None)]),
    ],
)
def test_what_a_text_names_is_marked_where_it_stands(
    text: str, entities: list[str], pieces: list[tuple[str, str | None]]
) -> None:
    """Nothing of the text is lost."""
    found = marked(text, entities)
    assert "".join(piece.text for piece in found) == text
    if text != "a (b":  # a word has no border before a bracket
        assert found == [Piece(*piece) for piece in pieces]


def candidate(ticket_id: str, text: str) -> dict[str, str | None]:
    return {"ticket_id": ticket_id, "subject": None, "text": text}


def test_the_likest_come_first_with_what_they_share() -> None:
    found = similar(
        "My invoice was charged twice",
        [candidate("a", "invoice please"), candidate("b", "charged twice, invoice"), candidate("c", "hello")],
    )
    assert [one["ticket_id"] for one in found] == ["b", "a"]
    assert found[0]["shared"] == ["charged", "invoice", "twice"]


def guess(label: str | None, probability: float = 0.5) -> Guess:
    return {"label": label, "probability": probability}


@pytest.mark.parametrize(
    ("own", "found", "shown"),
    [
        ("b", ["a", "b", "c"], ["b", "a", "c"]),
        ("d", ["a", "b", "c"], ["d", "a", "b"]),
        ("a", ["a", "b", "c"], ["a", "b", "c"]),
        (None, ["a", "b", "c"], ["a", "b", "c"]),
    ],
)
def test_a_key_means_the_same_before_and_after_the_model_has_answered(
    own: str | None, found: list[str], shown: list[str]
) -> None:
    """Key 1 once stood for the ticket's guess, and a moment later for another one of the current model."""
    answered = own_first(guess(own, 0.1), [guess(each) for each in found])
    assert [one["label"] for one in answered] == shown
    assert answered[0]["probability"] == (0.1 if own == "d" else 0.5)  # the current model's, where it has one
