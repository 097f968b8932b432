"""Making a trained network compute with 8-bit integers: half the time, a quarter of the size.

By NNCF's post-training quantisation for transformers: the range of each activation is read off examples. Imported only
where the extra `train` is installed.
"""

import io
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any, Final

import numpy.typing as npt
import openvino

EXAMPLES: Final = 300
"""Texts that the ranges are read off, NNCF's own default; more changed nothing that could be measured."""

_NOBODY: Final = {"CI": "true", "NNCF_CI": "true"}

Inputs = dict[str, npt.NDArray[Any]]


@contextmanager
def reporting_to_nobody() -> Iterator[None]:
    """Keep OpenVINO's converter and NNCF from telling their makers that they are used, which is their default.

    A machine that reads customers' messages tells nobody. Both are silent where these variables say that it is a CI.
    """
    before = {name: os.environ.get(name) for name in _NOBODY}
    os.environ.update(_NOBODY)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


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


def states_of(network: openvino.Model, examples: Sequence[Inputs]) -> list[npt.NDArray[Any]]:
    """Return the first output of a network for each example."""
    request = openvino.Core().compile_model(network, "CPU").create_infer_request()
    return [next(iter(request.infer(one).values())).copy() for one in examples]
