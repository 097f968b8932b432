"""A fine-tuned encoder, from PyTorch to a bundle that needs none: the same vectors and the same decisions."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from batch.foundation.training_options import TrainingOptions
from batch.training.encoder.recipe import Recipe, missing_packages
from batch.training.rows.corrections import Known
from batch.training.rows.examples import prepare
from batch.training.rows.rows import LabelledRow, rows_to_train
from batch.training.train import train_bundle
from batch.training.update import update_bundle
from schemas.taxonomy import load_taxonomy
from tests.small_model import small_rows
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.encoder.encoder import MAX_TOKENS, VOCABULARY, WORDS
from understanding.encoder.packed import read_packed
from understanding.encoder.prepared_encoder import LAYERS, MEANS, PUBLISHED, published_encoder
from understanding.encoder.unigram import Unigram
from understanding.encoder.words import WordVectors
from understanding.manifest.manifest import FILES
from understanding.scoring.scoring import score

pytestmark = pytest.mark.skipif(bool(missing_packages()), reason="the extra `train` is not installed")

SEED = 11
ROWS = small_rows(4)
TEXTS = [row.text for row in ROWS] + ["a", "Größe, naïve café — 100% ✓", "🔥", "word " * 200]
QUICK = Recipe(most_epochs=1, fewest_steps=4)


class Pair(NamedTuple):
    """A bundle, its folder, and the module that its encoder was written from."""

    folder: Path
    bundle: Bundle
    body: Any


@pytest.fixture(scope="module")
def pair(encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A bundle whose encoder was trained on a few rows, and the original."""
    from batch.training.encoder import fine_tune  # noqa: PLC0415 - only where the extra is installed

    written: list[Any] = []
    out = tmp_path_factory.mktemp("tuned") / "bundle"
    network_of = fine_tune.network_of

    def keep(tuned: Any, *how: Any) -> Any:
        written.append(tuned.body)
        return network_of(tuned, *how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fine_tune, "network_of", keep)
        train_bundle(
            ROWS,
            TrainingOptions(seed=SEED, encoder="fine-tuned"),
            taxonomy=load_taxonomy(),
            encoder_dir=encoder_folder,
            out=out,
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
            inputs=(),
            progress=lambda _what, _done: None,
            recipe=QUICK,
        )
    return Pair(out, load_bundle(out), written[0])


def _vectors(body: Any, folder: Path) -> Matrix:
    """Return PyTorch's vector of each text, one at a time."""
    import torch  # noqa: PLC0415 - only where the extra is installed

    from batch.training.encoder.fine_tune import mean_of_tokens  # noqa: PLC0415 - the same
    from batch.training.encoder.published_body import published_body  # noqa: PLC0415 - the same

    body.eval()
    published = published_body(read_packed(folder / PUBLISHED)).eval()
    vectors, words = [], WordVectors(folder / WORDS)
    with torch.no_grad():
        for row in Unigram(folder / VOCABULARY, most=MAX_TOKENS).ids(TEXTS):
            mask = torch.ones((1, len(row)))
            given = torch.from_numpy(words.of(np.array([row])))
            lower = body.lower_states(given, mask)
            beside = published(
                inputs_embeds=given, attention_mask=mask, output_hidden_states=True
            ).hidden_states
            parts = (body.trained_states(lower, mask), *(beside[layer] for layer in LAYERS))
            means = [mean_of_tokens(states, mask)[0].numpy() for states in parts]
            vectors.append(np.concatenate(means))
    means = np.load(folder / MEANS).ravel()  # from the published layers' vectors their mean is taken away
    found = np.stack(vectors)
    found[:, -means.size :] -= means
    return found


def test_what_is_exported_is_the_original(encoder_folder: Path, pair: Pair) -> None:
    """Vectors keep their direction in whatever form workers compute them, and nearly all answers stay."""
    original = _vectors(pair.body, encoder_folder)
    exported = pair.bundle.encoder.embed(TEXTS)
    lengths = np.linalg.norm(exported, axis=1) * np.linalg.norm(original, axis=1)
    cosines = (exported * original).sum(axis=1) / lengths
    assert cosines.mean() > 0.99  # integers move vectors by about a hundredth
    assert cosines.min() > 0.95
    answers = [pair.bundle.head.logits(vectors).argmax(axis=1) for vectors in (exported, original)]
    assert (answers[0] == answers[1]).mean() > 0.9


def test_the_published_part_is_what_a_frozen_encoder_reads(encoder_folder: Path, pair: Pair) -> None:
    """So a sentiment model that learnt from one reads the other as well."""
    published = published_encoder(encoder_folder).embed(TEXTS)
    part = pair.bundle.encoder.embed(TEXTS)[:, -published.shape[1] :]
    cosines = (published * part).sum(axis=1) / np.linalg.norm(part, axis=1)
    assert cosines.mean() > 0.98  # both are in integers, whose ranges were read off other texts


def test_training_again_gives_the_same_model(encoder_folder: Path, pair: Pair) -> None:
    """The same rows and the same seed, the same vectors but for rounding."""
    from batch.training.encoder.fine_tune import fine_tune  # noqa: PLC0415 - only where the extra is installed

    material = prepare(rows_to_train(ROWS), seed=SEED)
    again = fine_tune(
        Unigram(encoder_folder / VOCABULARY, most=MAX_TOKENS).ids(material.train.texts),
        material.train.targets,
        len(material.labels),
        published=read_packed(encoder_folder / PUBLISHED),
        words=WordVectors(encoder_folder / WORDS),
        seed=SEED,
        threads=1,
        progress=lambda _what, _done: None,
        recipe=QUICK,
    )
    found, first = (_vectors(body, encoder_folder) for body in (again.body, pair.body))
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(first, axis=1)
    assert ((found * first).sum(axis=1) / lengths).min() > 0.999


def test_the_bundle_is_whole_and_says_how_it_was_made(pair: Pair) -> None:
    """Its files are OpenVINO's, the manifest tells of the training, and it scores like any other."""
    manifest = pair.bundle.manifest
    assert (manifest.encoder.training, manifest.encoder.normalised) == ("fine-tuned", False)
    assert manifest.encoder.epochs > 0
    assert manifest.encoder.dimensions == 3 * 384
    assert set(FILES) <= set(manifest.files)
    assert manifest.forms is not None
    assert manifest.forms.chosen == manifest.encoder.precision
    texts = [row.text for row in ROWS]
    assert score(pair.bundle, texts) == [score(pair.bundle, [text])[0] for text in texts]


def test_a_correction_leaves_the_encoder(pair: Pair, tmp_path: Path) -> None:
    """An update teaches the n-grams; encoder and head answer as before, bit for bit."""
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
    assert updated.manifest.update is not None
    vectors, before = updated.encoder.embed(TEXTS), pair.bundle.encoder.embed(TEXTS)
    np.testing.assert_array_equal(vectors, before)
    np.testing.assert_array_equal(updated.head.logits(vectors), pair.bundle.head.logits(before))
