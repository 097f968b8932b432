"""Loading a bundle: a folder that is checked whole before any of it is used, and never unpickled."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np

from schemas.vocabulary import OUT_OF_SCOPE
from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix, Wide, sigmoid, softmax
from understanding.arrays.stored import load_arrays, sha256_of
from understanding.encoder.encoder import OpenvinoEncoder, SentenceEncoder
from understanding.manifest.manifest import (
    FILES,
    HEAD,
    MANIFEST,
    NGRAMS,
    SEVERAL,
    BundleManifest,
    EncoderInfo,
    read_manifest,
)
from understanding.sentiment.folder import SENTIMENT_PART, load_sentiment, refuse_other_encoder
from understanding.sentiment.model import SentimentModel
from understanding.tiers.ngrams import NgramTier, ngram_tier_from
from understanding.tiers.several import SeveralLabels, several_from
from understanding.tiers.strangeness import energy, strangeness

_PICKLES: Final = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth"})


@dataclass(frozen=True)
class EncoderHead:
    """The second tier's answer: a linear layer on the vector, weighed together with the n-grams' logits.

    Its calibrated logits are encoder_scale x own logits + ngrams_scale x the n-grams' logits; both scales are
    learnt on validation rows, so a useless side gets weight 0. `levels` are the energies by which a text's
    strangeness is told.
    """

    weights: Matrix  # (labels, dimensions)
    intercept: Matrix  # (labels,)
    encoder_scale: float
    ngrams_scale: float
    levels: Matrix = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    def logits(self, vectors: Matrix) -> Matrix:
        """Return the head's own scores, (n, labels)."""
        # One product a row: a matrix product may round a row differently with the number of its neighbours.
        rows = [self.weights @ vector + self.intercept for vector in vectors]
        return np.asarray(rows, dtype=np.float32).reshape(len(vectors), len(self.intercept))

    def calibrated(self, vectors: Matrix, ngram_logits: Matrix) -> Wide:
        """Return each row's calibrated logits, (n, labels), from its vector and its n-grams' logits."""
        own = self.logits(vectors).astype(np.float64)
        return np.asarray(own * self.encoder_scale + ngram_logits.astype(np.float64) * self.ngrams_scale)


@dataclass(frozen=True)
class Bundle:
    """A model ready for `score`, from any thread; texts of several threads take turns at the encoder.

    `sentiment` is the sentiment model that it carries; None where it carries none and the packaged lexicon reads.
    `several` is there where it was taught several labels a text: then each label has a probability of its own.
    """

    manifest: BundleManifest
    ngrams: NgramTier
    encoder: SentenceEncoder
    head: EncoderHead
    sentiment: SentimentModel | None = None
    several: SeveralLabels | None = None

    @property
    def version(self) -> str:
        """Return the version that results carry."""
        return self.manifest.version

    @cached_property
    def outside(self) -> int | None:
        """Return the column of the label out of scope, None where the model has not learnt it."""
        names = [label.name for label in self.manifest.labels]
        return names.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in names else None

    def first_tier(self, ngram_logits: Matrix) -> tuple[Wide, Wide]:
        """Return the first tier's calibrated logits of texts, (n, labels), and their strangeness, (n,).

        `ngram_logits` are those of their n-grams.
        """
        calibrated = ngram_logits.astype(np.float64) * self.ngrams.scale
        return calibrated, strangeness(energy(calibrated, outside=self.outside), self.ngrams.levels)

    def probabilities(self, calibrated: Wide) -> Wide:
        """Return the labels' probabilities, (n, labels), at calibrated logits: of one label, or each one's own."""
        return softmax(calibrated) if self.several is None else sigmoid(calibrated)


def load_bundle(path: Path, *, threads: int = 1) -> Bundle:
    """Check and load the bundle in a folder; BundleError (permanent) names the file and what to do.

    `threads` is how many processor threads the encoder may use; it changes the speed alone.
    """
    manifest = read_manifest(path)
    _refuse_pickles(path)
    for name, expected in manifest.files.items():
        _check_sum(path, name, expected)
    for name, expected in manifest.extras.items():
        if (path / name).exists():
            _check_sum(path, name, expected)
    missing = sorted(set(FILES) - set(manifest.files))
    if missing:
        raise BundleError(f"{path / MANIFEST}: lists no {missing[0]}; the bundle is incomplete, train again")
    encoder = encoder_of(manifest.encoder, path / "encoder", threads=threads)
    ngrams, state = ngram_tier_from(_state(path / NGRAMS)), _state(path / HEAD)
    several = several_from(_state(path / SEVERAL)) if SEVERAL in manifest.files else None
    bundle = Bundle(
        manifest,
        ngrams,
        encoder,
        head_from(state),
        _sentiment(path, manifest),
        several=several,
    )
    _check_widths(bundle, path)
    return bundle


def encoder_of(described: EncoderInfo, folder: Path, *, threads: int) -> OpenvinoEncoder:
    """Load the encoder in a folder as a bundle describes it."""
    return OpenvinoEncoder(
        folder,
        precision=described.precision,
        threads=threads,
        normalised=described.normalised,
    )


def head_from(state: dict[str, Any]) -> EncoderHead:
    """Build the encoder's head from what `head.skops` holds: arrays and two numbers, no other type."""
    return EncoderHead(
        weights=np.ascontiguousarray(state["weights"]),
        intercept=state["intercept"],
        encoder_scale=float(state["encoder_scale"]),
        ngrams_scale=float(state["ngrams_scale"]),
        levels=state["levels"],
    )


def _sentiment(path: Path, manifest: BundleManifest) -> SentimentModel | None:
    if not any(name.startswith(f"{SENTIMENT_PART}/") for name in manifest.files):
        return None
    described, model = load_sentiment(path / SENTIMENT_PART)
    refuse_other_encoder(described, path / SENTIMENT_PART, manifest.encoder.name)
    return model


def _state(file: Path) -> dict[str, Any]:
    return load_arrays(file.read_bytes(), source=str(file))


def _refuse_pickles(path: Path) -> None:
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() in _PICKLES:
            raise BundleError(
                f"{file}: a pickle can run any code when it is loaded, so a bundle with one is refused; "
                "delete the bundle and train again"
            )


def _check_sum(path: Path, name: str, expected: str) -> None:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise BundleError(f"{path / MANIFEST}: names {name!r}, a file outside of the bundle; refuse it")
    file = path / relative
    if not file.is_file():
        raise BundleError(f"{file}: missing; the bundle is incomplete, copy it again or train again")
    found = sha256_of(file)
    if found != expected:
        raise BundleError(
            f"{file}: its sha256 is {found[:12]}…, {MANIFEST} says {expected[:12]}…; copy the bundle again"
        )


def _check_widths(bundle: Bundle, path: Path) -> None:
    labels, dimensions = len(bundle.manifest.labels), bundle.manifest.encoder.dimensions
    vectors = None if bundle.sentiment is None else bundle.sentiment.vectors
    if vectors is not None and len(vectors.vector_weights) > dimensions:
        raise BundleError(
            f"{path / SENTIMENT_PART}: reads {len(vectors.vector_weights)} dimensions, the encoder gives "
            f"{dimensions}; train it again with `ticketyard train sentiment`"
        )
    several = bundle.several
    thresholds = () if several is None else (several.ngrams, several.encoder)
    if (
        bundle.head.weights.shape != (labels, dimensions)
        or bundle.ngrams.labels != labels
        or any(each.shape != (labels,) for each in thresholds)
    ):
        raise BundleError(
            f"{path}: its parts disagree on {labels} labels or {dimensions} dimensions; train again"
        )
