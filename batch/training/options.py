"""How a bundle is trained, beside its rows."""

from typing import NamedTuple

from batch.training.fitted import Wishes
from batch.training.tuning import EncoderChoice, Recipe


class TrainingOptions(NamedTuple):
    """What is chosen for a training; the same options and rows give the same model.

    `encoder` says whether the encoder is itself trained, which takes minutes and follows the `recipe`; auto does where
    the extra `train` is installed. `keep_examples` lets the bundle keep a few of the customers' sentences for
    explanations, beside the taxonomy's, which it keeps anyway.
    """

    seed: int
    encoder: EncoderChoice = "frozen"
    threads: int = 1
    wishes: Wishes = Wishes()
    recipe: Recipe = Recipe()
    keep_examples: bool = False
