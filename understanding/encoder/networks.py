"""An encoder's two networks as OpenVINO runs them: the lower layers, and the upper ones, which read their states."""

from pathlib import Path
from typing import Any, Final

from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix
from understanding.encoder.openvino_runtime import openvino
from understanding.encoder.processors import native_bf16
from understanding.encoder.transformer import MASK, STATES
from understanding.manifest.precision import Precision

LOWER: Final = "lower.xml"
UPPER: Final = "upper.xml"


class Network:
    """A compiled network, and the memory of one request: not for two threads at once."""

    def __init__(self, model: openvino.Model, core: openvino.Core, options: dict[str, str | int]) -> None:
        compiled = core.compile_model(model, "CPU", options)
        self.dimensions = int(compiled.outputs[0].partial_shape[2].get_length())
        self._inputs = [_known_name(one) for one in compiled.inputs]
        self._request = compiled.create_infer_request()

    def run(self, states: Matrix, mask: Matrix) -> Matrix:
        """Return the states that it gives, (texts, tokens, dimensions)."""
        given = {STATES: states, MASK: mask}
        found = self._request.infer([given[name] for name in self._inputs])
        return next(iter(found.values()))


class Networks:
    """The networks of a folder, ready to run; BundleError names a file that is none."""

    def __init__(self, folder: Path, *, precision: Precision, threads: int) -> None:
        core = openvino.Core()
        options = inference_options(precision, threads, core)
        self.lower, self.upper = (_loaded(folder / name, core, options) for name in (LOWER, UPPER))


def inference_options(precision: Precision, threads: int, core: openvino.Core) -> dict[str, str | int]:
    """Return how OpenVINO computes a network of this precision here.

    A network for int8 says itself what it computes in integers; bf16 is f32 where the processor lacks it.
    """
    half = precision == "bf16" and native_bf16(core)
    return {
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
    }


def _loaded(file: Path, core: openvino.Core, options: dict[str, str | int]) -> Network:
    try:
        return Network(core.read_model(file), core, options)
    except RuntimeError as error:
        raise BundleError(
            f"{file}: OpenVINO cannot load it ({str(error).strip()[:200]}); run `make setup` where it is the "
            "published encoder, train again where it is a bundle's"
        ) from error


def _known_name(place: Any) -> str:
    """Return which of the inputs it is; RuntimeError, as OpenVINO raises, where it is none that is ever given."""
    names = sorted(place.get_names())
    for name in names:
        if name in {STATES, MASK}:
            return str(name)
    raise RuntimeError(f"it reads {names}, and only {STATES} and {MASK} are known")
