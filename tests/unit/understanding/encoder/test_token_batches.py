"""How texts are put into batches for the encoder."""

from hypothesis import given
from hypothesis import strategies as st

from understanding.encoder.token_batches import BUCKET, LARGEST_BATCH, same_length_batches

LENGTHS = st.lists(st.integers(min_value=2, max_value=128), max_size=200)


@given(lengths=LENGTHS)
def test_a_texts_padded_length_follows_from_its_own_length_alone(lengths: list[int]) -> None:
    """Else the vector of a text would depend on its neighbours in the last digits."""
    for padded, places in same_length_batches(lengths):
        for place in places:
            assert padded - BUCKET < lengths[place] <= padded
            assert padded % BUCKET == 0


@given(lengths=LENGTHS)
def test_every_text_is_in_exactly_one_batch(lengths: list[int]) -> None:
    """None is lost, none read twice, and no batch is too large."""
    batches = [places for _, places in same_length_batches(lengths)]
    assert sorted(place for places in batches for place in places) == list(range(len(lengths)))
    assert all(len(places) <= LARGEST_BATCH for places in batches)
