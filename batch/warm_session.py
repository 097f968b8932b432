"""A Spark that outlives a batch cycle: what Java has loaded and compiled serves the next one."""

import subprocess
from types import TracebackType
from typing import Final, Self

from py4j.protocol import Py4JError
from pyspark import SparkContext
from pyspark.sql import SparkSession

from batch.foundation.errors import SparkUnreachable
from batch.foundation.settings import BatchSettings
from batch.foundation.spark import start_session

_JAVA_ENDS_S: Final = 10.0


class WarmSession:
    """Hands out sessions of one Spark until that is replaced; ends it, with its Java machine, as a context manager.

    Each call of `session` gives one of its own: no view or option of an earlier cycle is in it.
    """

    def __init__(self, settings: BatchSettings) -> None:
        self._settings = settings
        self._first: SparkSession | None = None

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End Spark, whatever it is at."""
        self.replace()

    def is_running(self) -> bool:
        """Tell whether there is a Spark that answers."""
        if self._first is None:
            return False
        try:
            return not self._first.sparkContext._jsc.sc().isStopped()  # noqa: SLF001 - PySpark has no other way
        except (Py4JError, OSError):
            return False

    def session(self) -> SparkSession:
        """Return a session. Starts Spark where none answers, which takes seconds; raises SparkUnreachable."""
        if not self.is_running():
            self.replace()
            try:
                self._first = start_session(self._settings)
            except SparkUnreachable:
                _end_java()
                raise
        assert self._first is not None
        return self._first.newSession()

    def replace(self) -> None:
        """End Spark and its Java machine, if any; the next call of `session` starts another."""
        if self._first is not None:
            self._first = None
            _end_java()


def _end_java() -> None:
    """End this process's Java machine, and forget it, so that another can be started.

    It is asked by a signal and not by PySpark, whose connection may be dead or stand in the middle of an answer.
    """
    gateway, context = SparkContext._gateway, SparkContext._active_spark_context  # noqa: SLF001 - as above
    if context is not None:
        context._jsc = None  # noqa: SLF001 - so that only what this process itself runs for it is stopped
        context.stop()
    if gateway is not None:
        java: subprocess.Popen[bytes] = gateway.proc
        java.terminate()
        try:
            java.wait(_JAVA_ENDS_S)
        except subprocess.TimeoutExpired:
            java.kill()
            java.wait()
        gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - as above
    SparkSession._instantiatedSession = SparkSession._activeSession = None  # noqa: SLF001 - as above
