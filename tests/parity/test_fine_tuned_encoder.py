"""A fine-tuned encoder, from PyTorch to a bundle that needs none: the same vectors and the same decisions."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from batch.training import fit
from batch.training.corrections import Known
from batch.training.encoder_choice import LAYERS
from batch.training.examples import prepare
from batch.training.options import TrainingOptions
from batch.training.rows import LabelledRow, rows_to_train
from batch.training.train import train_bundle
from batch.training.tuning import Recipe, missing_packages
from batch.training.update import update_bundle
from schemas.model.bundle import Bundle, encoder_of, load_bundle
from schemas.model.encoder import MAX_TOKENS
from schemas.model.manifest import ENCODER, STUDENT, TOKENIZER, TUNED_PARTS
from schemas.model.probabilities import Matrix
from schemas.model.processors import exact_int8
from schemas.model.scoring import score
from schemas.taxonomy import load_taxonomy
from tests.small_model import small_rows

pytestmark = pytest.mark.skipif(bool(missing_packages()), reason="the extra `train` is not installed")

SEED = 11
ROWS = small_rows(4)
TEXTS = [row.text for row in ROWS] + ["a", "Größe, naïve café — 100% ✓", "🔥", "word " * 200]
QUICK = Recipe(most_epochs=1, fewest_steps=4)


class Pair(NamedTuple):
    """A bundle, its folder, and the module that its encoder was written from: a trained and the published one."""

    folder: Path
    bundle: Bundle
    body: Any


@pytest.fixture(scope="module")
def pair(encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A bundle whose encoder was trained on a few rows, and the original."""
    from batch.training import fine_tune  # noqa: PLC0415 - only where the extra is installed

    written: list[Any] = []
    out = tmp_path_factory.mktemp("tuned") / "bundle"
    write = fine_tune.write_body

    def write_and_keep(body: Any, folder: Path, **how: Any) -> None:
        written.append(body)
        write(body, folder, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fine_tune, "write_body", write_and_keep)
        patch.setattr(fit, "FEWEST_TO_WEIGH", 1)
        train_bundle(
            ROWS,
            TrainingOptions(seed=SEED, encoder="fine-tuned", precision="f32", recipe=QUICK),
            taxonomy=load_taxonomy(),
            encoder_dir=encoder_folder,
            out=out,
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
            inputs=(),
            progress=lambda _what, _done: None,
        )
    return Pair(out, load_bundle(out), written[0])


def _vectors(body: Any, tokenizer: Path) -> Matrix:
    """Return PyTorch's vector of each text, one at a time: where it may be left early, then of all that is read."""
    import torch  # noqa: PLC0415 - only where the extra is installed

    from batch.training.fine_tune import mean_of_tokens, tokens_of  # noqa: PLC0415 - the same

    body.eval()
    vectors = []
    with torch.no_grad():
        for row in tokens_of(tokenizer, TEXTS, MAX_TOKENS):
            ids = torch.tensor([row])
            mask = torch.ones_like(ids)
            lower = body.lower_states(ids, mask, torch.zeros_like(ids))
            parts = (lower, body.upper_states(lower, mask))
            means = [mean_of_tokens(states, torch.ones_like(ids))[0].numpy() for states in parts]
            vectors.append(np.concatenate(means))
    return np.stack(vectors)


def test_what_is_exported_is_the_original(encoder_folder: Path, pair: Pair) -> None:
    """Vectors agree to the fourth decimal, and so do all decisions of the linear layer."""
    original = _vectors(pair.body, encoder_folder / Path(TOKENIZER).name)
    exported = pair.bundle.encoder.embed(TEXTS)
    np.testing.assert_allclose(exported, original, atol=2e-4)
    bundle, lower = pair.bundle, 384
    assert bundle.early is not None
    for head, part in ((bundle.early, slice(lower)), (bundle.head, slice(lower, None))):
        answers = [head.logits(vectors[:, part]).argmax(axis=1).tolist() for vectors in (exported, original)]
        assert answers[0] == answers[1]


