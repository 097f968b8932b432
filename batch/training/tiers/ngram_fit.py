"""Fitting the first tier: scikit-learn finds terms, document frequencies and weights; arrays come out."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from batch.training.rows.examples import Targets
from batch.training.tiers.linear import rows_of_weights
from understanding.arrays.probabilities import Matrix
from understanding.arrays.strings import pack_strings
from understanding.manifest.fit_settings import NgramSettings
from understanding.tiers.ngrams import NgramFeatures, Terms

MOST_WEIGHTS: Final = 40_000_000
"""Terms are fewer than the settings say where there are very many labels, so that the weights stay below 160 MB."""


def fit_ngrams(
    texts: Sequence[str], targets: Targets, labels: int, *, seed: int, settings: NgramSettings | None = None
) -> dict[str, Any]:
    """Return the state of a first tier learnt from cleaned texts and the columns of their labels.

    The state is what `ngram_tier_from` reads; its scale is 1, so it is not calibrated yet.
    """
    chosen = settings or NgramSettings()
    words, characters = fit_terms(texts, labels, chosen)
    machine = LinearSVC(C=chosen.regularisation, random_state=seed)
    machine.fit(NgramFeatures(words, characters).transform(texts), targets)
    weights, intercept = rows_of_weights(machine.coef_, machine.intercept_, machine.classes_, labels)
    return ngram_state(words, characters, weights, intercept)


def fit_terms(texts: Sequence[str], labels: int, settings: NgramSettings) -> tuple[Terms, Terms]:
    """Return the terms of cleaned texts: those of words, and those of characters."""
    most = min(settings.terms, max(1_000, MOST_WEIGHTS // (2 * labels)))
    words = _terms(TfidfVectorizer(ngram_range=settings.words, max_features=most), texts)
    characters = _terms(
        TfidfVectorizer(analyzer="char_wb", ngram_range=settings.characters, max_features=most), texts
    )
    return words, characters


def ngram_state(words: Terms, characters: Terms, weights: Matrix, intercept: Matrix) -> dict[str, Any]:
    """Return the state of a first tier with weights, (labels, terms), and intercepts, (labels,)."""
    return {
        "word_terms": pack_strings(words.names),
        "word_idf": words.idf,
        "character_terms": pack_strings(characters.names),
        "character_idf": characters.idf,
        "weights": np.ascontiguousarray(weights.T),
        "intercept": intercept,
        "scale": 1.0,
        "levels": np.zeros(0, dtype=np.float32),
    }


def _terms(vectorizer: TfidfVectorizer, texts: Sequence[str]) -> Terms:
    """Let scikit-learn choose the terms; texts without a single word give none, which is no error."""
    try:
        vectorizer.fit(texts)
    except ValueError:  # "empty vocabulary": its only way to say that there are no terms
        return Terms((), np.zeros(0, dtype=np.float32))
    return Terms(tuple(vectorizer.get_feature_names_out()), vectorizer.idf_.astype(np.float32))
