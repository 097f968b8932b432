"""Training's shared work on Spark's executors: one task a Spark task, its files shipped as archives."""

import re
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark import SparkFiles
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from batch.foundation.errors import ExecutorFailed
from batch.foundation.settings import BatchSettings
from batch.foundation.spark import spark_session
from batch.training.plan.progress import Progress
from batch.training.plan.provenance import code_version, library_versions
from batch.training.shared_work.executor import Job, Work

_SCHEMA: Final = "number long, result binary"
_ASK_EVERY_S: Final = 0.2

Parts = Iterable[pa.RecordBatch]


@contextmanager
def spark_executor(session: SparkSession) -> Iterator["SparkExecutor"]:
    """Yield an executor on a running session; its archives on this side are deleted at the end of the block."""
    with TemporaryDirectory(prefix="ticketyard-ship-") as folder:
        yield SparkExecutor(session, Path(folder))


@contextmanager
def training_executor(settings: BatchSettings) -> Iterator["SparkExecutor"]:
    """Start Spark at the settings' master, yield an executor, stop Spark at the end. Needs no archives of Kafka's."""
    with spark_session(settings, reads_kafka=False) as session, spark_executor(session) as executor:
        yield executor


class SparkExecutor:
    """Shares a job's tasks out among Spark's executors, whose code and libraries must be the ones of this process."""

    def __init__(self, session: SparkSession, outbox: Path) -> None:
        self._session, self._outbox = session, outbox
        self._shipped: dict[Path, str] = {}

    def run(self, job: Job, progress: Progress) -> list[bytes]:
        """Return the results in the order of the tasks; ExecutorFailed names what an executor lacks."""
        if not job.tasks:
            return []
        names = [self._ship(folder) for folder in job.folders]
        task = _task_of(job.work, names, _made_by())
        numbers = self._session.range(0, job.tasks, 1, numPartitions=job.tasks)
        try:
            table = self._watched(lambda: numbers.mapInArrow(task, _SCHEMA).toArrow(), job, progress)
        except (PySparkException, Py4JError) as error:
            raise ExecutorFailed(f"Spark could not do {job.name!r}: {what_failed(str(error))}") from error
        results: list[bytes] = table.sort_by("number").column("result").to_pylist()
        return results

    def _ship(self, folder: Path) -> str:
        """Let every executor have the folder, once: Spark unpacks an archive under its file's name."""
        if folder not in self._shipped:
            archive = self._outbox / f"{uuid.uuid4().hex}.zip"
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
                for file in sorted(file for file in folder.rglob("*") if file.is_file()):
                    packed.write(file, file.relative_to(folder))
            self._session.sparkContext.addArchive(str(archive))
            self._shipped[folder] = archive.name
        return self._shipped[folder]

    def _watched(self, action: Callable[[], pa.Table], job: Job, progress: Progress) -> pa.Table:
        """Do a Spark action in a thread of its own, and tell how many of its tasks are done until it ends."""
        context, group = self._session.sparkContext, uuid.uuid4().hex

        def act() -> pa.Table:
            context.setJobGroup(group, job.name, interruptOnCancel=True)
            return action()

        progress(job.name, 0.0)
        with ThreadPoolExecutor(max_workers=1) as thread:
            future = thread.submit(act)
            try:
                while not _is_done(future):
                    progress(job.name, min(1.0, self._tasks_done(group) / job.tasks))
            finally:
                if not future.done():  # interrupted here: the executors must not go on for nobody
                    context.cancelJobGroup(group)
        progress(job.name, 1.0)
        return future.result()

    def _tasks_done(self, group: str) -> int:
        tracker = self._session.sparkContext.statusTracker()
        jobs = [tracker.getJobInfo(number) for number in tracker.getJobIdsForGroup(group)]
        stages = [tracker.getStageInfo(stage) for job in jobs if job for stage in job.stageIds]
        return sum(stage.numCompletedTasks for stage in stages if stage)


def what_failed(report: str) -> str:
    """Return the one line of Spark's report that says what went wrong, and what to do about it."""
    found = re.search(
        r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(\S.*)$", report, re.MULTILINE
    )
    cause = (
        found.group(1)
        if found
        else next((line for line in report.splitlines() if line.strip()), "no reason given")
    )
    if "ModuleNotFoundError" in cause or "ImportError" in cause:
        return (
            f"an executor says {cause}. Install ticketyard[batch] {code_version().partition('+')[0]} into the Python "
            "of every executor, which PYSPARK_PYTHON names (docs/training-on-spark.md says how), and run it again"
        )
    return f"{cause.removeprefix('batch.foundation.errors.ExecutorFailed: ')}"


def refuse_others(made_by: dict[str, str], here: dict[str, str]) -> None:
    """Raise ExecutorFailed where this executor's code or a library is not the driver's: it would decide otherwise."""
    other = [
        f"{name} {here.get(name)} instead of {wanted}"
        for name, wanted in made_by.items()
        if here.get(name) != wanted
    ]
    if other:
        raise ExecutorFailed(
            f"an executor has {', '.join(other)}, so its answers could differ from those of this machine; "
            "install the same versions on both"
        )


def _made_by() -> dict[str, str]:
    return {"ticketyard": code_version(), **library_versions()}


def _task_of(work: Work, names: Sequence[str], made_by: dict[str, str]) -> Callable[[Parts], Parts]:
    """Return what runs on the executors; Spark sends it by its module's name, so nothing but names travels."""

    def run_tasks(batches: Parts) -> Parts:
        refuse_others(made_by, _made_by())
        folders = [Path(SparkFiles.get(name)) for name in names]
        for batch in batches:
            numbers = batch.column(0)
            results = [work(folders, number) for number in numbers.to_pylist()]
            yield pa.RecordBatch.from_arrays([numbers, pa.array(results, pa.binary())], ["number", "result"])

    return run_tasks


def _is_done(future: "Future[pa.Table]") -> bool:
    """Wait a little; an error of the future is left for who asks for its result."""
    try:
        future.exception(timeout=_ASK_EVERY_S)
    except NotYet:
        return False
    return True
