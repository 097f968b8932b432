"""What an explanation holds; shares are in calibrated log-odds of the first guess against the second."""

from typing import Literal

import msgspec

from schemas.triage import Triage

Tier = Literal["ngrams", "encoder"]
"""Which tier of the model decided, or whose vectors compare texts."""

ExampleSource = Literal["taxonomy", "labelled"]
"""Whether a sentence is one of the taxonomy's, or a customer's, which is personal data."""


class WordShare(msgspec.Struct, frozen=True, kw_only=True):
    """How much one word speaks for the first guess; negative where it speaks for the second.

    `ngrams` is exact: the contributions of all n-grams that lie in the word. `encoder` is by how much the
    encoder's margin falls when the word is left out; 0 where the encoder did not decide. `share` is their sum.
    """

    word: str
    share: float
    ngrams: float
    encoder: float


class NgramShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one n-gram of the first tier contributes, all its occurrences together; exact."""

    ngram: str
    kind: Literal["words", "characters"]
    share: float


class NearExample(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that the model learnt from: `similarity` is a cosine, -1 to 1."""

    text: str
    label: str
    similarity: float
    source: ExampleSource


class Explanation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why the first guess came before the second, for one text.

    `margin` is the logarithm of the ratio of their calibrated probabilities. It is the sum of `ngrams_margin`, what
    the n-grams say, and of `encoder_margin`, 0 where the encoder did not decide. `ngrams_margin` is the sum of the
    words' `ngrams` and of `ngrams_base`, which depends on no word. The encoder's shares have no such sum: words act
    together there. `words` are those of the cleaned text, in order. `compared_by` says which vectors the
    nearest examples were found with.
    """

    triage: Triage
    against: str | None = None
    margin: float = 0.0
    ngrams_margin: float = 0.0
    ngrams_base: float = 0.0
    encoder_margin: float = 0.0
    words: tuple[WordShare, ...] = ()
    ngrams: tuple[NgramShare, ...] = ()
    compared_by: Tier | None = None
    examples: tuple[NearExample, ...] = ()
