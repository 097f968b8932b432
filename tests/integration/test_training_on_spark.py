"""`train --master`: the same model from Spark's executors as from one process, to the last bit."""

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch.foundation.errors import ExecutorFailed
from batch.foundation.settings import BatchSettings
from batch.foundation.training_options import TrainingOptions
from batch.training.encoder import vectors
from batch.training.encoder.vectors import read_by, read_here
from batch.training.shared_work import spark_executor
from batch.training.shared_work.executor import Executor, Job
from batch.training.shared_work.spark_executor import SparkExecutor, training_executor
from batch.training.train import train_bundle
from schemas.taxonomy import load_taxonomy
from tests.small_model import small_rows
from understanding.bundle.bundle import load_bundle
from understanding.manifest.manifest import BundleManifest


@pytest.fixture(scope="module")
def executor() -> Iterator[SparkExecutor]:
    """One Spark with two executor processes for all tests of this file."""
    with training_executor(BatchSettings(spark_master="local[2]")) as running:
        yield running


def _silent(_what: str, _done: float) -> None:
    """Show no progress."""


def test_vectors_of_executors_are_bit_identical(
    executor: SparkExecutor, small_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three chunks of texts come back in their own order, exactly as this process reads them, with progress."""
    monkeypatch.setattr(vectors, "CHUNK", 64)
    texts = [f"{row.text} {number}" for number in range(2) for row in small_rows()][: 2 * vectors.CHUNK + 7]
    assert len(texts) > 2 * vectors.CHUNK
    bundle = load_bundle(small_bundle)
    told: list[float] = []
    read = read_by(executor, small_bundle / "encoder", bundle.manifest.encoder)
    shared = read(texts, lambda _what, done: told.append(done))
    assert shared.tobytes() == read_here(bundle.encoder)(texts, _silent).tobytes()
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def _train(out: Path, encoder_folder: Path, executor: Executor | None) -> BundleManifest:
    return train_bundle(
        small_rows(4),
        TrainingOptions(seed=11),
        taxonomy=load_taxonomy(),
        encoder_dir=encoder_folder,
        out=out,
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
        inputs=(),
        progress=_silent,
        executor=executor,
    )


def test_a_training_on_executors_is_the_same_model(
    executor: SparkExecutor, encoder_folder: Path, tmp_path: Path
) -> None:
    """Every file and the version: where the work was done decides nothing."""
    here = _train(tmp_path / "here", encoder_folder, None)
    there = _train(tmp_path / "there", encoder_folder, executor)
    assert (there.files, there.version) == (here.files, here.version)


def test_an_executor_without_our_code_is_named(
    executor: SparkExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that only this process has is what a cluster without the package looks like."""
    (tmp_path / "only_here.py").write_text("def work(folders, number):\n    return b''\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    work = importlib.import_module("only_here").work
    with pytest.raises(
        ExecutorFailed, match=r"'try': .*No module named 'only_here'.*Install ticketyard\[batch\]"
    ):
        executor.run(Job("try", work, (), 2), _silent)


def test_an_executor_of_another_version_is_refused(
    executor: SparkExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other versions of what computes could give other digits, so the training ends and says which."""
    monkeypatch.setattr(spark_executor, "code_version", lambda: "9.9+other")  # in this process alone
    with pytest.raises(
        ExecutorFailed, match=r"ticketyard 0\.\S+ instead of 9\.9\+other.*install the same versions"
    ):
        executor.run(Job("try", bytes_of, (), 1), _silent)


def bytes_of(_folders: object, number: int) -> bytes:
    """Return the number of a task."""
    return str(number).encode()
