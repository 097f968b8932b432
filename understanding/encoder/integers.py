"""Makes an encoder's network compute with 8-bit integers, by NNCF's post-training quantisation for transformers.

The range of each activation is read off examples. Weights get seven of eight bits. A processor without VNNI cuts the
sum of two products off at 16 bits; with seven bits no sum reaches that, so a network decides alike on every
processor.
"""

import io
import logging
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Final

import numpy as np

from understanding.encoder.openvino_runtime import openvino, reporting_to_nobody
from understanding.encoder.transformer import MASK, WORDS
from understanding.encoder.words import WordVectors

EXAMPLES: Final = 100
"""How many texts the ranges are read off; 300, as many as NNCF takes by default, made no vector closer."""


SMOOTHING: Final = 0.7
"""How much of the range of activations moves into the weights (Xiao et al. 2022, arXiv:2211.10438).

On set-up's sample the mean cosine to vectors in float32 is 0.995, and 0.979 with NNCF's own 0.95. Correcting biases
brought nothing and took most of the time.
"""


def in_integers(network: openvino.Model, rows: Sequence[Sequence[int]], words: WordVectors) -> openvino.Model:
    """Return a network in 8-bit integers, its ranges read off rows of token numbers.

    The same network and rows give the same.
    """
    examples = [
        {WORDS: words.of(np.array([row])), MASK: np.ones((1, len(row)), dtype=np.float32)} for row in rows
    ]
    with reporting_to_nobody(), redirect_stdout(io.StringIO()):  # it draws bars of its own, beside ours
        import nncf  # noqa: PLC0415 - it asks at import whether to report, and only set-up and training need it

        nncf.set_log_level(logging.ERROR)
        return nncf.quantize(
            network.clone(),
            nncf.Dataset(examples),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(examples),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE,
                disable_bias_correction=True,
                smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=SMOOTHING),
            ),
        )
