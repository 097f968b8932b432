"""A Spark that stays from cycle to cycle: what one leaves behind, or breaks, is not the next one's."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest
from pyspark import SparkContext

from batch.foundation.settings import BatchSettings
from batch.warm_session import WarmSession
from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
Scenario = Callable[[WarmSession], None]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """A process of its own: this one's Java machine may be in use by other tests."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        yield executor


def act(scenario: Scenario, home: Path) -> None:
    machine = os.environ.get("TICKETYARD_HOME", str(ROOT / ".ticketyard"))
    settings = BatchSettings(home=home, setup_folder=str(Path(machine).absolute()), spark_master="local[1]")
    with WarmSession(settings) as warm:
        scenario(warm)


def java() -> psutil.Process:
    """Return the Java machine of this process's Spark."""
    gateway = SparkContext._gateway
    assert gateway is not None
    return psutil.Process(gateway.proc.pid)


def another_cycle(warm: WarmSession) -> None:
    first = warm.session()
    first.range(3).createOrReplaceTempView("tickets")
    first.conf.set("spark.sql.codegen.wholeStage", "false")
    before = java()
    second = warm.session()
    assert java() == before
    assert not second.catalog.tableExists("tickets")
    assert second.conf.get("spark.sql.codegen.wholeStage") == "true"


def deaths(warm: WarmSession) -> None:
    warm.session()
    java().kill()
    assert warm.session().range(5).count() == 5
    warm.session().sparkContext._jsc.stop()
    assert not warm.is_running()
    assert warm.session().range(7).count() == 7


def the_end(warm: WarmSession) -> None:
    warm.session().range(1).count()
    processes = [java(), *java().children(recursive=True)]
    warm.replace()
    assert psutil.wait_procs(processes, timeout=PATIENCE_S)[1] == []
    assert not warm.is_running()


def test_sessions_share_java_and_nothing_else(elsewhere: ProcessPoolExecutor, tmp_path: Path) -> None:
    """A view and an option of one cycle are unknown to the next, which finds Java warm."""
    elsewhere.submit(act, another_cycle, tmp_path).result()


def test_a_spark_that_died_is_replaced(elsewhere: ProcessPoolExecutor, tmp_path: Path) -> None:
    """Java was killed, or its Spark stopped: the next cycle gets one that works, without a word from anybody."""
    elsewhere.submit(act, deaths, tmp_path).result()


def test_nothing_is_left_at_the_end(elsewhere: ProcessPoolExecutor, tmp_path: Path) -> None:
    """Java and its children end with the block."""
    elsewhere.submit(act, the_end, tmp_path).result()
