"""What is read from a message: entities in their places, urgency, complexity, keywords; secrets never."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Permanent
from schemas.marks import URGENCY_UNREAD
from schemas.signals import Entity, EntityKind, Signals
from understanding.signals.reading import read_signals
from understanding.signals.urgency.learnt import packaged_weights

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)  # a Wednesday
ANY_TEXT = st.text(st.characters(exclude_categories=()))
FRAGMENTS = (
    "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "order 483920", "#1", "€20", "12.03.2026", "last Friday",
    "in 3 days", "a@b.org", "+44 20 7946 0018", "https://x.org/a", "10.0.0.1", "error 503", "v1.2.3", "Windows 11",
    "urgent", "not", "\n", " ", "?", "!!!", "\u0664\u0661", "\u0130", "\u00df", "<br>", "&amp;", "\ud800",
)  # fmt: skip
FRAGMENTED = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=25).map("".join)


def listed(file: str) -> list[Any]:
    """Return the rows of an example file as parameters named by their section and text."""
    sections = yaml.safe_load(Path(__file__).with_name(file).read_text(encoding="utf-8"))
    return [
        pytest.param(section, row["text"], row, id=f"{section}: {row['text'][:40]}")
        for section, rows in sections.items()
        for row in rows
    ]


def said(entity: Entity) -> str:
    """Return an entity as the example file writes it."""
    return " ".join(filter(None, (entity.kind, entity.value, entity.unit)))


@pytest.mark.parametrize(("section", "text", "row"), listed("signal_examples.yaml"))
def test_every_labelled_entity_is_found_and_no_other(section: str, text: str, row: dict[str, Any]) -> None:
    """The examples are the specification, traps included."""
    assert [said(entity) for entity in read_signals(text, now=NOW).entities] == row["finds"], section


@pytest.mark.parametrize(("section", "text", "row"), listed("urgency_examples.yaml"))
def test_urgency_is_read_with_its_negations(section: str, text: str, row: dict[str, Any]) -> None:
    """What presses raises, what has time calms, and what says neither stays silent."""
    signals = read_signals(text, now=NOW, language=row.get("language"))
    assert set(row.get("indicators", ())) <= set(signals.urgency_indicators)
    assert (signals.urgency >= 0.3) == (section == "raised")
    assert section == "raised" or signals.urgency == 0
    assert section != "silent" or not signals.urgency_indicators


@pytest.mark.parametrize(
    "text",
    [
        "Production is down for all users.",
        "Bitte sofort sperren!",
        "C'est très urgent.",
        "My account was hacked.",
    ],
)
@pytest.mark.parametrize(
    "clause",
    ["My other question is not urgent.", "Das andere ist nicht dringend.", "The old one is no emergency,"],
)
def test_a_negation_lowers_nothing_outside_of_its_clause(clause: str, text: str) -> None:
    """`Normally nothing is urgent, but today everything is down` had level 0, and a step down."""
    alone = read_signals(text, now=NOW).urgency
    assert read_signals(f"{clause} {text}", now=NOW).urgency == alone
    assert read_signals(f"{text} {clause}", now=NOW).urgency == alone


def test_a_language_that_is_not_read_says_so() -> None:
    """A Chinese shop that stood still had urgency 0 like any calm message; now a mark tells that nobody read it."""
    chinese = "非常紧急！网站打不开，所有客户都无法付款！"  # noqa: RUF001 - as it is written in Chinese
    assert URGENCY_UNREAD in read_signals(chinese, now=NOW, language="zh").quality
    assert read_signals("Hvordan skifter jeg adresse?", now=NOW, language="da").quality == (URGENCY_UNREAD,)
    assert URGENCY_UNREAD not in read_signals("How do I change it?", now=NOW, language="en").quality
    loan = read_signals("ASAP, VPN ligger nere", now=NOW, language="sv")
    assert (loan.urgency_indicators, loan.quality) == (("at_once",), ())
    assert URGENCY_UNREAD not in read_signals("Wo?", now=NOW).quality


def test_letters_that_are_not_read_say_so_where_the_language_is_not_known() -> None:
    """A Russian shop without a language had no mark, and what is learnt of other languages raised it."""
    pressing = np.array(packaged_weights().vector_weights, dtype=np.float32)
    for text in ("Помогите скорее, сайт упал", "サイトが落ちています", "Βοήθεια, δεν ανοίγει"):
        signals = read_signals(text, now=NOW, vector=pressing)
        assert (signals.urgency, signals.quality) == (0, (URGENCY_UNREAD,))
    assert URGENCY_UNREAD not in read_signals("Größe für żółć, ça où?", now=NOW).quality


@settings(max_examples=50)
@given(text=ANY_TEXT | FRAGMENTED)
def test_any_text_gives_bounded_signals(text: str) -> None:
    """No text raises; levels lie within 0 and 1, entities in order, inside of the text and apart."""
    signals = read_signals(text, now=NOW)
    assert msgspec.json.decode(msgspec.json.encode(signals), type=Signals) == signals
    assert 0 <= signals.urgency <= 1
    assert 0 <= signals.complexity <= 1
    assert len(signals.keywords) <= 5
    placed = [entity for entity in signals.entities if entity.start >= 0]
    assert all(entity.start < entity.end <= len(text) for entity in placed)
    assert signals == read_signals(text, now=NOW)


@settings(max_examples=30)
@given(
    before=st.text("abc \n", max_size=8),
    after=st.text("abc \n", max_size=8),
    separator=st.sampled_from(["", " ", "-"]),
)
def test_a_card_number_never_shows(before: str, after: str, separator: str) -> None:
    """Whatever stands around it, no signal holds the number or most of it."""
    groups = ("5500", "0055", "5555", "5559")
    signals = read_signals(before + separator.join(groups) + after, now=NOW)
    shown = "".join(
        filter(str.isdigit, "".join([*(entity.value for entity in signals.entities), *signals.keywords]))
    )
    assert "".join(groups) not in shown
    assert "00555555" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "mail 4111111111111111@example.org",
        "https://example.org/?card=4111111111111111&x=1",
        "account 4111 1111 1111 1112 is what I typed",
        "iban DE89370400440532013001 mistyped",
        "order DE89370400440532013000",
        "error 4111111111111111",
        "v4111.1111.1111.1111",
        "tel 4111 1111 1111 1111",
    ],
)
def test_a_secret_is_in_no_other_entity_nor_keyword(text: str) -> None:
    """Overlaps are the secret's, and what nearly is one is not shown either."""
    shown = str(read_signals(text, now=NOW))
    assert "1111111111" not in "".join(filter(str.isdigit, shown))
    assert "0440532013" not in shown


