"""An entity's offsets lead to it in the text as it was sent, whatever cleaning did to its characters."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.signals import EntityKind
from understanding.signals.reading import read_signals

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
STYLED = "\uff19\uff19\uff18\uff11\uff12"


def shown(text: str) -> list[str]:
    """Return what stands at each entity's offsets in a text as sent."""
    return [
        text[entity.start : entity.end]
        for entity in read_signals(text, now=NOW).entities
        if entity.start >= 0
    ]


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("<p>It cost &euro;20 for&nbsp;order 48<b>39</b>20</p>", ["&euro;20", "48<b>39</b>20"]),
        (
            f"Bestellung {STYLED} kostet \uff12\uff10 \u20ac",
            [STYLED, "\uff12\uff10 \u20ac"],
        ),
        ("f\u00c3\u00bcr \u00e2\u201a\u00ac20 im Monat", ["\u00e2\u201a\u00ac20"]),
        ("<p>My <svg> is gone from order 483920</p><p>Pay 20 EUR</p>", ["483920", "20 EUR"]),
        ("order 48\u200b3920 is late", ["48\u200b3920"]),
        ("order\r\n483920 cost 1\u00a0299,00\u00a0kr", ["483920", "1\u00a0299,00\u00a0kr"]),
        ("\ud83d\ude00 half a pair, order 483920", ["483920"]),
        ("caf\u0065\u0301 since 12 March 2026", ["12 March 2026"]),
        ("<style>.a5 {order: 77120}</style><table><tr><td>order 77120</td></tr></table>", ["77120"]),
    ],
)
def test_an_entity_is_found_in_what_was_sent(text: str, entities: list[str]) -> None:
    """References, look-alikes, broken encodings and hidden characters gave -1: nothing could be highlighted."""
    assert shown(text) == entities


def test_an_entity_is_not_placed_in_what_was_cut() -> None:
    """The same order number stands in the quoted mail above; the customer's own is meant."""
    text = "On Mon, 2 Mar 2026, Support wrote:\n> Is it order 483920?\n\nYes, order 483920, since yesterday."
    (order,) = (one for one in read_signals(text, now=NOW).entities if one.kind is EntityKind.ORDER)
    assert order.start == text.rindex("483920")


PIECES = (
    "order 483920",
    "&euro;20",
    "<b>",
    "</b>",
    "<br>",
    " ",
    "\u200b",
    "\n",
    "\uff15",
    "\u00c3\u00a9",
    "word",
    "\ud83d\ude00",
)


@settings(max_examples=80)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12))
def test_offsets_lie_within_the_text_and_in_order(pieces: list[str]) -> None:
    """And what stands there reads as the same entity again."""
    text = "".join(pieces)
    behind = 0
    for entity in read_signals(text, now=NOW).entities:
        assert -1 <= entity.start <= entity.end <= len(text)
        if entity.start >= 0:
            assert behind <= entity.start < entity.end
            behind = entity.end
        if entity.kind is EntityKind.AMOUNT and entity.start >= 0:
            # A lone tag is no markup: half of a pair goes, as it does within its text.
            part = text[entity.start : entity.end].replace("<b>", "").replace("</b>", "")
            again = read_signals(part, now=NOW).entities
            assert [one.value for one in again] == [entity.value]
