"""Texts for a teacher to answer: new ones, of words that were there, as many as were asked for."""

from hypothesis import given
from hypothesis import strategies as st

from batch.training.tiers.transfer_texts import MOST_PER_TEXT, transfer_texts

TEXTS = st.lists(
    st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8).map(" ".join), min_size=1, max_size=12
)


@given(texts=TEXTS, seed=st.integers(0, 99))
def test_they_are_new_and_made_of_what_was_there(texts: list[str], seed: int) -> None:
    """None is empty, twice there, or one that was learnt; no word comes from elsewhere."""
    found = transfer_texts(texts, seed=seed)
    assert len(found) == len(set(found)) <= MOST_PER_TEXT * len(texts)
    assert not set(found) & set(texts)
    assert {word for text in found for word in text.split()} <= {
        word for text in texts for word in text.split()
    }
    assert all(text.strip() for text in found)


@given(texts=TEXTS, seed=st.integers(0, 99), most=st.integers(1, 40))
def test_words_are_bounded_and_a_seed_gives_the_same(texts: list[str], seed: int, most: int) -> None:
    """It stops with the text that reaches the bound, so what is drawn with a lower bound comes first."""
    found = transfer_texts(texts, seed=seed, most_words=most)
    assert sum(len(text.split()) for text in found[:-1]) < most
    assert found == transfer_texts(texts, seed=seed)[: len(found)]
