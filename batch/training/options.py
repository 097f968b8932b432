"""How a bundle is trained, beside its rows."""

from typing import Literal, NamedTuple

from batch.training.fitted import Wishes
from batch.training.tuning import EncoderChoice, Recipe, quantising_installed
from schemas.model.manifest import EncoderTraining
from schemas.model.precision import Precision
from schemas.model.processors import exact_int8, native_bf16


class TrainingOptions(NamedTuple):
    """What is chosen for a training; the same options and rows give the same model.

    `precision` auto is the fastest that the processor has: int8 for a fine-tuned encoder, bf16, or else f32. `encoder`
    says whether the encoder is itself trained, which takes minutes and follows the `recipe`; auto does where the extra
    `train` is installed. `keep_examples` lets the bundle keep a few of the customers' sentences for explanations,
    beside the taxonomy's, which it keeps anyway.
    """

    seed: int
    encoder: EncoderChoice = "frozen"
    precision: Precision | Literal["auto"] = "auto"
    threads: int = 1
    wishes: Wishes = Wishes()
    recipe: Recipe = Recipe()
    keep_examples: bool = False

    def inference(self, training: EncoderTraining) -> Precision:
        """Return how an encoder of this kind will compute on this processor."""
        if self.precision != "auto":
            return self.precision
        if training == "fine-tuned" and exact_int8() and quantising_installed():
            return "int8"
        return "bf16" if native_bf16() else "f32"