def test_offsets_are_those_of_the_text_as_given() -> None:
    """Whatever cleaning took away before an entity, its place is in the original."""
    text = (
        "<p>Hello&nbsp;team,</p>\n<p>my order 483920 of <b>yesterday</b> cost &euro;20,"
        " see https://x.org/a?utm_source=m</p>"
    )
    entities = {entity.kind: entity for entity in read_signals(text, now=NOW).entities}
    shown = {kind: text[entity.start : entity.end] for kind, entity in entities.items() if entity.start >= 0}
    assert shown == {
        EntityKind.ORDER: "483920",
        EntityKind.DATE: "yesterday",
        EntityKind.AMOUNT: "&euro;20",
        EntityKind.URL: "https://x.org/a",
    }


def test_an_open_order_of_day_and_month_is_the_nearer_one() -> None:
    """04/03 is in March for a message of March, and in April for one of April."""
    in_april = datetime(2026, 4, 2, tzinfo=UTC)
    assert [entity.value for entity in read_signals("on 04/03/2026", now=NOW).entities] == ["2026-03-04"]
    assert [entity.value for entity in read_signals("on 04/03/2026", now=in_april).entities] == ["2026-04-03"]


@pytest.mark.parametrize("year", [1, 9999])
def test_relative_dates_at_the_calendars_ends_are_left_out(year: int) -> None:
    """An event's time may be nonsense; that is no reason to fail."""
    text = (
        "yesterday, tomorrow, last week, next week, 3 years ago, in 3 years, last Monday, 31 December, 1 Jan"
    )
    for day in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, tzinfo=UTC)):
        assert read_signals(text, now=day).entities


