"""What the words and codes of other systems mean here, as far as they mean one thing everywhere."""

from collections.abc import Iterable
from typing import Final

RESOLVED: Final = "resolved"
CLOSED: Final = "closed"

STATUSES: Final = {
    "new": {"new", "neu", "nouveau", "nuevo", "to do", "submitted"},
    "in_progress": {
        "open", "offen", "ouvert", "abierto", "active", "in progress", "work in progress", "in bearbeitung",
        "waiting for support",
        "waiting on us", "reopened", "on hold", "hold", "waiting on third party", "assigned", "en cours", "escalated",
    },
    "pending_customer": {
        "pending", "waiting for customer", "waiting on customer", "waiting on contact", "awaiting user info", "snoozed",
        "awaiting your reply", "wartend", "en attente", "pendiente",
    },
    RESOLVED: {"resolved", "solved", "fixed", "done", "completed", "gelöst", "erledigt", "résolu", "resuelto"},
    CLOSED: {"closed", "close", "canceled", "cancelled", "geschlossen", "fermé", "cerrado", "declined"},
}  # fmt: skip
PRIORITIES: Final = {
    "critical": {"critical", "blocker", "1 critical", "p1", "kritisch"},
    "urgent": {"urgent", "highest", "dringend", "urgente"},
    "high": {"high", "2 high", "p2", "hoch", "major", "haute", "alta"},
    "medium": {"normal", "medium", "moderate", "3 moderate", "p3", "mittel", "moyenne", "media"},
    "low": {"low", "lowest", "4 low", "5 planning", "p4", "p5", "niedrig", "gering", "minor", "trivial",
            "basse", "baja"},
}  # fmt: skip
CHANNELS: Final = {
    "email": {"email", "e mail", "mail", "outbound email"},
    "web_form": {"web", "web form", "webform", "form", "portal", "self service", "feedback widget",
                 "web widget", "website"},
    "phone": {"phone", "voice", "call", "telephone", "telefon", "ivr", "walk in"},
    "chat": {"chat", "messaging", "messenger", "conversation", "live chat", "virtual agent", "whatsapp", "sms"},
    "social_media": {"twitter", "x", "facebook", "instagram", "social", "social media"},
}  # fmt: skip
SCORES: Final = {
    "5": {"good", "extremely happy", "very satisfied", "great", "amazing"},
    "4": {"happy", "satisfied"},
    "3": {"neutral", "ok"},
    "2": {"unhappy", "dissatisfied"},
    "1": {"bad", "extremely unhappy", "very dissatisfied", "terrible"},
}
UNANSWERED: Final = frozenset({"unoffered", "offered", "not offered", "no response"})


def meanings(words: Iterable[str], known: dict[str, set[str]]) -> tuple[dict[str, str], list[str]]:
    """Return what each word means, and the words of which that is not known."""
    found: dict[str, str] = {}
    strange: list[str] = []
    for word in words:
        plain = " ".join("".join(mark if mark.isalnum() else " " for mark in word.lower()).split())
        meaning = next((meaning for meaning, names in known.items() if plain in names), None)
        if meaning is None:
            strange.append(word)
        else:
            found[word] = meaning
    return found, strange
