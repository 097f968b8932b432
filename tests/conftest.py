"""Fixtures that every kind of test may ask for, and how the tests are shared out between processes."""

import fcntl
import os
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

    from infra.local.kafka import LocalKafka

# How long an example takes, to make or to test, says how busy the machine is, not whether the code is right.
settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")

_ROOT = Path(__file__).resolve().parents[1]


_FOLDERS: Final = ("chaos", "end_to_end", "integration", "parity", "contract", "unit")
"""Kinds of tests, those whose single tests take longest first."""

_IN_THIS_PROCESS_SPARK: Final = {
    "integration/test_batch_archive.py",
    "integration/test_batch_views.py",
    "integration/test_trained_predictions.py",
    "integration/test_training_on_spark.py",
    "parity/test_batch_fold.py",
    "parity/test_views_sql.py",
}
"""Files that start Spark in their own process, whose Java machine then stays for all of them."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadScopeScheduling":
    """Give the tests of a file to one process, and those of all files with Spark: what they share starts once."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only where the tests are shared out

    class ByEngine(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "spark" if file.removeprefix("tests/") in _IN_THIS_PROCESS_SPARK else file

    return ByEngine(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that at the end no process waits for another's long test."""
    items.sort(key=_place_in_run)


def _place_in_run(item: pytest.Item) -> tuple[int, bool]:
    """Return what decides how early a test runs; equal ones stay in the order that chance gave them."""
    file = item.path.relative_to(_ROOT / "tests")
    return _FOLDERS.index(file.parts[0]), file.as_posix() not in _IN_THIS_PROCESS_SPARK


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say after the slowest tests which files took longest, what their tests share included."""
    spent = defaultdict[str, float](float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                spent[report.nodeid.partition("::")[0]] += report.duration
    listed = terminalreporter.config.getoption("durations")
    if listed:
        terminalreporter.section(f"slowest {listed} files")
        for file in sorted(spent, key=spent.__getitem__, reverse=True)[:listed]:
            terminalreporter.write_line(f"{spent[file]:8.1f} s {file}")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, which all its processes share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def at_work(run_folder: Path) -> Iterator[IO[str]]:
    """Show the run's other processes, by a lock that all share, that this one still has tests to do."""
    with (run_folder / "at-work").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield lock


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Let the run's other processes wait."""
    with path.open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def kafka(run_folder: Path, at_work: IO[str]) -> "Iterator[LocalKafka]":
    """A real broker for the whole run; where it cannot start the tests fail, they never skip.

    The process that first asks for it starts it, and stops it when all others have done their tests.
    """
    # Imported here: the unit tests of one layer run where the others' dependencies are not installed.
    from infra.local.kafka import LocalKafka  # noqa: PLC0415

    machine = Path(os.environ.get("TICKETYARD_HOME", _ROOT / ".ticketyard"))
    home = run_folder / "broker"
    broker, started = LocalKafka(home, jars=machine / "jars"), home / "started"
    home.mkdir(exist_ok=True)
    with _one_at_a_time(home / "lock"):
        mine = not started.exists()
        if mine:
            broker.start()
            started.touch()
    yield broker
    if mine:
        fcntl.flock(at_work, fcntl.LOCK_EX)
        broker.stop()


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
def small_bundle(encoder_folder: Path, run_folder: Path) -> Path:
    """The folder of a real model bundle that knows eight intents of the taxonomy; trained once a run, read only."""
    from tests.small_model import train_small  # noqa: PLC0415 - as above

    (run_folder / "models").mkdir(exist_ok=True)
    folder = run_folder / "models" / "small"
    with _one_at_a_time(run_folder / "models.lock"):
        if not folder.exists():
            train_small(folder, encoder_folder)
    return folder
