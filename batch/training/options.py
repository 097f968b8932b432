"""How a bundle is trained, beside its rows."""

from typing import Literal, NamedTuple

from batch.training.fit import Wishes
from batch.training.tuning import EncoderChoice, Recipe
from schemas.model.encoder import Precision, native_bf16


class TrainingOptions(NamedTuple):
    """What is chosen for a training; the same options and rows give the same model.

    `precision` auto is bf16 where the processor has it, else f32. `encoder` says whether the encoder is itself trained,
    which takes minutes and follows the `recipe`; auto does where the extra `train` is installed. `keep_examples` lets
    the bundle keep a few of the customers' sentences for explanations, beside the taxonomy's, which it keeps anyway.
    """

    seed: int
    encoder: EncoderChoice = "frozen"
    precision: Precision | Literal["auto"] = "auto"
    threads: int = 1
    wishes: Wishes = Wishes()
    recipe: Recipe = Recipe()
    keep_examples: bool = False

    @property
    def inference(self) -> Precision:
        """The precision of the encoder's inference on this processor."""
        if self.precision != "auto":
            return self.precision
        return "bf16" if native_bf16() else "f32"
