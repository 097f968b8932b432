"""The fast features of the first tier, held together with scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from tests.unit.understanding.tiny_model import CHARACTERS, WORDS, terms
from understanding.arrays.strings import pack_strings, unpack_strings
from understanding.manifest.fit_settings import NgramSettings
from understanding.tiers import ngrams
from understanding.tiers.ngrams import NgramFeatures, Terms

CORPUS = [
    "I was charged twice, please refund!",
    "my password is wrong and I can't log in",
    "Refund REFUND refund x",
    "wo ist mein Geld? größe İstanbul",
    "a b c",
]


def _fitted() -> tuple[TfidfVectorizer, TfidfVectorizer]:
    sizes = NgramSettings()
    words = TfidfVectorizer(ngram_range=sizes.words).fit(CORPUS)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=sizes.characters).fit(CORPUS)
    return words, characters


FITTED = _fitted()
FEATURES = NgramFeatures(
    *(Terms(tuple(one.get_feature_names_out()), one.idf_.astype(np.float32)) for one in FITTED)
)
TEXTS = st.one_of(
    st.lists(st.sampled_from(" ".join(CORPUS).split()), max_size=12).map(" ".join),
    st.text(max_size=40),
)


@settings(deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_the_fast_features_equal_scikit_learns(texts: list[str]) -> None:
    """Same columns, same values, for any text: the classifier was fitted on exactly these."""
    expected = sparse.hstack([vectorizer.transform(texts) for vectorizer in FITTED]).toarray()
    np.testing.assert_allclose(FEATURES.transform(texts).toarray(), expected, atol=1e-6)


def test_many_texts_have_the_rows_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are made so many at a time, and each depends on its own text alone."""
    texts = [*CORPUS, "", "§§§", CORPUS[0]]
    whole = FEATURES.transform(texts)
    monkeypatch.setattr(ngrams, "_ROWS", 3)
    parted = FEATURES.transform(texts)
    assert whole.shape == parted.shape == (8, len(FEATURES._idf))
    assert (whole != parted).nnz == 0
    assert FEATURES.transform([]).shape == (0, len(FEATURES._idf))


def test_forgetting_remembered_words_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of words is bounded and only ever saves time."""
    small = NgramFeatures(terms(WORDS, 1), terms(CHARACTERS, 2))
    large = NgramFeatures(terms(WORDS, 1), terms(CHARACTERS, 2))
    monkeypatch.setattr(ngrams, "_REMEMBERED_WORDS", 1)
    texts = ["refund my login password", "charged twice", "refund"]
    assert (small.transform(texts) != large.transform(texts)).nnz == 0
    assert len(small._columns_of_word) == 1


def test_a_text_without_known_terms_has_an_empty_row() -> None:
    """Nothing known is a row of zeros, not a division by zero."""
    assert FEATURES.transform(["§§§ 漢字", ""]).nnz == 0


@given(
    strings=st.lists(st.text(st.characters(exclude_characters="\n")), min_size=1).filter(lambda s: s != [""])
)
def test_packed_strings_come_back(strings: list[str]) -> None:
    """Strings without a line break survive packing."""
    assert strings == unpack_strings(pack_strings(strings))


def test_no_strings_are_packed_as_nothing() -> None:
    """An empty vocabulary is possible."""
    assert unpack_strings(pack_strings([])) == []
