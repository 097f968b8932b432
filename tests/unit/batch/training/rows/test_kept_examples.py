"""Which learnt sentences a bundle keeps."""

import numpy as np

from batch.training.rows.examples import Examples, Material
from batch.training.rows.kept_examples import MOST_OF_A_LABEL, examples_to_keep
from schemas.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
INTENT = next(iter(TAXONOMY.intents))
PACKAGED = [text for text, label in TAXONOMY.examples() if label == INTENT]
WRITTEN = [
    f"my neighbour's gnome number {number} is gone, call 0170 {1234567 + number}" for number in range(40)
]


def _material(texts: list[str], *, own_validation: bool = True) -> Material:
    taught = Examples(texts, np.zeros(len(texts), dtype=np.intp))
    held = Examples(["held out by us", PACKAGED[0]], np.zeros(2, dtype=np.intp))
    return Material((INTENT,), taught, held, own_validation)


def test_what_customers_wrote_is_kept_only_where_it_is_allowed() -> None:
    """Without leave, only the taxonomy's own sentences that were learnt from."""
    kept = examples_to_keep(_material([*PACKAGED[1:4], *WRITTEN]), TAXONOMY, customers=False)
    assert {one.source for one in kept} == {"taxonomy"}
    assert {one.text for one in kept} == {*PACKAGED[1:4], PACKAGED[0]}


def test_kept_texts_are_few_redacted_and_the_same_whatever_their_order() -> None:
    """A hash chooses them, and no telephone number is among them."""
    kept = examples_to_keep(_material(WRITTEN), TAXONOMY, customers=True)
    assert len(kept) == MOST_OF_A_LABEL
    assert kept == examples_to_keep(_material(WRITTEN[::-1]), TAXONOMY, customers=True)
    assert all("0170" not in one.text for one in kept)
    assert any("<" in one.text for one in kept)


def test_rows_that_were_only_validated_on_are_no_examples() -> None:
    """The model has not learnt from them, so they led to nothing."""
    kept = examples_to_keep(_material(PACKAGED[1:3], own_validation=False), TAXONOMY, customers=True)
    assert {one.text for one in kept} == set(PACKAGED[1:3])
