"""What the page Triage shows: the queue of unsure predictions, and the card of one ticket."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from serving.foundation.errors import NotFound
from serving.merge.answers import Snapshot
from serving.queries import read_query

SHOWN: Final = 100
"""Tickets that the queue shows at most; more come as these are done."""

LONGEST_TEXT: Final = 4000
"""Characters of a message on a card: as many as a model reads."""

_SIMILAR: Final = 5
_SHORTEST_WORD: Final = 4
_WORD: Final = re.compile(r"\w+")


class Piece(msgspec.Struct, frozen=True):
    """A part of a text; `kind` is what it names, None where it names nothing."""

    text: str
    kind: str | None = None


def read_triage(snapshot: Snapshot) -> dict[str, Any]:
    """Return what the template needs."""
    rows = snapshot.rows(read_query("acting/unsure"), most=SHOWN + 1).table.to_pylist()
    return {"queue": rows[:SHOWN], "more": len(rows) > SHOWN}


def read_card(snapshot: Snapshot, ticket_id: str) -> dict[str, Any]:
    """Return what a ticket's card needs. Raises NotFound."""
    found = snapshot.rows(read_query("ticket"), [ticket_id]).table.to_pylist()
    if not found:
        raise NotFound(f"there is no ticket {ticket_id!r}")
    messages = snapshot.rows(read_query("customer_messages"), [ticket_id], most=SHOWN).table.to_pylist()
    text, entities = _predicted(found[0], messages)
    candidates = snapshot.rows(read_query("acting/like_it"), [found[0]["predicted_intent"], ticket_id])
    return {
        "ticket": found[0],
        "pieces": marked(text[:LONGEST_TEXT], entities),
        "cut": len(text) > LONGEST_TEXT,
        "messages": len(messages),
        "entities": entities,
        "similar": similar(text, candidates.table.to_pylist()),
    }


def marked(text: str, entities: Iterable[str]) -> list[Piece]:
    """Return `text` in pieces: those that an entity (`kind: value`) names as they stand there are marked with its kind.

    What stands in the text in another form than its value (a date in words) is not marked.
    """
    kinds = {value.lower(): kind for kind, _, value in (one.partition(": ") for one in entities) if value}
    kinds |= {value.partition(" ")[0]: kind for value, kind in kinds.items() if kind == "amount"}
    if not kinds:
        return [Piece(text)]
    any_of = "|".join(re.escape(value) for value in sorted(kinds, key=len, reverse=True))
    parts = re.split(rf"(?<!\w)({any_of})(?!\w)", text, flags=re.IGNORECASE)
    return [
        Piece(part, kinds.get(part.lower()) if place % 2 else None)
        for place, part in enumerate(parts)
        if part
    ]


def similar(text: str, candidates: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the tickets with the largest part of words in common with `text`, likest first, and those words."""
    own = _words(text)
    found = []
    for one in candidates:
        words = _words(f"{one['subject'] or ''} {one['text'] or ''}")
        shared = own & words
        if shared:
            likeness = len(shared) / len(own | words)
            found.append(
                {**one, "likeness": likeness, "shared": sorted(shared, key=lambda word: (-len(word), word))}
            )
    return sorted(found, key=lambda one: (-one["likeness"], one["ticket_id"]))[:_SIMILAR]


def _predicted(row: Mapping[str, Any], messages: list[dict[str, Any]]) -> tuple[str, list[str]]:
    """Return the text that the ticket's prediction is of, or the first one, and what it names."""
    said = [one for one in messages if (one["text"] or "").strip()]
    chosen = [one for one in said if one["event_id"] == row["predicted_event_id"]] or said
    return (chosen[0]["text"], chosen[0]["entities"] or []) if chosen else ("", [])


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(text.lower()) if len(word) >= _SHORTEST_WORD)
