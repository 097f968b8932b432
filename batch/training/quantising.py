"""Making a trained network compute with 8-bit integers: half the time, a quarter of the size.

By NNCF's post-training quantisation for transformers: the range of each activation is read off examples. Imported only
where the extra `train` is installed.
"""

import io
import logging
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any, Final

import numpy.typing as npt

from schemas.model.openvino_runtime import openvino, reporting_to_nobody

EXAMPLES: Final = 300
"""Texts that the ranges are read off: as many as NNCF takes by default."""

Inputs = dict[str, npt.NDArray[Any]]


def quantised(network: openvino.Model, examples: Sequence[Inputs]) -> openvino.Model:
    """Return the network in 8-bit integers; the same network and examples give the same."""
    with reporting_to_nobody(), redirect_stdout(io.StringIO()):  # it draws bars of its own, beside ours
        import nncf  # noqa: PLC0415 - it asks at import whether to report

        nncf.set_log_level(logging.WARNING)
        return nncf.quantize(
            network,
            nncf.Dataset(list(examples)),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(examples),
        )


def states_of(network: openvino.Model, examples: Sequence[Inputs], *, threads: int) -> list[npt.NDArray[Any]]:
    """Return the first output of a network for each example, as `OpenvinoEncoder` computes it for int8."""
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    request = openvino.Core().compile_model(network, "CPU", options).create_infer_request()
    return [next(iter(request.infer(one).values())) for one in examples]
