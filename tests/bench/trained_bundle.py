"""The model of the benchmark: learnt from the taxonomy in the run, its encoder held to a fixed share of the texts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from rich.console import Console

from batch.foundation.training_options import TrainingOptions
from batch.training.rows.rows import rows_from_taxonomy
from batch.training.train import train_bundle
from infra.foundation.settings import InfraSettings
from schemas.taxonomy import load_taxonomy
from tests.bench.lives import Phase, lives
from understanding.bundle.bundle import load_bundle
from understanding.bundle.writing import with_version, write_manifest
from understanding.scoring.scoring import score
from understanding.scoring.text import clean_text

ENCODER_SHARE: Final = 0.12
"""A first model asks its encoder about nearly all texts, one of a year's tickets about few. The threshold is set so
that it decides this share of the simulated customers' texts, those that the n-grams are least sure of: then figures
of two machines, and of two states of the code, are about the same work."""

_SAMPLE_SEED: Final = 91
_SAMPLE: Final = (Phase(rate=20, seconds=60),)


class BenchModel(msgspec.Struct, frozen=True, kw_only=True):
    """The trained bundle and what a report says of it; shares are of customers' texts in whole lives."""

    folder: str
    version: str
    precision: str
    training_s: float
    encoder_share: float
    share_by_its_own_threshold: float
    texts: int

    def __str__(self) -> str:
        return (
            f"Model {self.version}, {self.precision}, trained in {self.training_s:.0f} s: the encoder decides "
            f"{self.encoder_share:.1%} of {self.texts:,} customers' texts; by the threshold that training chose "
            f"{self.share_by_its_own_threshold:.1%}."
        )


def train_bench_model(settings: InfraSettings, folder: Path, console: Console) -> BenchModel:
    """Train a bundle in `folder` and set its threshold; tells the console what it is."""
    began = datetime.now(UTC)
    out = folder / "bundle"
    taxonomy = load_taxonomy(settings.taxonomy)
    train_bundle(
        rows_from_taxonomy(taxonomy),
        TrainingOptions(seed=0, threads=2),
        taxonomy=taxonomy,
        encoder_dir=settings.encoder_folder,
        out=out,
        created_at=began,
        inputs=(),
        progress=lambda _what, _done: None,
    )
    training_s = (datetime.now(UTC) - began).total_seconds()
    texts = customers_texts(settings)
    own_share = _hold_to_share(out, texts)
    bundle = load_bundle(out, threads=2)
    decided = [result.decided_by == "encoder" for result in score(bundle, texts)]
    model = BenchModel(
        folder=str(out),
        version=bundle.version,
        precision=bundle.manifest.encoder.precision,
        training_s=training_s,
        encoder_share=sum(decided) / len(decided),
        share_by_its_own_threshold=own_share,
        texts=len(texts),
    )
    console.print(str(model), highlight=False)
    return model


def customers_texts(settings: InfraSettings) -> list[str]:
    """Return what customers say in simulated lives, openings and replies, repetitions included."""
    sample = lives(_SAMPLE, _SAMPLE_SEED, load_taxonomy(settings.taxonomy))
    return [said.text for item in sample if (said := item.said) is not None and said.text]


def _hold_to_share(out: Path, texts: Sequence[str]) -> float:
    """Write the bundle anew with the threshold of ENCODER_SHARE; return the share by the one it had."""
    bundle = load_bundle(out, threads=2)
    cleaned = [clean.text for text in texts if (clean := clean_text(text)).text is not None]
    calibrated, _ = bundle.first_tier(bundle.ngrams.logits(cleaned))
    confidence = bundle.probabilities(calibrated).max(axis=1)
    threshold = float(np.quantile(confidence, ENCODER_SHARE, method="higher"))
    manifest = msgspec.structs.replace(bundle.manifest, threshold=threshold)
    write_manifest(out, with_version(manifest))
    return float((confidence < bundle.manifest.threshold).mean())
