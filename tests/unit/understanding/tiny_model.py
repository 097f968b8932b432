"""A model bundle of a few terms and labels, made in memory, and an encoder that needs no file."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from msgspec.structs import replace

from schemas.vocabulary import Category, Priority
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import Bundle, EncoderHead
from understanding.manifest.bands import Bands
from understanding.manifest.manifest import BundleManifest, EncoderInfo, Label, RowCounts, TaxonomyInfo
from understanding.tiers.ngrams import NgramFeatures, NgramTier, Terms
from understanding.tiers.several import SeveralLabels

DIMENSIONS = 16
WORDS = ("charged", "charged twice", "login", "my", "password", "refund", "refund please", "twice")
CHARACTERS = (" r", "ch", "ed", "fund ", "in", "log", "pass", "re", "un", "wo")
LABELS = (
    Label(name="double_charge", team="billing", category=Category.BILLING_DISPUTE, priority=Priority.HIGH),
    Label(name="login_problem", team="access", category=Category.ACCOUNT_ACCESS, priority=Priority.URGENT),
    Label(name="somebody_elses", team="triage", priority=Priority.MEDIUM, mapped=False),
    Label(name="want_refund", team="refunds", category=Category.REFUND_REQUEST, priority=Priority.MEDIUM),
)


class HashEncoder:
    """A vector for every text, by its hash: nothing that a text's neighbours could change."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text."""
        rows = [np.frombuffer(hashlib.sha512(text.encode()).digest(), dtype=np.int8) for text in texts]
        vectors = np.array([row[:DIMENSIONS] for row in rows], dtype=np.float32).reshape(-1, DIMENSIONS)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def terms(names: Sequence[str], seed: int) -> Terms:
    """Return terms with made-up frequencies."""
    return Terms(names, np.random.default_rng(seed).uniform(1, 5, len(names)).astype(np.float32))


def tiny_bundle(
    *,
    threshold: float = 0.6,
    bands: Bands | None = None,
    several: SeveralLabels | None = None,
) -> Bundle:
    """Return a bundle with seeded weights; with thresholds of `several` it answers several labels."""
    rng = np.random.default_rng(7)
    width, count = len(WORDS) + len(CHARACTERS), len(LABELS)

    def drawn(*shape: int) -> Matrix:
        return rng.normal(size=shape).astype(np.float32)

    features = NgramFeatures(terms(WORDS, 1), terms(CHARACTERS, 2))
    ngrams = NgramTier(features, weights=drawn(width, count), intercept=drawn(count), scale=1.5)
    head = EncoderHead(
        weights=drawn(count, DIMENSIONS), intercept=drawn(count), encoder_scale=2.0, ngrams_scale=0.5
    )
    manifest = replace(tiny_manifest(threshold=threshold), bands=bands)
    return Bundle(manifest, ngrams, HashEncoder(), head, several=several)


def tiny_manifest(*, threshold: float = 0.6) -> BundleManifest:
    """Return the manifest of the tiny bundle."""
    return BundleManifest(
        version="tiny",
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        labels=LABELS,
        threshold=threshold,
        encoder=EncoderInfo(name="hash", precision="f32", dimensions=DIMENSIONS),
        inputs=(),
        taxonomy=TaxonomyInfo(version="1", sum="0" * 64),
        code_version="0.1.0",
        seed=1,
        split_rule="none",
        rows=RowCounts(train=0, val=0, test=0),
        files={},
    )
