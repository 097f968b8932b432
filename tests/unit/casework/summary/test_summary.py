"""The summary of a ticket for whoever takes it over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from casework.summary.plain import lines_of, safe
from casework.summary.sentences import LONGEST
from casework.summary.story import Happening, Promised, Standing
from casework.summary.summary import MOST_STEPS, Summary, summarise

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TICKET = Standing(
    ticket_id="T-1", status="in_progress", priority="high", intent="double_charge", subject="Bill"
)


def happened(event_type: str, minute: float, **fields: Any) -> Happening:
    """Return an event at a minute."""
    about = {"status": "new", "team": "billing"} | fields
    return Happening(event_type=event_type, event_time=START + timedelta(minutes=minute), **about)


def customer(minute: float, text: str, **fields: Any) -> Happening:
    """Return a customer's message."""
    return happened(
        "MessageAdded", minute, author="customer", author_id="C-7", public=True, text=text, **fields
    )


def agent(minute: float, text: str, *, public: bool = True, **fields: Any) -> Happening:
    """Return an agent's reply or note."""
    return happened(
        "MessageAdded", minute, author="agent", author_id="A-1", public=public, text=text, **fields
    )


OPENING = happened(
    "TicketOpened",
    0,
    subject="Bill",
    text="Hello,\nI was charged twice for order 4711. Can you refund one of them? I have waited for a week.\n-- \nJo",
    sentiment=-0.4,
    entities=("order: 4711",),
)
STORY = [
    OPENING,
    happened("TicketAssigned", 1, status="assigned", assignee="A-1"),
    agent(5, "Dear Jo. I looked into order 4711. We will get back to you by Friday.", assignee="A-1"),
    agent(6, "Asked finance about it.", public=False, assignee="A-1"),
    happened("TicketTransferred", 7, team="finance", assignee=None, text="they must book it"),
    customer(90, "> We will get back to you by Friday.\nIt is Friday and nothing happened!", sentiment=-0.8),
]


def test_it_says_what_the_customer_wants_in_their_words() -> None:
    """The first question, then the sentences that say most; neither greeting, signature nor quotation."""
    wants = summarise(TICKET, STORY).wants
    assert wants.first_ask == "Can you refund one of them?"
    assert "I was charged twice for order 4711." in wants.points
    assert "It is Friday and nothing happened!" in wants.points
    told = (*wants.points, wants.first_ask)
    assert not any("Hello" in point or "Jo" in point or "get back" in point for point in told)


def test_it_says_what_was_tried_and_who_had_it() -> None:
    """Replies and notes by the sentence that says most, and each move of team, agent and status."""
    found = summarise(TICKET, STORY)
    assert [(step.kind, step.text) for step in found.tried] == [
        ("agent", "nobody → A-1"),
        ("status", "new → assigned"),
        ("replied", "I looked into order 4711."),
        ("status", "assigned → new"),
        ("noted", "Asked finance about it."),
        ("team", "billing → finance"),
        ("agent", "A-1 → nobody"),
        ("team", "finance → billing"),
    ]
    assert [(holder.team, holder.agent) for holder in found.had_by] == [
        ("billing", None),
        ("billing", "A-1"),
        ("finance", None),
        ("billing", None),
    ]


def test_mood_is_the_customers_and_says_which_way_it_went() -> None:
    """From the first message to the last, with the worst in between."""
    mood = summarise(TICKET, STORY).mood
    assert mood is not None
    assert (mood.first, mood.last, mood.worst, mood.change) == (-0.4, -0.8, -0.8, "worse")
    assert summarise(TICKET, [agent(1, "hi", sentiment=0.9)]).mood is None


def test_a_promise_is_open_until_an_agent_writes_again() -> None:
    """Whoever takes over must know what the customer was told to wait for."""
    (promise,) = summarise(TICKET, STORY).promises
    assert (promise.text, promise.by, promise.open) == ("We will get back to you by Friday.", "A-1", True)
    answered = [*STORY, agent(95, "It is booked.")]
    assert [one.open for one in summarise(TICKET, answered).promises] == [False]
    closed = msgspec.structs.replace(TICKET, status="closed")
    assert [one.open for one in summarise(closed, STORY).promises] == [False]


def test_promises_are_known_in_other_languages() -> None:
    """The list has phrases of eight languages; a customer's own words are no promise of the desk."""
    texts = ("Wir melden uns morgen bei Ihnen.", "Je reviens vers vous demain.", "Le informaremos mañana.")
    story = [*(agent(number, text) for number, text in enumerate(texts)), customer(9, "I will call you.")]
    assert tuple(one.text for one in summarise(TICKET, story).promises) == texts


