"""A transformer with trained upper layers beside the published ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batch.training.rows.rows import TrainingError
from understanding.encoder.network import load_network
from understanding.encoder.packed import BLOCK_TYPE, Packed, Pieces
from understanding.encoder.prepared_encoder import write_network
from understanding.encoder.transformer import Shape
from understanding.encoder.words import WordVectors, write_words
from understanding.manifest.precision import Precision

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")

WIDTH = 32
IDS = [[5, 6, 7, 0], [8, 9, 0, 0]]
MASK = [[1, 1, 1, 0], [1, 1, 0, 0]]


def small_body() -> Any:
    """Return a BERT of four layers with random weights."""
    from transformers import BertConfig, BertModel  # noqa: PLC0415 - needs the extra

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=1,
        hidden_size=WIDTH,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=64,
        attn_implementation="eager",
    )
    return BertModel(config, add_pooling_layer=False).eval()


def small_words(folder: Path) -> WordVectors:
    """Return vectors of 20 words, one block each."""
    blocks = np.zeros((20, 1), dtype=BLOCK_TYPE)
    rng = np.random.default_rng(3)
    blocks["scale"] = 0.02
    blocks["halves"] = rng.integers(0, 256, (20, 1, 16), dtype=np.uint8)
    write_words(blocks, folder / "words.npy")
    return WordVectors(folder / "words.npy")


def read_words(folder: Path) -> Any:
    """Return the vectors of the words of IDS, as PyTorch takes them."""
    return torch.from_numpy(small_words(folder).of(np.array(IDS)))


def test_before_training_it_is_the_published_one(tmp_path: Path) -> None:
    """Before any step both parts say what the whole published transformer says, padded or not."""
    from batch.training.encoder.partly_trained import PartlyTrained  # noqa: PLC0415 - needs PyTorch

    words, mask = read_words(tmp_path), torch.tensor(MASK)
    body = PartlyTrained(small_body(), 2)
    with torch.no_grad():
        expected = _states(words, mask)
        lower = body.lower_states(words, mask)
        whole = body.trained_states(lower, mask)
    torch.testing.assert_close(lower[mask.bool()], expected[2][mask.bool()])
    torch.testing.assert_close(whole[mask.bool()], expected[4][mask.bool()])


def test_too_few_layers_are_told_before_training() -> None:
    """An older encoder that set-up has not replaced would fail after minutes, when the network is written."""
    from batch.training.encoder.partly_trained import PartlyTrained  # noqa: PLC0415 - needs PyTorch

    with pytest.raises(TrainingError, match=r"has 4 layers.*make setup"):
        PartlyTrained(small_body(), 5)


def test_training_moves_nothing_but_the_trained_layers(tmp_path: Path) -> None:
    """A step on what the trained layers say leaves those below, to the last bit, as they were."""
    from batch.training.encoder.partly_trained import PartlyTrained  # noqa: PLC0415 - needs PyTorch

    words, mask = read_words(tmp_path), torch.tensor(MASK)
    body = PartlyTrained(small_body(), 2)
    optimiser = torch.optim.SGD(body.trained_weights(), lr=0.5)
    lower = body.lower_states(words, mask)
    before = body.trained_states(lower, mask)
    before.square().mean(dim=(0, 1))[0].backward()
    optimiser.step()
    assert torch.equal(body.lower_states(words, mask), lower)
    assert not torch.equal(body.trained_states(lower, mask), before)
    moved = [name for name, weight in body.named_parameters() if weight.grad is not None]
    assert moved
    assert all(name.startswith("trained.") for name in moved)


@pytest.mark.parametrize("precision", ["f32", "int8"])
def test_the_network_says_what_pytorch_says(tmp_path: Path, precision: Precision) -> None:
    """From the words' vectors to the trained and the published layers' states."""
    from batch.training.encoder.fine_tune import Tuned, network_of  # noqa: PLC0415 - the same
    from batch.training.encoder.partly_trained import PartlyTrained  # noqa: PLC0415 - needs PyTorch
    from understanding.encoder.integers import in_integers  # noqa: PLC0415 - as above

    published, body = _packed(small_body()), PartlyTrained(small_body(), 2)
    for weight in body.trained_weights():
        weight.data.add_(0.1)  # as if it had been trained
    nothing = np.zeros((1, WIDTH), dtype=np.float32)
    tuned = Tuned(body, 2, nothing, nothing[:, 0], 1.0, [[5, 6, 7], [8, 9]])
    built = network_of(tuned, published, [4, 3], np.zeros((2, WIDTH), dtype=np.float32))
    if precision == "int8":
        built = in_integers(built, tuned.examples, small_words(tmp_path))
    write_network(tmp_path, built)
    network = load_network(tmp_path, precision=precision, threads=1)
    words, mask = read_words(tmp_path), np.array(MASK, dtype=np.float32)
    found = network.run(words.numpy(), mask)
    with torch.no_grad():
        every = torch.tensor(MASK)
        trained = body.trained_states(body.lower_states(words, every), every)
        expected = torch.cat([trained, *(_states(words, every)[layer] for layer in (4, 3))], dim=-1).numpy()
    inside = mask.astype(bool)
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.5 if precision == "int8" else 1e-4)


def _states(words: Any, mask: Any) -> Any:
    """Return what the published transformer says before its first layer and after each."""
    return small_body()(inputs_embeds=words, attention_mask=mask, output_hidden_states=True).hidden_states


def _packed(body: Any) -> Packed:
    """Return a body's weights as the published file holds them."""
    weights = {
        name: weight.detach().numpy()
        for name, weight in body.named_parameters()
        if name != "embeddings.word_embeddings.weight"
    }
    return Packed(Shape(WIDTH, 4, 2, 1e-12), Pieces([], 0, 2, 1, 3), np.zeros((20, 1), BLOCK_TYPE), weights)
