"""What a column is for, by its heading."""

import re
from collections.abc import Iterable
from typing import Final

_WHEN: Final = "( at| on| date| time| am)?( .*zone.*)?"

ROLES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "ticket_id": (
        (r"(ticket|issue|case|incident|request|conversation|vorgangs?|fall) ?(id|key|number|no|nr|nummer)",),
        ("key", "number|nummer|no|nr", "id", "ticket"),
    ),
    "opened": (
        (f"(date |time )?(created|opened|requested|submitted|erstellt|créé|creado){_WHEN}",),
        (
            f"(create|creation|open|opening|start|request) ?(date|time)?{_WHEN}",
            r".*\b(created|opened)( at| on)?",
            "ts|timestamp|date|time|datum",
        ),
    ),
    "resolved": (
        (
            f"(resolved|solved|resolution|fixed|gelöst){_WHEN}",
            r"(.*\b)?resolutiondate",
            r".*\b(solved|resolved) at",
        ),
    ),
    "closed": ((f"(completed?|geschlossen){_WHEN}", "closed?( at| on| date| time)", r".*\bclosed at"),),
    "first_reply": (
        (
            f"(first|initial) (agent )?(reply|response|answer)( email)?( sent)?{_WHEN}",
            r"(.*\b)?first (admin reply at|responded at)",
        ),
    ),
    "status": (
        ("(ticket |issue |incident )?(status|state)",),
        (r".*\bstatus( name)?", r".*\bstate( name)?", "pipeline stage"),
    ),
    "priority": (("(ticket )?(priority|priorität|prio|severity|urgency)",), (r".*\bpriority( name)?",)),
    "channel": (
        ("via|channel|kanal|source|contact type|origin|medium|source type",),
        (r".*\b(channel|source type)",),
    ),
    "customer": (
        ("(requester|customer|contact|caller|reporter|user|kunden?)( id| key| nr| nummer)",),
        (
            "(requester|customer|contact|caller|reporter|kunde|email|user|from)( email| mail| name)?",
            "requested by|associated contact.*",
            r".*\b(reporter|requester|customer|contact) (id|email ?address|email|account ?id)",
        ),
    ),
    "subject": (
        ("(ticket )?(subject|summary|title|betreff|name|short description)",),
        (r".*\b(summary|subject|title)",),
    ),
    "text": (
        ("description text", "(ticket )?description|body|text|message|content|beschreibung|details"),
        (r".*\b(description|body|content|message)",),
    ),
    "team": (("(assignment )?(group|team|queue|gruppe|abteilung)( name)?",), (r".*\b(group|team)( name)?",)),
    "assignee": (
        ("(assignee|assigned to|agent|owner|ticket owner|bearbeiter)( id| name)?",),
        (r".*\bassignee( email.*)?",),
    ),
    "score": (
        (
            "(satisfaction|csat|survey|rating|bewertung)( score| result| rating)?s?",
            r".*\b(rating|satisfaction score)",
        ),
    ),
    "tags": (("tags?|labels?|schlagworte", r".*\b(tags|labels)"),),
}
"""For each use, patterns of headings, the surest group first; a heading is matched whole, in small letters."""

_BETWEEN_WORDS: Final = re.compile(r"[^0-9a-zà-ÿ]+")
_CAMEL: Final = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])")


def roles_of(columns: Iterable[str]) -> dict[str, str]:
    """Return for each use the column that serves it, where one does; no column serves two."""
    free = {column: _words(column) for column in columns}
    found: dict[str, str] = {}
    for level in range(2):
        for role, groups in ROLES.items():
            if role in found or level >= len(groups):
                continue
            match = _first(free, groups[level])
            if match is not None:
                found[role] = match
                del free[match]
    return found


def _first(columns: dict[str, str], patterns: Iterable[str]) -> str | None:
    for pattern in patterns:
        for column, words in columns.items():
            if re.fullmatch(pattern, words):
                return column
    return None


def _words(column: str) -> str:
    return " ".join(_BETWEEN_WORDS.sub(" ", _CAMEL.sub(" ", column).lower()).split())
