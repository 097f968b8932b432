"""Understands a customer's messages: the intent by the model, and everything besides it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from msgspec.structs import replace

from schemas.effects import Effect
from schemas.marks import OF_SENDERS
from schemas.sentiment import Sentiment
from schemas.signals import Signals
from schemas.triage import NO_PRAISE, PRAISE, UNSURE, Triage
from schemas.vocabulary import TRIAGE_TEAM, Priority, Tier
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import Bundle
from understanding.scoring.scoring import score_clean
from understanding.scoring.text import CleanText, clean_text
from understanding.sentiment.model import read_sentiment
from understanding.signals.automatic_mail import AutomaticMail
from understanding.signals.mail_headers import mail_marks
from understanding.signals.priority import PriorityFacts, PriorityTable, priority
from understanding.signals.reading import read_signals
from understanding.signals.urgency.learnt import packaged_weights

_CONTRARY: Final = -0.5
"""A sentiment from which on a message is no praise, whatever the model says."""


class CustomerMessage(NamedTuple):
    """What a customer wrote (None where there are no words), when, and the customer's tier where it is known.

    Relative dates in the text count from `time`, which has an offset from UTC. `withheld` names the effects that the
    message does not have, and `clean` is its cleaned text where it is known already: `as_mail` fills in both.
    """

    text: str | None
    time: datetime
    tier: Tier | None = None
    withheld: tuple[Effect, ...] = ()
    clean: CleanText | None = None


def as_mail(
    message: CustomerMessage, headers: Mapping[str, str], table: AutomaticMail, *, opening: bool
) -> CustomerMessage:
    """Return the message with the marks that its mail's headers add, and the effects that it does not have."""
    clean = clean_text(message.text)
    marks = mail_marks(headers, clean.message.marks, table.own_lists)
    if marks != clean.message.marks:
        clean = clean._replace(message=clean.message._replace(marks=marks))
    return message._replace(withheld=table.of(marks, opening=opening), clean=clean)


def understand(
    bundle: Bundle,
    messages: Sequence[CustomerMessage],
    *,
    priorities: PriorityTable,
    encoder_budget: int | None = None,
) -> list[Triage]:
    """Return one whole result a message, in order; never raises for a text.

    A result has the intent from `score`, signals, sentiment, and the priority by the table of `priorities`. Where the
    intent is a mere guess (low band) or has no priority of its own, the priority begins as medium and no rule about
    intents counts: a guess of something dangerous must not overtake customers who said it. `encoder_budget` as for
    `score`. Where the encoder read a text for its intent, sentiment and urgency are read from its vector as well. A
    message that may not say what a ticket is about is not scored; its marks are the reasons.
    """
    cleaned = [message.clean or clean_text(message.text) for message in messages]
    scored = score_clean(bundle, list(map(_scored, messages, cleaned)), encoder_budget=encoder_budget)
    known = bundle.manifest.encoder.name == packaged_weights().encoder
    said = [
        _Said(message, clean, result.triage, result.vector)
        for message, clean, result in zip(messages, cleaned, scored, strict=True)
        if clean.text is not None
    ]
    # One reader after the other, not one message: each finds its own words still at hand in the processor.
    signals = [_signals(one, by_vector=known) for one in said]
    feelings = [_felt(one, bundle) for one in said]
    whole = map(partial(_complete, priorities), said, signals, feelings)
    return [
        result.triage if clean.text is None else next(whole)
        for clean, result in zip(cleaned, scored, strict=True)
    ]


def _scored(message: CustomerMessage, clean: CleanText) -> CleanText:
    if Effect.INTENT not in message.withheld or clean.text is None:
        return clean
    machine = tuple(mark for mark in clean.message.marks if mark in OF_SENDERS)
    return clean._replace(text=None, reasons=(*clean.reasons, *machine))


class _Said(NamedTuple):
    message: CustomerMessage
    clean: CleanText
    triage: Triage
    vector: Matrix | None


def _signals(said: _Said, *, by_vector: bool) -> Signals:
    return read_signals(
        said.message.text or "",
        now=said.message.time,
        message=said.clean.message,
        cuts=said.clean.cuts,
        language=said.triage.language,
        vector=said.vector if by_vector else None,
    )


def _felt(said: _Said, bundle: Bundle) -> Sentiment:
    return read_sentiment(
        bundle.sentiment, said.clean.message.about, said.triage.language, vector=said.vector
    )


def _complete(priorities: PriorityTable, said: _Said, signals: Signals, felt: Sentiment) -> Triage:
    message, triage = said.message, said.triage
    if triage.intent == PRAISE and triage.band in {"high", "medium"} and felt.value <= _CONTRARY:
        triage = replace(triage, band="low", team=TRIAGE_TEAM, reasons=(*triage.reasons, NO_PRAISE, UNSURE))
    silent = Effect.PRIORITY in message.withheld
    if silent and triage.intent is None:
        return replace(triage, signals=signals, sentiment=felt)
    guessed = triage.band == "low"
    facts = PriorityFacts(
        base=(None if guessed else triage.priority) or Priority.MEDIUM,
        intent=None if guessed else triage.intent,
        category=None if guessed else triage.category,
        tier=message.tier,
        urgency=signals.urgency,
        indicators=signals.urgency_indicators,
        sentiment=felt.value,
        frustrated=felt.frustrated,
    )
    level, reasons = (facts.base, (f"base:{facts.base}",)) if silent else priority(priorities, facts)
    return replace(triage, priority=level, priority_reasons=reasons, signals=signals, sentiment=felt)
