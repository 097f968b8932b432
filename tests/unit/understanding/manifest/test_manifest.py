"""What a manifest says, and what its version depends on."""

import json
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from tests.unit.understanding.tiny_model import tiny_manifest
from understanding.bundle.writing import with_version
from understanding.manifest.manifest import (
    BundleManifest,
    EncoderForms,
    RowCounts,
    TaxonomyInfo,
    encode_manifest,
)


def test_a_manifest_survives_encoding() -> None:
    """What is written is what is read."""
    manifest = tiny_manifest()
    assert manifest == msgspec.json.decode(encode_manifest(manifest), type=BundleManifest)


def test_an_unknown_field_of_a_later_version_is_ignored() -> None:
    """Fields may be added without another format number."""
    later = {**json.loads(encode_manifest(tiny_manifest())), "card": "card.md"}
    assert msgspec.json.decode(json.dumps(later), type=BundleManifest) == tiny_manifest()


def test_the_version_depends_on_what_decides_answers_alone() -> None:
    """Training again from the same inputs gives the same version, whenever it happens."""
    manifest = with_version(tiny_manifest())
    later = replace(manifest, created_at=datetime(2027, 1, 1, tzinfo=UTC), code_version="0.2.0")
    assert manifest.version == with_version(later).version
    forms = EncoderForms(processor="another", chosen="f32", measured=())
    assert manifest.version == with_version(replace(manifest, forms=forms)).version
    assert manifest.version == with_version(replace(manifest, rows=RowCounts(train=1, val=2, test=3))).version
    others = [
        replace(manifest, threshold=0.7),
        replace(manifest, files={"ngrams.skops": "1" * 64}),
        replace(manifest, labels=manifest.labels[:2]),
        replace(manifest, taxonomy=TaxonomyInfo(version="2", sum="0" * 64)),
    ]
    versions = {with_version(other).version for other in others}
    assert len(versions) == len(others)
    assert manifest.version not in versions
