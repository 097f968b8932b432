"""Why a model gives a text its intent: the one function that the command line and the HTTP door call."""

from collections.abc import Sequence
from typing import Final

from understanding.arrays.probabilities import DECIMALS, Wide, best
from understanding.bundle.bundle import Bundle
from understanding.explanation.kept_examples import KeptExample
from understanding.explanation.nearest import nearest_examples
from understanding.explanation.ngram_shares import ngram_shares, strongest
from understanding.explanation.occlusion import LeftOutShares, encoder_shares, nothing_from
from understanding.explanation.result import Explanation, Tier, WordShare
from understanding.scoring.scoring import cascade, score
from understanding.scoring.text import clean_text

NGRAMS_SHOWN: Final = 12


def explain(bundle: Bundle, text: str | None, *, examples: Sequence[KeptExample] = ()) -> Explanation:
    """Return why the model prefers its first guess to its second; raises for no text.

    The result that it explains is that of `score` without a budget. A text that cannot be scored has no words; its
    `triage` says why.
    """
    triage = score(bundle, [text])[0]
    clean = clean_text(text).text
    if clean is None:
        return Explanation(triage=triage)
    found = cascade(bundle, [clean])
    first, second = best(found.probabilities, 2)[0].tolist()
    by_encoder = bool(found.by_encoder[0])
    tier = bundle.ngrams
    ngrams = ngram_shares(tier, clean, first=first, second=second)
    encoder = nothing_from(len(ngrams.words))
    if by_encoder:
        ngrams = ngrams.scaled(bundle.head.ngrams_scale)
        encoder = encoder_shares(bundle, clean, first=first, second=second)
    else:
        ngrams = ngrams.scaled(tier.scale)
    names = bundle.manifest.labels[first].name, bundle.manifest.labels[second].name
    compared_by: Tier = "encoder" if by_encoder else "ngrams"
    return Explanation(
        triage=triage,
        against=names[1],
        margin=round(ngrams.margin + encoder.margin, DECIMALS),
        ngrams_margin=round(ngrams.margin, DECIMALS),
        ngrams_base=round(ngrams.base, DECIMALS),
        encoder_margin=round(encoder.margin, DECIMALS),
        words=_words(clean.split(), ngrams.words, encoder),
        ngrams=strongest(ngrams, NGRAMS_SHOWN, word_terms=tier.features.word_terms),
        compared_by=compared_by if examples else None,
        examples=nearest_examples(bundle, clean, examples, labels=names, by=compared_by),
    )


def _words(words: Sequence[str], ngrams: Wide, encoder: LeftOutShares) -> tuple[WordShare, ...]:
    parts = (each.round(DECIMALS).tolist() for each in (ngrams, encoder.words))
    return tuple(
        WordShare(word=word, share=round(first + second, DECIMALS), ngrams=first, encoder=second)
        for word, first, second in zip(words, *parts, strict=True)
    )
