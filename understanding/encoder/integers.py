"""Makes an encoder's networks compute with 8-bit integers, by NNCF's post-training quantisation for transformers.

The range of each activation is read off examples. Weights get seven of eight bits. A processor without VNNI cuts the
sum of two products off at 16 bits; with seven bits no sum reaches that, so a network decides alike on every
processor.
"""

import io
import logging
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Final, NamedTuple

import numpy as np

from understanding.arrays.probabilities import Matrix
from understanding.encoder.networks import Network, inference_options
from understanding.encoder.openvino_runtime import openvino, reporting_to_nobody
from understanding.encoder.transformer import MASK, STATES
from understanding.encoder.words import WordVectors

EXAMPLES: Final = 100
"""How many texts the ranges are read off; 300, as many as NNCF takes by default, made no vector closer."""


SMOOTHING: Final = 0.7
"""How much of the range of activations moves into the weights (Xiao et al. 2022, arXiv:2211.10438).

On set-up's sample the mean cosine to vectors in float32 is 0.995, and 0.979 with NNCF's own 0.95. Correcting biases
brought nothing and took most of the time.
"""


class _Example(NamedTuple):
    states: Matrix  # (1, tokens, width)
    mask: Matrix  # (1, tokens)


def in_integers(
    lower: openvino.Model,
    upper: openvino.Model,
    rows: Sequence[Sequence[int]],
    words: WordVectors,
    *,
    threads: int,
) -> tuple[openvino.Model, openvino.Model]:
    """Return both networks in 8-bit integers, their ranges read off rows of token numbers.

    The same networks and rows give the same. The upper one's examples are what the lower one gives in integers.
    """
    below = [_Example(words.of(np.array([row])), np.ones((1, len(row)), dtype=np.float32)) for row in rows]
    found = _quantised(lower, below)
    core = openvino.Core()
    network = Network(found, core, inference_options("int8", threads, core))
    return found, _quantised(upper, [_Example(network.run(*one).copy(), one.mask) for one in below])


def _quantised(network: openvino.Model, examples: Sequence[_Example]) -> openvino.Model:
    with reporting_to_nobody(), redirect_stdout(io.StringIO()):  # it draws bars of its own, beside ours
        import nncf  # noqa: PLC0415 - it asks at import whether to report, and only set-up and training need it

        nncf.set_log_level(logging.ERROR)
        return nncf.quantize(
            network.clone(),
            nncf.Dataset([{STATES: one.states, MASK: one.mask} for one in examples]),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(examples),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE,
                disable_bias_correction=True,
                smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=SMOOTHING),
            ),
        )
