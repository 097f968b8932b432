"""What a message says besides its intent, and the priority that follows from all of it."""

from datetime import datetime

import msgspec

from schemas.sentiment.model import SentimentModel, read_sentiment
from schemas.sentiment.result import NEUTRAL, Sentiment
from schemas.signals.cleaning.message import clean_message
from schemas.signals.priority import PriorityFacts, PriorityTable, priority
from schemas.signals.reading import read_signals
from schemas.signals.result import Signals
from schemas.triage import Triage
from schemas.vocabulary import Priority, Tier


class Understanding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Signals and sentiment of one message; `priority` is None where triage named no intent to start from.

    `priority_reasons` are those of `schemas.signals.priority.priority`.
    """

    signals: Signals = Signals()
    sentiment: Sentiment = NEUTRAL
    priority: Priority | None = None
    priority_reasons: tuple[str, ...] = ()


def understand(
    triage: Triage,
    text: str | None,
    *,
    now: datetime,
    priorities: PriorityTable,
    tier: Tier | None = None,
    sentiment: SentimentModel | None = None,
) -> Understanding:
    """Return what `text` says besides what `triage` says of it; pure, and raises for no text.

    Relative dates count from `now`, the event's time with its offset from UTC. `tier` is the customer's, where it
    is known; `sentiment` a learnt model, else the packaged lexicon reads.
    """
    if text is None:
        return Understanding(priority=triage.priority)
    message = clean_message(text)
    signals = read_signals(text, now=now, message=message)
    felt = read_sentiment(sentiment, message.text, triage.language)
    if triage.priority is None:
        return Understanding(signals=signals, sentiment=felt)
    facts = PriorityFacts(
        base=triage.priority,
        intent=triage.intent,
        category=triage.category,
        tier=tier,
        urgency=signals.urgency,
        indicators=signals.urgency_indicators,
        sentiment=felt.value,
        frustrated=felt.frustrated,
    )
    level, reasons = priority(priorities, facts)
    return Understanding(signals=signals, sentiment=felt, priority=level, priority_reasons=reasons)
