"""Training the embeddings of used tokens alone changes nothing but the time."""

from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")

TOKENS = 200


def network() -> Any:
    """Return something with an embedding where a BERT has it."""
    torch.manual_seed(3)
    return SimpleNamespace(embeddings=SimpleNamespace(word_embeddings=torch.nn.Embedding(TOKENS, 4)))


def test_narrowed_reads_the_same() -> None:
    """The embeddings of a row are the same before, narrowed and widened again."""
    from batch.training.used_tokens import UsedTokens  # noqa: PLC0415 - needs PyTorch

    body, rows = network(), [[101, 7, 150, 102], [101, 7, 102]]
    before = body.embeddings.word_embeddings(torch.tensor(rows[0]))
    tokens = UsedTokens(body, rows)
    assert body.embeddings.word_embeddings.weight.shape == (7, 4)  # five special ones and two
    narrow = body.embeddings.word_embeddings(torch.tensor(tokens.places(rows)[0]))
    tokens.widen()
    wide = body.embeddings.word_embeddings(torch.tensor(rows[0]))
    assert torch.equal(before, narrow)
    assert torch.equal(before, wide)


def test_what_was_trained_is_kept_and_the_rest_is_as_it_was() -> None:
    """After widening, used tokens have the trained embedding and all others the published one."""
    from batch.training.used_tokens import UsedTokens  # noqa: PLC0415 - needs PyTorch

    body = network()
    published = body.embeddings.word_embeddings.weight.detach().clone()
    tokens = UsedTokens(body, [[101, 7, 102]])
    with torch.no_grad():
        body.embeddings.word_embeddings.weight += 1.0
    tokens.widen()
    moved = (body.embeddings.word_embeddings.weight - published).detach().sum(dim=1) > 0.5
    assert moved.nonzero().flatten().tolist() == [0, 7, 100, 101, 102, 103]
