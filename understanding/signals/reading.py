"""The door: everything that a message says besides its intent, from its raw text."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from schemas.errors import Permanent
from schemas.marks import URGENCY_UNREAD
from schemas.signals import NOTHING, Entity, EntityKind, Signals
from schemas.triage import Cut
from understanding.arrays.probabilities import Matrix
from understanding.signals.cleaning.message import Message, clean_with_cuts
from understanding.signals.complexity import complexity_of
from understanding.signals.entities.found import Span, scan
from understanding.signals.entities.recognition import find_entities
from understanding.signals.keywords import keywords_of
from understanding.signals.lexicons.words import tokens_of, words_of
from understanding.signals.places import in_original
from understanding.signals.urgency.indicators import urgency_of
from understanding.signals.urgency.learnt import with_learnt

_KEEPS_WORDS: Final = frozenset((EntityKind.DATE, EntityKind.PRODUCT, EntityKind.AMOUNT))
"""Entities whose words may be keywords; those of an address or a number would only repeat it."""


def read_signals(
    text: str,
    *,
    now: datetime,
    message: Message | None = None,
    cuts: Sequence[Cut] = (),
    language: str | None = None,
    vector: Matrix | None = None,
) -> Signals:
    """Return the signals of a raw message; pure, and raises for no text.

    `now` is the event's time, with its offset (Permanent without one): relative dates count from its day. The
    entities' offsets are offsets in `text`. `message` is `clean_message(text)` where the caller has it already, and
    `cuts` what was taken out of it, where no entity stands. `language` is the text's ISO 639-1 code; None where it is
    not known. `vector` is what the encoder read it as, where urgency was learnt from that encoder.
    """
    if now.utcoffset() is None:
        raise Permanent(
            "read_signals needs the event's time with its offset from UTC: datetime.now(UTC), say"
        )
    if message is None:
        message, cuts = clean_with_cuts(text)
    cleaned = message
    scanned = scan(cleaned.text)
    words = words_of(scanned.lower)
    entities, secret = find_entities(scanned, words, now.date())
    telling = _telling(words.tokens, scanned.lower, entities, secret) if entities or secret else words.tokens
    urgency = with_learnt(urgency_of(cleaned.text, words, language), vector)
    return Signals(
        entities=in_original(entities, cleaned, text, cuts) if entities else (),
        urgency=urgency.level or NOTHING,
        urgency_indicators=urgency.indicators,
        complexity=complexity_of(cleaned.text, words, entities) or NOTHING,
        keywords=keywords_of(telling),
        quality=cleaned.marks if urgency.read else (*cleaned.marks, URGENCY_UNREAD),
    )


def _telling(tokens: list[str], lower: str, entities: tuple[Entity, ...], secret: list[Span]) -> list[str]:
    """Return the tokens of the text without its addresses, numbers and secrets."""
    spans = sorted(
        [*secret, *(Span(entity.start, entity.end) for entity in entities if entity.kind not in _KEEPS_WORDS)]
    )
    if not spans:
        return tokens
    kept: list[str] = []
    place = 0
    for span in spans:
        kept.append(lower[place : max(place, span.start)])
        place = max(place, span.end)
    kept.append(lower[place:])
    return tokens_of("\n".join(kept))
