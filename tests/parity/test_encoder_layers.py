"""What is read of the published encoder beside its last layer, and what of another one."""

from pathlib import Path

import numpy as np
import pytest

from batch.training.encoder_choice import EXIT_AFTER, LAYERS
from schemas.model.encoder import MAX_TOKENS, Enough, OpenvinoEncoder
from schemas.model.errors import BundleError
from schemas.model.openvino_runtime import openvino, opset13
from schemas.model.precision import Precision
from schemas.model.probabilities import Flags
from schemas.model.processors import native_bf16
from tests.small_model import small_rows

TEXTS = [row.text for row in small_rows()[:12]]
WIDTH = 384


def test_layers_are_those_of_the_original(encoder_folder: Path) -> None:
    """The last layer's vector comes first, then those that PyTorch computes for the other layers."""
    torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
    from batch.training.fine_tune import mean_of_tokens, tokens_of  # noqa: PLC0415 - needs the extra
    from batch.training.published_encoder import published_body  # noqa: PLC0415 - the same

    body = published_body(encoder_folder / "model.onnx").eval()
    read = OpenvinoEncoder(encoder_folder, precision="f32", normalised=False, layers=LAYERS).embed(TEXTS)
    assert read.shape == (len(TEXTS), WIDTH * (1 + len(LAYERS)))
    for row, tokens in zip(
        read, tokens_of(encoder_folder / "tokenizer.json", TEXTS, MAX_TOKENS), strict=True
    ):
        ids = torch.tensor([tokens])
        with torch.no_grad():
            states = body(input_ids=ids, output_hidden_states=True).hidden_states
        expected = [mean_of_tokens(states[layer], torch.ones_like(ids))[0] for layer in (-1, *LAYERS)]
        np.testing.assert_allclose(row, np.concatenate(expected), atol=2e-4)


def _encoder_with_two_outputs(folder: Path, encoder_folder: Path) -> None:
    """Write a network as some exporters do: token states, and a vector of the first token behind them."""
    places = [
        opset13.parameter([-1, -1], dtype=np.int64, name=name)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    for place in places:
        place.output(0).tensor.set_names({place.get_friendly_name()})
    numbers = opset13.unsqueeze(opset13.convert(places[0], np.float32), opset13.constant(2))
    states = opset13.concat([numbers, numbers], axis=2)
    first = opset13.gather(states, opset13.constant(0), opset13.constant(1))
    openvino.save_model(openvino.Model([states, first], places, "two"), folder / "model.xml")
    (folder / "tokenizer.json").write_bytes((encoder_folder / "tokenizer.json").read_bytes())


def test_an_encoder_that_gives_more_than_states_is_read(encoder_folder: Path, tmp_path: Path) -> None:
    """Bundles of all-MiniLM-L6-v2 have such a network: after an upgrade none of them could be loaded."""
    _encoder_with_two_outputs(tmp_path, encoder_folder)
    encoder = OpenvinoEncoder(tmp_path, precision="f32", normalised=False)
    assert encoder.dimensions == 2
    assert encoder.embed(["one", "two words"]).shape == (2, 2)


def test_a_layer_that_is_not_there_is_named(encoder_folder: Path, tmp_path: Path) -> None:
    """Where set-up was not run after an upgrade the old encoder is there: the error says what to run."""
    _encoder_with_two_outputs(tmp_path, encoder_folder)
    with pytest.raises(BundleError, match=r"model\.xml: has no layer 8.*make setup"):
        OpenvinoEncoder(tmp_path, precision="f32", layers=(8,))


def test_a_network_that_cannot_be_read_is_no_crash(encoder_folder: Path, tmp_path: Path) -> None:
    """What OpenVINO raises becomes an error that workers, training and serving know."""
    _encoder_with_two_outputs(tmp_path, encoder_folder)
    (tmp_path / "model.xml").write_text("<net/>")
    with pytest.raises(BundleError, match="OpenVINO cannot load it"):
        OpenvinoEncoder(tmp_path, precision="f32")


@pytest.mark.parametrize("precision", ["f32", "bf16"])
@pytest.mark.parametrize("size", [1, 5, 200])
def test_an_encoder_in_two_parts_says_what_it_says_as_a_whole(
    encoder_folder: Path, precision: Precision, size: int
) -> None:
    """To the last bit, whichever of a text's neighbours are left early, and in whatever number they come."""
    if precision == "bf16" and not native_bf16():
        pytest.skip("this processor does not compute in bf16")
    texts = [f"{text} {number}" for number in range(12) for text in TEXTS]
    whole = OpenvinoEncoder(encoder_folder, precision=precision, layers=LAYERS)
    parts = OpenvinoEncoder(encoder_folder, precision=precision, layers=LAYERS, exit_after=EXIT_AFTER)
    expected, vectors = whole.embed(texts), parts.embed(texts)
    assert parts.exit_dimensions == WIDTH
    np.testing.assert_array_equal(vectors[:, WIDTH:], expected)
    left = np.random.default_rng(size).random(len(texts)) < 0.6
    for start in range(0, len(texts), size):
        chosen = slice(start, start + size)
        read = parts.embed_until(texts[chosen], _enough_for(left[chosen]))
        np.testing.assert_array_equal(read.lower, vectors[chosen, :WIDTH])
        np.testing.assert_array_equal(read.whole, ~left[chosen])
        np.testing.assert_array_equal(read.upper, expected[chosen] * ~left[chosen, None])


def _enough_for(left: Flags) -> Enough:
    """Return what leaves these texts early, whatever their vectors are."""
    return lambda places, _vectors: left[places]
