"""An encoder's network as OpenVINO runs it."""

from pathlib import Path
from typing import Any, Final

from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix
from understanding.encoder.openvino_runtime import openvino
from understanding.encoder.processors import native_bf16
from understanding.encoder.transformer import MASK, WORDS
from understanding.manifest.precision import Precision

NETWORK: Final = "network.xml"


class Network:
    """A compiled network, and the memory of one request: not for two threads at once."""

    def __init__(self, model: openvino.Model, core: openvino.Core, options: dict[str, str | int]) -> None:
        compiled = core.compile_model(model, "CPU", options)
        self.dimensions = int(compiled.outputs[0].partial_shape[2].get_length())
        self._inputs = [_known_name(one) for one in compiled.inputs]
        self._request = compiled.create_infer_request()

    def run(self, words: Matrix, mask: Matrix) -> Matrix:
        """Return the states that it gives, (texts, tokens, dimensions), for the vectors of words."""
        given = {WORDS: words, MASK: mask}
        found = self._request.infer([given[name] for name in self._inputs])
        return next(iter(found.values()))


def load_network(folder: Path, *, precision: Precision, threads: int) -> Network:
    """Return the network of a folder, ready to run; BundleError names a file that is none."""
    core, file = openvino.Core(), folder / NETWORK
    try:
        return Network(core.read_model(file), core, inference_options(precision, threads, core))
    except RuntimeError as error:
        raise BundleError(
            f"{file}: OpenVINO cannot load it ({str(error).strip()[:200]}); run `make setup` where it is the "
            "published encoder, train again where it is a bundle's"
        ) from error


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


def _known_name(place: Any) -> str:
    """Return which of the inputs it is; RuntimeError, as OpenVINO raises, where it is none that is ever given."""
    names = sorted(place.get_names())
    for name in names:
        if name in {WORDS, MASK}:
            return str(name)
    raise RuntimeError(f"it reads {names}, and only {WORDS} and {MASK} are known")
