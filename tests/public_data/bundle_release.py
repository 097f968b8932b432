"""Letting a pipeline score with a given bundle, without the gate: a check says which model it is about."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from batch.foundation.publishing import Announcement, publish
from schemas.records.derived import ModelPublished
from schemas.records.identity import derived_id
from schemas.records.topics import Topic
from schemas.settings import CommonSettings
from understanding.arrays.stored import sha256_of
from understanding.bundle.registry import write_current
from understanding.manifest.manifest import MANIFEST, read_manifest
from understanding.manifest.pointer import CurrentModel


def release_bundle(settings: CommonSettings, bundle: Path, *, now: datetime | None = None) -> str:
    """Put a bundle among the home's models, point to it and announce it to the workers; return its version."""
    manifest = read_manifest(bundle)
    models = Path(settings.models_uri)
    target = models / manifest.version
    if not target.exists():
        shutil.copytree(bundle, target)
    current = CurrentModel(
        version=manifest.version, uri=manifest.version, sha256=sha256_of(target / MANIFEST)
    )
    write_current(models, current)
    event = ModelPublished(
        version=current.version,
        uri=current.uri,
        sha256=current.sha256,
        accuracy=manifest.test.accuracy if manifest.test else 0.0,
        taxonomy_version=manifest.taxonomy.version,
    )
    announcement = Announcement(
        topic=settings.topic_prefix + Topic.MODELS_PUBLISHED,
        key=current.version,
        id=derived_id(current.version, "released"),
        time=now or datetime.now(UTC),
        event=event,
    )
    publish(settings.kafka_python_options(), [announcement])
    return current.version
