"""A search in subjects and messages: words become one condition. Pure functions."""

from typing import Any, Final

from serving.foundation.errors import QueryRefused

LONGEST_SEARCH: Final = 200
MOST_WORDS: Final = 5
"""Words of a search; each costs a look at every message."""


def searched(text: str) -> tuple[str, list[Any]] | None:
    """Return the condition on `tickets` that a search sets and the values for its question marks; None without words.

    Each word must be in the subject or in a message, or be the ticket's id; upper and lower case count alike. DuckDB
    lowers words and texts both, as Python lowers Σ and İ in another way. Texts are read once, however many the words.
    Raises QueryRefused for a search that is too long.
    """
    words = _words(text)
    if not words:
        return None
    said = ", ".join(
        f"bool_or(contains(lower(text), lower(?))) AS word_{number}" for number in range(len(words))
    )
    each = " AND ".join(
        "(contains(lower(COALESCE(tickets.subject, '')), lower(?)) OR tickets.ticket_id = ? "
        f"OR COALESCE(heard.word_{number}, FALSE))"
        for number in range(len(words))
    )
    # What has none of the words is left out before it is grouped, which would take memory for every ticket.
    some = " OR ".join(["contains(lower(text), lower(?))"] * len(words))
    scan = f"SELECT ticket_id, {said} FROM ticket_events WHERE {some} GROUP BY ticket_id"  # noqa: S608 - own names
    joined = f"tickets LEFT JOIN ({scan}) AS heard ON heard.ticket_id = tickets.ticket_id"
    sql = f"ticket_id IN (SELECT tickets.ticket_id FROM {joined} WHERE {each})"  # noqa: S608 - own names
    return sql, [*words, *words, *(word for word in words for _ in ("in the subject", "the id"))]


def _words(text: str) -> list[str]:
    if len(text) > LONGEST_SEARCH:
        raise QueryRefused(f"a search has {LONGEST_SEARCH} characters at most, this one {len(text):,}")
    words = list(dict.fromkeys(text.split()))
    if len(words) > MOST_WORDS:
        raise QueryRefused(f"a search has {MOST_WORDS} different words at most, this one {len(words)}")
    return words
