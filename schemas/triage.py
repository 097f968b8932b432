"""What triage says about one message: the result that travels with an event and into a ticket's row."""

from typing import Final, Literal

import msgspec

from schemas.sentiment import Sentiment
from schemas.signals import Signals
from schemas.vocabulary import Category, Priority

DecidedBy = Literal["ngrams", "encoder", "source"]
"""Which tier of the model decided; `source` where there was nothing to score and the source's own labels stay."""

Band = Literal["high", "medium", "low"]
"""How far an answer may be trusted; a ticket of the low band goes to a person, with the best guesses."""

NO_TEXT: Final = "no_text"
UNMAPPED_TEAM: Final = "unmapped_team"
UNSURE: Final = "unsure"
"""The model is in the low band: the first guess stands as intent, but the ticket goes to human triage."""

PRAISE: Final = "praise"
"""The intent of the packaged taxonomy that is nothing but contentment."""

NO_PRAISE: Final = "no_praise"
"""The model read praise, and the words say the contrary (`Thanks for nothing`): the ticket goes to human triage."""

ENCODER_BUDGET: Final = "encoder_budget"
"""The encoder would have decided, but had no room for it in that call: the first tier decided instead."""


class Guess(msgspec.Struct, frozen=True, array_like=True):
    """One label and how probable the model holds it."""

    label: str
    probability: float


class Cut(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """A part of a message that was not scored: Python characters of the text as it was sent, without the one at `end`.

    `kind` is a mark of `schemas.marks`: `quoted_reply`, `forwarding`, `signature` or `truncated`.
    """

    kind: str
    start: int
    end: int


class Triage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of scoring one message; `intent` is None where there was no text to score.

    `guesses` holds at most three labels, most probable first. `confidence` is the calibrated probability that the
    first is right. `intents` are all labels of a message that has several, most probable first, where the model was
    taught several; the first is `intent`. It is empty where there is none or only one. `out_of_scope` says how
    strange the text is to the model, 0 to 1: the part of the texts in scope that are more familiar. `band` is None
    where the model has learnt no bands. `reasons` are the constants above, and EMPTY_TEXT, TRUNCATED and
    OF_SENDERS of `schemas.marks`. `priority` comes from the table of priorities, with `priority_reasons`, where the
    whole message was understood; otherwise it is the intent's own. `signals` and `sentiment` are None where only the
    intent was asked for. `cleaned` says which parts of the message were left out before it was scored.
    """

    model_version: str
    decided_by: DecidedBy
    team: str
    intent: str | None = None
    category: Category | None = None
    priority: Priority | None = None
    confidence: float = 0.0
    band: Band | None = None
    out_of_scope: float = 0.0
    guesses: tuple[Guess, ...] = ()
    intents: tuple[Guess, ...] = ()
    language: str | None = None
    taxonomy_version: str | None = None
    reasons: tuple[str, ...] = ()
    priority_reasons: tuple[str, ...] = ()
    signals: Signals | None = None
    sentiment: Sentiment | None = None
    cleaned: tuple[Cut, ...] = ()


def all_intents(triage: Triage) -> tuple[str, ...]:
    """Return every label that was answered, most probable first: several, the one, or none without a text."""
    if triage.intents:
        return tuple(guess.label for guess in triage.intents)
    return () if triage.intent is None else (triage.intent,)
