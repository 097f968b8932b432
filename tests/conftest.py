"""Fixtures that every kind of test may ask for."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from infra.local.kafka import LocalKafka

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("any_machine", deadline=None)
settings.load_profile("any_machine")

_ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[LocalKafka]":
    """A real broker for the whole run; where it cannot start the tests fail, they never skip."""
    # Imported here: the unit tests of one layer run where the others' dependencies are not installed.
    from infra.local.kafka import LocalKafka  # noqa: PLC0415

    home = Path(os.environ.get("TICKETYARD_HOME", _ROOT / ".ticketyard"))
    with LocalKafka(tmp_path_factory.mktemp("kafka"), jars=home / "jars") as broker:
        yield broker


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of public data sets; fails in CI and skips elsewhere where it is not there."""
    folder = (_ROOT / os.environ.get("TICKETYARD_DATA", "../shared/data")).resolve()
    if folder.is_dir():
        return folder
    message = f"no public data sets at {folder}: set TICKETYARD_DATA to the folder that holds them"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def unique_topic() -> str:
    """A topic name that no other test uses."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def unique_group() -> str:
    """A consumer group that no other test uses."""
    return f"group-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def encoder_folder() -> Path:
    """The published encoder's folder, as `make setup` made it; tests fail where it is missing."""
    home = Path(os.environ.get("TICKETYARD_HOME", _ROOT / ".ticketyard"))
    folder = home.absolute() / "encoder"
    if not (folder / "encoder.json").is_file():
        pytest.fail(f"no encoder in {folder}: run `make setup`, which makes it")
    return folder


@pytest.fixture(scope="session")
def small_bundle(encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a real model bundle that knows eight intents of the taxonomy; trained once a run."""
    from tests.small_model import train_small  # noqa: PLC0415 - as above

    folder = tmp_path_factory.mktemp("models") / "small"
    train_small(folder, encoder_folder)
    return folder
