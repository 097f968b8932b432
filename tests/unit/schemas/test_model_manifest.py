"""What a manifest says, and what its version depends on."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from schemas.model.manifest import (
    SEVERAL,
    BundleManifest,
    EncoderInfo,
    RowCounts,
    TaxonomyInfo,
    encode_manifest,
)
from schemas.model.writing import format_of, with_version
from tests.unit.schemas.tiny_model import tiny_manifest


def test_a_manifest_survives_encoding() -> None:
    """What is written is what is read."""
    manifest = tiny_manifest()
    assert manifest == msgspec.json.decode(encode_manifest(manifest), type=BundleManifest)


def test_an_unknown_field_of_a_later_version_is_ignored() -> None:
    """Fields may be added without another format number."""
    later = {**json.loads(encode_manifest(tiny_manifest())), "card": "card.md"}
    assert msgspec.json.decode(json.dumps(later), type=BundleManifest) == tiny_manifest()


@pytest.mark.parametrize(
    ("files", "head"),
    [((SEVERAL,), {}), ((), {"other": {}}), (("sentiment/sentiment.json",), {})],
)
def test_a_part_that_an_earlier_reader_leaves_out_makes_another_format(
    files: tuple[str, ...], head: dict[str, Any]
) -> None:
    """While workers were upgraded, older and newer ones answered differently under one model version."""
    encoder = EncoderInfo(name="x", precision="f32", dimensions=8)
    assert format_of(("ngrams.skops", "head.skops", *files), {"weights": None, **head}, encoder) == 3
    assert format_of(("ngrams.skops", "head.skops"), {"weights": None}, encoder) == 2
    more_layers = EncoderInfo(name="x", precision="f32", dimensions=8, layers=(2,))
    assert format_of(("ngrams.skops", "head.skops"), {"weights": None}, more_layers) == 4
    integers = EncoderInfo(name="x", precision="int8", dimensions=8)
    assert format_of(("ngrams.skops", "head.skops"), {"weights": None}, integers) == 5
    exiting = EncoderInfo(name="x", precision="f32", dimensions=8, exit_after=2)
    assert format_of(("ngrams.skops", "head.skops"), {"weights": None}, exiting) == 5
    assert format_of(("ngrams.skops", "head.skops", "student.skops"), {"weights": None}, exiting) == 6


def test_the_version_depends_on_what_decides_answers_alone() -> None:
    """Training again from the same inputs gives the same version, whenever it happens."""
    manifest = with_version(tiny_manifest())
    later = replace(manifest, created_at=datetime(2027, 1, 1, tzinfo=UTC), code_version="0.2.0")
    assert manifest.version == with_version(later).version
    assert manifest.version == with_version(replace(manifest, rows=RowCounts(train=1, val=2, test=3))).version
    others = [
        replace(manifest, threshold=0.7),
        replace(manifest, exit_threshold=0.7),
        replace(manifest, files={"ngrams.skops": "1" * 64}),
        replace(manifest, labels=manifest.labels[:2]),
        replace(manifest, taxonomy=TaxonomyInfo(version="2", sum="0" * 64)),
    ]
    versions = {with_version(other).version for other in others}
    assert len(versions) == len(others)
    assert manifest.version not in versions
