"""A transformer as OpenVINO computes it: whole, or cut in two after one of its layers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schemas.model.errors import BundleError
from schemas.model.openvino_runtime import openvino, opset13
from schemas.model.probabilities import Matrix

PUBLISHED: Final = "model.onnx"
TUNED: Final = "model.xml"
TUNED_LOWER: Final = "lower.xml"
TUNED_UPPER: Final = "upper.xml"
"""A fine-tuned network as OpenVINO writes it, in two parts where it may be left early."""

Integers = npt.NDArray[np.int64]

STATES: Final = "states"
"""What the upper part reads beside the mask: what the lower one gave."""
INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids", STATES)


class Network:
    """A compiled network or a part of one, and the memory of one request: not for two threads at once."""

    def __init__(self, model: openvino.Model, core: openvino.Core, options: dict[str, str | int]) -> None:
        compiled = core.compile_model(model, "CPU", options)
        self.dimensions = sum(int(output.partial_shape[2].get_length()) for output in compiled.outputs)
        self._inputs = [_known_name(one) for one in compiled.inputs]
        self._request = compiled.create_infer_request()

    def run(self, inputs: dict[str, Any]) -> list[Matrix]:
        """Return the states that it gives, each (texts, tokens, dimensions), from more inputs than it needs."""
        return list(self._request.infer([inputs[name] for name in self._inputs]).values())


class Networks:
    """The network of a folder, ready to run: `upper`, from token numbers on, or from where `lower` is left early.

    It gives the states of the last layer, then those of `layers`, counted from 1; the lower one those after layer
    `exit_after`. BundleError names a file that is no such network.
    """

    def __init__(
        self,
        folder: Path,
        core: openvino.Core,
        options: dict[str, str | int],
        *,
        layers: Sequence[int] = (),
        exit_after: int | None = None,
    ) -> None:
        tuned = TUNED if exit_after is None else TUNED_UPPER
        file = folder / (tuned if (folder / tuned).exists() else PUBLISHED)
        try:
            lower, upper = _parts(core, file, layers, exit_after)
            self.lower = None if lower is None else Network(lower, core, options)
            self.upper = Network(upper, core, options)
        except RuntimeError as error:
            raise BundleError(
                f"{file}: OpenVINO cannot load it ({str(error).strip()[:200]}); run `make setup` where it is the "
                "published encoder, train again where it is a bundle's"
            ) from error


def _known_name(place: openvino.Output) -> str:
    """Return which of the inputs it is; RuntimeError, as OpenVINO raises, where it is none that is ever given."""
    for name in place.get_names():
        if name in INPUTS:
            return str(name)
    raise RuntimeError(f"it reads {sorted(place.get_names())}, and only {', '.join(INPUTS)} are known")


def _parts(
    core: openvino.Core, file: Path, layers: Sequence[int], exit_after: int | None
) -> tuple[openvino.Model | None, openvino.Model]:
    """Return the part of a network before layer `exit_after` ends, and the one behind it; without one, all of it."""
    network = core.read_model(file)
    if file.name == TUNED_UPPER:
        return core.read_model(file.with_name(TUNED_LOWER)), network
    # Exporters of the published one may add outputs, such as a vector of the first token, which nobody reads.
    results = [network.get_results()[0].input_value(0)]
    results += [_states_of(network, layer, file) for layer in layers]
    if exit_after is None:
        return None, _model(results)
    states = _states_of(network, exit_after, file)
    lower = _model([states]).clone()  # before the states' readers are given something else
    return lower, _model(results, instead_of=states)


def _model(results: Sequence[openvino.Output], instead_of: openvino.Output | None = None) -> openvino.Model:
    """Return the part of a network that leads to these results; what is given `instead_of` states is an input then.

    That rewires the network for good.
    """
    inputs = []
    if instead_of is not None:
        given = opset13.parameter(instead_of.get_partial_shape(), np.float32, name=STATES)
        given.output(0).set_names({STATES})
        for reader in instead_of.get_target_inputs():
            reader.replace_source_output(given.output(0))
        inputs = [given]
    return openvino.Model(list(results), [*inputs, *_parameters(results)])


def _parameters(results: Sequence[openvino.Output]) -> list[openvino.Node]:
    """Return the inputs of a network that the results depend on."""
    found, waiting, seen = [], [one.get_node() for one in results], set()
    while waiting:
        node = waiting.pop()
        name = node.get_friendly_name()
        if name in seen:
            continue
        seen.add(name)
        if node.get_type_name() == "Parameter" and name != STATES:
            found.append(node)
        waiting += [one.get_node() for one in node.input_values()]
    return found


def _states_of(network: openvino.Model, layer: int, file: Path) -> openvino.Output:
    """Return what a layer, counted from 1, hands to the next one, in a network as exporters write it."""
    name = f"/encoder/layer.{layer - 1}/output/LayerNorm/Add_1"
    for operation in network.get_ordered_ops():
        if operation.get_friendly_name() == name:
            return operation.output(0)
    raise BundleError(
        f"{file}: has no layer {layer} below its last, which is needed: it is another encoder; run `make setup`, "
        "which fetches the right one, or run the version of ticketyard that wrote the bundle"
    )