def test_a_time_without_offset_is_refused() -> None:
    """Which day it is depends on it."""
    with pytest.raises(Permanent, match="offset"):
        read_signals("yesterday", now=NOW.replace(tzinfo=None))


def test_a_plain_message_costs_nothing_on_the_wire_but_what_it_says() -> None:
    """Defaults are left out."""
    assert msgspec.json.encode(read_signals("ok?", now=NOW)) == b"{}"


def test_keywords_are_terms_without_numbers_and_addresses() -> None:
    """They come from the words around the entities."""
    text = (
        "The wireless keyboard lost its pairing. The wireless keyboard needs a reset, ann.example@example.org,"
        " order 483920."
    )
    keywords = read_signals(text, now=NOW).keywords
    assert keywords[:1] == ("wireless keyboard lost",)
    assert not any(character.isdigit() or character == "@" for word in keywords for character in word)


def test_complexity_rises_with_length_requests_entities_and_logs() -> None:
    """Each part of the formula raises it, and nothing raises it above one."""
    plain = "My screen is black."
    texts = [
        plain,
        plain + " Why? Since when? Is it new?",
        plain + " It also hums. Additionally it smells.",
        plain + " word" * 100,
    ]
    texts += [
        plain + " Order 483920 of 12 March 2026 for 20 EUR.",
        plain + "\n```\nTraceback (most recent call last)\n```",
    ]
    levels = [read_signals(text, now=NOW).complexity for text in texts]
    assert all(level > levels[0] for level in levels[1:])
    assert read_signals(" ".join(texts * 20), now=NOW).complexity <= 1


UNITS = [
    "1 ",
    "4111 ",
    "DE89 ",
    "a@",
    "a.",
    "http://",
    "1.",
    "$1",
    "€1 ",
    "in 3 days ",
    "may 1 ",
    "not urgent ",
    "+1 ",
    "order 1 ",
    "<br>",
    "<a ",
    "&amp;",
    "> ",
    "-- \n",
    "On 1\n",
    "̀̕",
    "Ã©",
    "1/1/",
    "::",
    "A_",
    "http://a?b&",
    "�",
]


MOST_PASSES = 15
PLAIN = "the parcel has not come yet, please look. " * 600


@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_of_anything_costs_milliseconds(unit: str) -> None:
    """Only the beginning is read, and no expression goes through it twice over.

    The dearest unit costs about seven plain passes. A limit in seconds failed once on a busy machine, since a first
    call also warms up and a slow processor is slow at everything.
    """
    text = unit * (1_000_000 // len(unit))
    assert _plain_passes(lambda: read_signals(text, now=NOW)) < MOST_PASSES


def test_a_quadratic_cost_would_show() -> None:
    """An expression that looks from every place to the end of what is read is above the limit alone."""
    assert _plain_passes(lambda: re.search(r"[a-z]+(?: [a-z]+)*:", "not urgent " * 360)) > MOST_PASSES


def _plain_passes(work: Callable[[], object]) -> float:
    """Return the cost in passes of a plain expression over 25,000 characters, each measured in the same breath."""
    return min(_cost(work) / _cost(lambda: re.findall(r"\w+|\s+|.", PLAIN)) for _ in range(5))


def _cost(work: Callable[[], object]) -> float:
    """Return the processor time of this thread, in seconds."""
    started = time.thread_time()
    work()
    return time.thread_time() - started