def test_training_again_gives_the_same_model(encoder_folder: Path, pair: Pair) -> None:
    """The same rows and the same seed, the same vectors but for rounding."""
    from batch.training.fine_tune import fine_tune  # noqa: PLC0415 - only where the extra is installed

    material = prepare(rows_to_train(ROWS), seed=SEED)
    again = fine_tune(
        material.train.texts,
        material.train.targets,
        len(material.labels),
        published=encoder_folder / Path(ENCODER).name,
        tokenizer=encoder_folder / Path(TOKENIZER).name,
        seed=SEED,
        threads=1,
        progress=lambda _what, _done: None,
        layers=LAYERS,
        recipe=QUICK,
    )
    found, first = (_vectors(body, encoder_folder / Path(TOKENIZER).name) for body in (again.body, pair.body))
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(first, axis=1)
    assert ((found * first).sum(axis=1) / lengths).min() > 0.999


def test_the_bundle_is_whole_and_says_how_it_was_made(pair: Pair) -> None:
    """Its files are OpenVINO's, the manifest tells of the training, and it scores like any other."""
    manifest = pair.bundle.manifest
    assert (manifest.encoder.training, manifest.encoder.normalised) == ("fine-tuned", False)
    assert manifest.encoder.epochs > 0
    assert (manifest.encoder.exit_after, manifest.exit_threshold is None) == (6, False)
    assert (manifest.encoder.published_beside, manifest.encoder.dimensions) == (True, 4 * 384)
    assert set(TUNED_PARTS) <= set(manifest.files)
    assert "encoder/model.onnx" not in manifest.files
    assert (STUDENT in manifest.files, pair.bundle.student is None, manifest.format) == (True, False, 6)
    texts = [row.text for row in ROWS]
    assert score(pair.bundle, texts) == [score(pair.bundle, [text])[0] for text in texts]


def test_a_correction_leaves_what_the_encoder_taught(pair: Pair, tmp_path: Path) -> None:
    """An update teaches the n-grams; the student stays beside them, bit for bit."""
    fresh = [LabelledRow("the gnome of my garden crashed at login", (ROWS[0].labels[0],))]
    out = tmp_path / "updated"
    update_bundle(
        pair.folder,
        Known(ROWS, fresh, ()),
        taxonomy=load_taxonomy(),
        out=out,
        created_at=datetime(2026, 1, 3, tzinfo=UTC),
        progress=lambda _what, _done: None,
    )
    updated = load_bundle(out)
    assert updated.version != pair.bundle.version
    assert (updated.manifest.format, updated.manifest.update is None) == (6, False)
    student, before = updated.student, pair.bundle.student
    assert student is not None
    assert before is not None
    np.testing.assert_array_equal(student.logits(TEXTS), before.logits(TEXTS))


def test_integers_agree_with_the_original(encoder_folder: Path, pair: Pair, tmp_path: Path) -> None:
    """Vectors keep their direction and nearly all answers stay; a text's neighbours still change nothing."""
    if not exact_int8():
        pytest.skip("this processor does not sum 8-bit integers exactly")
    from batch.training.fine_tune import tokens_of, write_body  # noqa: PLC0415 - only where the extra is installed

    tokenizer = encoder_folder / Path(TOKENIZER).name
    texts = [row.text for row in ROWS]
    examples = tokens_of(tokenizer, texts, MAX_TOKENS)
    write_body(pair.body, tmp_path, early_exit=True, examples=examples)
    (tmp_path / tokenizer.name).write_bytes(tokenizer.read_bytes())
    described = msgspec.structs.replace(pair.bundle.manifest.encoder, precision="int8")
    encoder = encoder_of(described, tmp_path, threads=1)
    exact, rough = pair.bundle.encoder.embed(texts), encoder.embed(texts)
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(rough, axis=1)
    assert ((exact * rough).sum(axis=1) / lengths).min() > 0.98
    lower = encoder.exit_dimensions
    answers = [pair.bundle.head.logits(vectors[:, lower:]).argmax(axis=1) for vectors in (exact, rough)]
    assert (answers[0] == answers[1]).mean() > 0.95
    np.testing.assert_array_equal(rough, np.concatenate([encoder.embed([text]) for text in texts]))
    size = sum((tmp_path / name).stat().st_size for name in ("lower.bin", "upper.bin"))
    assert size < 60_000_000
