"""A transformer with trained upper layers beside the published ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batch.training.rows import TrainingError
from batch.training.tuning import quantising_installed
from schemas.model.networks import STATES, Networks
from schemas.model.openvino_runtime import openvino
from schemas.model.processors import exact_int8

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")

IDS = [[5, 6, 7, 0], [8, 9, 0, 0]]
MASK = [[1, 1, 1, 0], [1, 1, 0, 0]]


def small_body() -> Any:
    """Return a BERT of four layers with random weights."""
    from transformers import BertConfig, BertModel  # noqa: PLC0415 - needs the extra

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=20,
        hidden_size=8,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=16,
        attn_implementation="eager",
    )
    return BertModel(config, add_pooling_layer=False).eval()


def test_both_halves_begin_as_the_published_one() -> None:
    """Before any step the trained layers say what the whole published transformer says, padded or not."""
    from batch.training.branches import Branches  # noqa: PLC0415 - needs PyTorch

    ids, mask = torch.tensor(IDS), torch.tensor(MASK)
    body = small_body()
    with torch.no_grad():
        expected = body(input_ids=ids, attention_mask=mask).last_hidden_state[mask.bool()]
        both = Branches(body, 2)(ids, mask, torch.zeros_like(ids))[mask.bool()]
    torch.testing.assert_close(both[:, :8], expected)
    torch.testing.assert_close(both[:, 8:], expected)


@pytest.mark.parametrize("layer", [2, 3, 4])
def test_other_layers_are_read_beside(layer: int) -> None:
    """Those of the published one; where both begin, a text may be left early."""
    from batch.training.branches import Branches  # noqa: PLC0415 - needs PyTorch

    ids, mask = torch.tensor(IDS), torch.tensor(MASK)
    body = small_body()
    with torch.no_grad():
        all_states = body(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        branches = Branches(body, 2, [layer])
        read = branches(ids, mask, torch.zeros_like(ids))[mask.bool()]
        lower = branches.lower_states(ids, mask, torch.zeros_like(ids))[mask.bool()]
    torch.testing.assert_close(read[:, 16:], all_states[layer][mask.bool()])
    torch.testing.assert_close(lower, all_states[2][mask.bool()])


def test_too_few_layers_are_told_before_training() -> None:
    """An older encoder that set-up has not replaced would fail after minutes, when the network is written."""
    from batch.training.branches import Branches  # noqa: PLC0415 - needs PyTorch

    with pytest.raises(TrainingError, match=r"has 4 layers.*make setup"):
        Branches(small_body(), 2, [8])
    with pytest.raises(TrainingError, match=r"layer 1 cannot be read.*below the 2 trained ones"):
        Branches(small_body(), 2, [1])


def test_training_moves_nothing_but_the_trained_layers() -> None:
    """A step on what the trained layers say leaves the published half, to the last bit, as it was."""
    from batch.training.branches import Branches  # noqa: PLC0415 - needs PyTorch

    ids, mask = torch.tensor(IDS), torch.tensor(MASK)
    branches = Branches(small_body(), 2)
    before = branches(ids, mask, torch.zeros_like(ids)).detach()
    optimiser = torch.optim.SGD(branches.trained_weights(), lr=0.5)
    shared = branches.lower_states(ids, mask, torch.zeros_like(ids))
    branches.trained_states(shared, mask).square().mean(dim=(0, 1))[0].backward()
    optimiser.step()
    after = branches(ids, mask, torch.zeros_like(ids)).detach()
    assert not torch.equal(after[..., :8], before[..., :8])
    assert torch.equal(after[..., 8:], before[..., 8:])
    moved = [name for name, weight in branches.named_parameters() if weight.grad is not None]
    assert moved
    assert all(name.startswith("trained.") for name in moved)


@pytest.mark.parametrize("integers", [False, True])
def test_a_network_is_written_whole_or_in_two_parts(tmp_path: Path, *, integers: bool) -> None:
    """A model of several labels needs no place to leave it; both ways it says what PyTorch says."""
    from batch.training.branches import Branches  # noqa: PLC0415 - needs PyTorch
    from batch.training.fine_tune import write_body  # noqa: PLC0415 - the same

    if integers and not (exact_int8() and quantising_installed()):
        pytest.skip("8-bit integers cannot be computed here")
    body, rows = (
        Branches(small_body(), 2, [3]),
        [row[: sum(mask)] for row, mask in zip(IDS, MASK, strict=True)],
    )
    for early_exit in (False, True):
        write_body(body, tmp_path, early_exit=early_exit, examples=rows if integers else ())
    options: dict[str, str | int] = {"INFERENCE_PRECISION_HINT": "f32"}
    whole = Networks(tmp_path, openvino.Core(), options)
    parts = Networks(tmp_path, openvino.Core(), options, exit_after=2)
    assert whole.lower is None
    assert parts.lower is not None
    for row in rows:
        ids = torch.tensor([row])
        given = {
            "input_ids": ids.numpy(),
            "attention_mask": np.ones_like(ids),
            "token_type_ids": ids.numpy() * 0,
        }
        with torch.no_grad():
            expected = body(ids, torch.ones_like(ids), torch.zeros_like(ids)).numpy()
        lower = parts.lower.run(given)[0]
        for found in (whole.upper.run(given)[0], parts.upper.run({**given, STATES: lower})[0]):
            np.testing.assert_allclose(found, expected, atol=0.3 if integers else 1e-4)
