"""A watch over announced models without Kafka or bundles on disk, for tests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct
from prometheus_client import CollectorRegistry

from schemas.records.derived import ModelPublished, ModelTrial
from streams.runtime.backlog import Backlog
from streams.stages.triage.models.deployment import TicketMessage
from streams.stages.triage.models.model_watch import ModelWatch
from streams.stages.triage.models.shadow import ShadowScoring
from streams.stages.triage.models.trial_metrics import TrialMetrics
from streams.stages.triage.pressure.encoder_budget import EncoderBudget
from streams.stages.triage.pressure.pressure_metrics import PressureMetrics
from tests.unit.understanding.tiny_model import tiny_bundle
from understanding.arrays.errors import BundleError
from understanding.bundle.bundle import Bundle
from understanding.manifest.pointer import CurrentModel
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Shelf:
    """Stands for the folder of bundles: what starts with `bad` cannot be loaded, nor what is `away`.

    `asked` are the versions that were asked for, `loaded` those that were there.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.loaded: list[str] = []
        self.away: set[str] = set()

    def load(self, pointer: CurrentModel, _models: Path, *, threads: int) -> Bundle:
        """Return a tiny bundle of the version that is asked for."""
        assert threads == 1
        self.asked.append(pointer.version)
        if pointer.version.startswith("bad"):
            raise BundleError(f"{pointer.version}: damaged")
        if pointer.version in self.away:
            raise OSError(f"{pointer.version}: the share is not there")
        self.loaded.append(pointer.version)
        bundle = tiny_bundle()
        return replace(bundle, manifest=replace_struct(bundle.manifest, version=pointer.version))


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def shelf_instead_of_disk(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Return a shelf that watches load from in this test."""
    made = Shelf()
    monkeypatch.setattr("streams.stages.triage.models.model_shelf.load_published", made.load)
    return made


def new_budget(
    clock: Clock,
    backlog: Callable[[], Backlog] = lambda: Backlog(0, 0.0),
    registry: CollectorRegistry | None = None,
) -> EncoderBudget:
    """Return what says how much the encoder may read; nothing waits unless a test says so."""
    return EncoderBudget(
        backlog=backlog,
        bound_s=0.25,
        enabled=True,
        metrics=PressureMetrics(registry or CollectorRegistry()),
        clock=clock,
    )


def new_watch(
    clock: Clock,
    new_reader: Any = None,
    budget: EncoderBudget | None = None,
    first_models: Path = Path("no-first-model"),
    models: Path = Path("no-models"),
    *,
    registry: CollectorRegistry | None = None,
) -> ModelWatch:
    """Return a watch that is not started, without a model of the first day or a pointer unless a test gives one."""
    metrics = TrialMetrics(registry or CollectorRegistry())
    return ModelWatch(
        topic="models.published",
        new_reader=new_reader,
        models=models,
        first_models=first_models,
        inference_threads=1,
        shadow=ShadowScoring(metrics, calm=lambda: True),
        metrics=metrics,
        priorities=PriorityTable.load(),
        budget=budget or new_budget(clock),
        clock=clock,
    )


def published(version: str, *, canary: str | None = None, shadow: str | None = None) -> ModelPublished:
    """Return the announcement of a champion, and of trials on all tickets."""

    def trial(name: str | None) -> ModelTrial | None:
        return ModelTrial(version=name, uri=name, sha256="s", share=1.0, salt="salt") if name else None

    return ModelPublished(
        version=version, uri=version, sha256="s", accuracy=0.9, taxonomy_version="1",
        canary=trial(canary), shadow=trial(shadow),
    )  # fmt: skip


def messages(*texts: str) -> list[TicketMessage]:
    """Return messages of one ticket."""
    return [TicketMessage("T-1", CustomerMessage(text, NOW)) for text in texts]


def decided_by(watch: ModelWatch) -> str:
    """Return the version of the model that decides."""
    return watch.score(messages("refund please"))[0].model_version
