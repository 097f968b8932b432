"""A summary as lines for a terminal: safe for it, and every language in its own direction."""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from casework.summary.summary import Summary

_ISOLATED: Final = "\u2068{}\u2069"
"""First strong isolate: a text from right to left neither turns the rest of the line nor is turned by it."""

_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn what comes after them; letters of every script find their direction without."""


_LEFTWARD: Final = frozenset({"R", "AL"})
"""How Unicode calls the direction of Hebrew's and Arabic's letters, and of all scripts written like them."""


def safe(text: str) -> str:
    """Return a text as a person wrote it, isolated if it goes left; what moves a cursor or turns a line is escaped."""
    shown = "".join(
        letter.encode("unicode_escape").decode()
        if letter in _TURNING or unicodedata.category(letter) == "Cc"
        else letter
        for letter in text
    )
    leftward = any(unicodedata.bidirectional(letter) in _LEFTWARD for letter in shown)
    return _ISOLATED.format(shown) if leftward else shown


def lines_of(summary: Summary) -> Iterator[str]:
    """Yield the lines of a summary; times are UTC."""
    ticket, wants = summary.ticket, summary.wants
    yield f"{safe(ticket.ticket_id)}: {ticket.status}, {ticket.priority}, {safe(ticket.category or 'no category')}"
    yield f"customer  {_words(ticket.customer_id, ticket.customer_tier, ticket.language)}"
    yield f"wants     {_words(wants.intent)}: {_words(wants.first_ask or wants.subject)}"
    yield from (f"          - {safe(point)}" for point in wants.points)
    if summary.mood is not None:
        mood = summary.mood
        yield f"mood      {mood.first:+.2f} at first, {mood.last:+.2f} now: {mood.change}; worst {mood.worst:+.2f}"
    if summary.named:
        yield f"names     {'; '.join(map(safe, summary.named))}"
    yield from (f"due       {due.what} {_time(due.at)} ({due.state})" for due in summary.due)
    if ticket.unanswered_since is not None:
        yield f"waits     for an answer since {_time(ticket.unanswered_since)}"
    yield from (f"note      {flag}" for flag in _flags(summary))
    for promise in summary.promises:
        kept = "open" if promise.open else "made"
        yield f"promised  {_time(promise.at)} {_words(promise.by)}, {kept}: {safe(promise.text)}"
    if summary.steps_before or summary.events_before:
        yield f"tried     (and {summary.steps_before} steps before, {summary.events_before} events unread)"
    for step in summary.tried:
        yield f"tried     {_time(step.at)} {step.kind}{f' by {safe(step.by)}' if step.by else ''}: {safe(step.text)}"
    for holder in summary.had_by:
        yield f"had by    {_time(holder.since)} {_words(holder.team)}, {safe(holder.agent or 'nobody yet')}"


def _flags(summary: Summary) -> Iterator[str]:
    ticket = summary.ticket
    if ticket.escalation_level:
        yield f"escalated to level {ticket.escalation_level}, {_words(ticket.escalation_owner)}"
    if ticket.reopenings:
        yield f"reopened {ticket.reopenings} times"
    if ticket.repeat_of:
        yield f"the customer came back to {safe(ticket.repeat_of)}"
    if ticket.wants_human:
        yield "the customer asks for a person"
    if ticket.wants_other_agent:
        yield "the customer asks for another agent"


def _words(*texts: str | None) -> str:
    return ", ".join(safe(text) for text in texts if text) or "not known"


def _time(moment: datetime | None) -> str:
    return "at no time yet" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
