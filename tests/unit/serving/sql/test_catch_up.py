"""What a process of SQL is sent of the tail, piece by piece."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from serving.sql.catch_up import pieces


@given(st.lists(st.lists(st.text(max_size=200), min_size=1, max_size=20), max_size=10), st.integers(50, 2000))
def test_pieces_have_all_rows_and_are_bounded(texts: list[list[str]], most: int) -> None:
    """A message was bounded by its rows alone, so long texts made it, and each copy of it, as large as they liked."""
    batches = [pa.RecordBatch.from_pydict({"text": pa.array(some, pa.string())}) for some in texts]
    found = list(pieces(batches, most))
    assert [text for piece in found for text in piece["text"].to_pylist()] == [
        t for some in texts for t in some
    ]
    for piece in found:
        assert piece.num_rows == 1 or sum(batch.nbytes for batch in piece.to_batches()) <= most