def test_what_is_due_comes_first_due_first() -> None:
    """Of the service level what still runs; without one the row's own first moment, if it has one."""
    clocks = [
        Promised(metric="total_resolution", state="paused"),
        Promised(metric="next_reply", state="breached", due_at=START),
    ]
    assert [(due.what, due.state) for due in summarise(TICKET, STORY, clocks).due] == [
        ("next_reply", "breached"),
        ("total_resolution", "paused"),
    ]
    row = msgspec.structs.replace(TICKET, due_at=START)
    assert [due.at for due in summarise(row, STORY).due] == [START]
    assert summarise(TICKET, STORY).due == ()


def test_a_long_story_is_cut_and_says_so() -> None:
    """The newest steps are shown; how many were before is told."""
    story = [agent(number, f"I tried fix number {number}.") for number in range(40)]
    found = summarise(TICKET, story, events_before=7)
    assert (len(found.tried), found.steps_before, found.events_before) == (MOST_STEPS, 40 - MOST_STEPS, 7)
    assert found.tried[-1].text == "I tried fix number 39."
    assert "(and 28 steps before, 7 events unread)" in "\n".join(lines_of(found))


def test_a_ticket_without_a_word_has_a_summary() -> None:
    """A call that nobody wrote down, or events that came before their opening."""
    found = summarise(TICKET, [happened("TicketClosed", 1, status="closed")])
    assert (found.wants.first_ask, found.wants.points, found.tried, found.mood) == (None, (), (), None)
    assert summarise(TICKET, []).had_by == ()
    assert all(lines_of(found))


_texts = st.text(max_size=400) | st.sampled_from(
    ["x" * 100_000, "? " * 5_000, "\u202e!" * 2_000, "a\u0301" * 900]
)
_stories = st.lists(
    st.builds(
        Happening,
        event_type=st.sampled_from(["TicketOpened", "MessageAdded", "TicketResolved", "TicketTransferred"]),
        event_time=st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants bounds without a zone
        status=st.sampled_from(["new", "assigned", "resolved"]),
        team=st.sampled_from([None, "one", "two"]),
        assignee=st.sampled_from([None, "A-1"]),
        author=st.sampled_from([None, "customer", "agent"]),
        author_id=st.none() | st.text(max_size=5),
        public=st.none() | st.booleans(),
        text=st.none() | _texts,
        sentiment=st.none() | st.floats(-1, 1),
        entities=st.none() | st.lists(st.text(max_size=9), max_size=30).map(tuple),
    ),
    max_size=12,
)


def texts_of(found: Summary) -> list[str]:
    """Return every sentence that a summary shows."""
    return [
        *([found.wants.first_ask] if found.wants.first_ask else []),
        *found.wants.points,
        *(promise.text for promise in found.promises),
        *(step.text for step in found.tried if step.kind in {"replied", "noted", "resolved", "reopened"}),
    ]


@given(_stories)
def test_any_story_gives_a_bounded_summary_of_words_that_were_written(story: list[Happening]) -> None:
    """Whatever people send: the same summary twice, no long text, and nothing that nobody wrote."""
    found = summarise(TICKET, story)
    assert found == summarise(TICKET, story)
    whole = "\n".join(happening.said for happening in story)
    for text in texts_of(found):
        assert len(text) <= LONGEST
        assert text.removesuffix("…") in whole
    for line in lines_of(found):
        assert not {letter for letter in line if letter < " "}
        assert line.count("\u2068") == line.count("\u2069")


def test_texts_from_right_to_left_stay_as_they_are() -> None:
    """Hebrew and Arabic are shown as written, in an isolate of their own; what would turn the rest of a line is not."""
    ask = "\u05dc\u05de\u05d4 \u05d7\u05d5\u05d9\u05d1\u05ea\u05d9 \u05e4\u05e2\u05de\u05d9\u05d9\u05dd?"
    opening = happened("TicketOpened", 0, text=ask)
    wants = summarise(TICKET, [opening]).wants
    assert wants.first_ask == ask
    assert safe(ask) == f"\u2068{ask}\u2069"
    assert safe("a\u202eb\x1b[2J") == "a\\u202eb\\x1b[2J"


def test_a_cut_does_not_part_a_letter() -> None:
    """A letter with its marks, or joined ones, are one to their reader."""
    found = summarise(TICKET, [happened("TicketOpened", 0, text="x" + "e\u0301" * 300)]).wants.first_ask
    assert found is not None
    assert found.endswith("e\u0301…")
