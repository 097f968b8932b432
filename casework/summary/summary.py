"""Makes the summary: pure, the same for the same story, every text of it a sentence that somebody wrote."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from casework.summary.promises import Promise, promises_of
from casework.summary.sentences import first_ask, joined, sentences_of, telling
from casework.summary.story import Happening, Promised, Standing

MOST_POINTS: Final = 4
MOST_STEPS: Final = 12
MOST_NAMED: Final = 20
_A_CHANGE: Final = 0.2
"""Moods that differ by less, on a scale from -1 to 1, are the same to a reader."""

StepKind = Literal["replied", "noted", "status", "team", "agent", "resolved", "reopened"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer wants: as it was understood, as they first asked, and what else they say, in their words."""

    intent: str | None
    subject: str | None
    first_ask: str | None
    points: tuple[str, ...]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done: `by` whom, and what was written or became of it."""

    at: datetime
    kind: StepKind
    text: str
    by: str | None = None


class Mood(msgspec.Struct, frozen=True, kw_only=True):
    """How the customer's messages sound, -1 (worst) to 1: the first, the last, and which way it went."""

    first: float
    last: float
    worst: float
    change: Literal["better", "worse", "same"]


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who had the ticket since when; without an agent it waited in the team."""

    since: datetime
    team: str | None
    agent: str | None


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What is due when: `what` is a metric of the service level, or the first of all."""

    what: str
    at: datetime | None
    state: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket for whoever takes it over. `steps_before` and `events_before` count what is not shown."""

    ticket: Standing
    wants: Wish
    tried: tuple[Step, ...]
    steps_before: int
    events_before: int
    mood: Mood | None
    named: tuple[str, ...]
    due: tuple[Due, ...]
    had_by: tuple[Holder, ...]
    promises: tuple[Promise, ...]


def summarise(
    ticket: Standing, story: Sequence[Happening], clocks: Sequence[Promised] = (), *, events_before: int = 0
) -> Summary:
    """Return the summary of a ticket by its story, in the order of its events.

    `events_before` says how many events in the midst of the story were left out of it.
    """
    steps = _steps(story)
    return Summary(
        ticket=ticket,
        wants=_wish(ticket, story),
        tried=tuple(steps[-MOST_STEPS:]),
        steps_before=max(0, len(steps) - MOST_STEPS),
        events_before=events_before,
        mood=_mood(story),
        named=_named(story),
        due=_due(ticket, clocks),
        had_by=_holders(story),
        promises=promises_of(ticket, story),
    )


def _wish(ticket: Standing, story: Sequence[Happening]) -> Wish:
    texts = [happening.text or "" for happening in story if happening.of_customer]
    first = next((sentences for text in texts if (sentences := sentences_of(text))), [])
    asked = first_ask(first)
    others = [sentence for sentence in joined(texts) if asked is None or sentence.text != asked.text]
    return Wish(
        intent=ticket.intent,
        subject=ticket.subject,
        first_ask=None if asked is None else asked.text,
        points=tuple(sentence.text for sentence in telling(others, MOST_POINTS)),
    )


def _steps(story: Sequence[Happening]) -> list[Step]:
    steps: list[Step] = []
    before: Happening | None = None
    for now in story:
        said = _said(now)
        if said is not None:
            steps.append(said)
        if before is not None:
            steps += _moved(before, now)
        before = now
    return steps


def _said(now: Happening) -> Step | None:
    """Return what an agent wrote: the sentence that says most."""
    kinds: dict[str, StepKind] = {"TicketResolved": "resolved", "TicketReopened": "reopened"}
    kind: StepKind | None = kinds.get(now.event_type)
    if now.author == "agent":
        kind = "replied" if now.public else "noted"
    if kind is None:
        return None
    best = telling(sentences_of(now.text or ""), 1)
    return Step(at=now.event_time, kind=kind, by=now.author_id, text=best[0].text if best else "")


def _moved(before: Happening, now: Happening) -> list[Step]:
    """Return how an event moved the ticket: its team, its agent, its status."""
    moves: list[tuple[StepKind, str | None, str | None]] = [
        ("team", before.team, now.team),
        ("agent", before.assignee, now.assignee),
        ("status", before.status, now.status),
    ]
    stated = now.event_type in {"TicketResolved", "TicketReopened"}
    return [
        Step(at=now.event_time, kind=kind, text=f"{was or 'nobody'} → {is_now or 'nobody'}")
        for kind, was, is_now in moves
        if was != is_now and not (kind == "status" and stated)
    ]


def _mood(story: Sequence[Happening]) -> Mood | None:
    values = [one.sentiment for one in story if one.of_customer and one.sentiment is not None]
    if not values:
        return None
    moved = values[-1] - values[0]
    return Mood(
        first=values[0],
        last=values[-1],
        worst=min(values),
        change="same" if abs(moved) < _A_CHANGE else "better" if moved > 0 else "worse",
    )


def _named(story: Sequence[Happening]) -> tuple[str, ...]:
    """Return what messages name, each once, in the order in which it was first named."""
    found = dict.fromkeys(name for happening in story for name in happening.entities or ())
    return tuple(found)[:MOST_NAMED]


def _due(ticket: Standing, clocks: Sequence[Promised]) -> tuple[Due, ...]:
    listed = [Due(what=clock.metric, at=clock.due_at, state=clock.state) for clock in clocks]
    if not listed and ticket.due_at is not None:
        listed = [Due(what="answer", at=ticket.due_at, state="running")]
    return tuple(sorted(listed, key=lambda due: (due.at is None, due.at and due.at.timestamp(), due.what)))


def _holders(story: Sequence[Happening]) -> tuple[Holder, ...]:
    holders: list[Holder] = []
    for now in story:
        if not holders or (holders[-1].team, holders[-1].agent) != (now.team, now.assignee):
            holders.append(Holder(since=now.event_time, team=now.team, agent=now.assignee))
    return tuple(holders[-MOST_STEPS:])
