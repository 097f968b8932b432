"""The states of the layers that training leaves as they are, kept or computed anew."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")

ROWS = [[2, 5, 6, 3], [2, 7, 3], [2, 8, 9, 10, 11, 3], [2, 3], [2, 4, 3]]


@pytest.mark.parametrize("half", [False, True])
def test_kept_states_are_those_that_would_be_computed(
    half: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever texts come together, each token's state is the one of its own text; what is no token is marked."""
    from batch.training.encoder import shared_states  # noqa: PLC0415 - needs PyTorch
    from batch.training.encoder.partly_trained import PartlyTrained  # noqa: PLC0415 - the same
    from tests.parity.test_training_branches import small_body, small_words  # noqa: PLC0415 - the same

    body, words = PartlyTrained(small_body(), 2), small_words(tmp_path)
    kept = shared_states.SharedStates(body, words, ROWS, half=half, progress=lambda _done: None)
    monkeypatch.setattr(shared_states, "MOST_BYTES", 0)
    anew = shared_states.SharedStates(body, words, ROWS, half=half, progress=lambda _done: None)
    for places in ([0], [3, 2], [4, 1, 0, 2], [2, 2]):
        (states, mask), (expected, expected_mask) = kept.of(places), anew.of(places)
        assert torch.equal(mask, expected_mask)
        assert states.dtype == expected.dtype == torch.float32
        assert mask.sum(1).tolist() == [len(ROWS[place]) for place in places]
        close = 2e-2 if half else 1e-5  # padding moves the last digits
        torch.testing.assert_close(states[mask.bool()], expected[mask.bool()], atol=close, rtol=0)
        assert torch.isfinite(states).all()
