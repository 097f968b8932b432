"""Where the work of a training that can be shared out runs: numbered tasks on folders of files.

Spark's executors (`batch.training.shared_work.spark_executor`) need nothing but the installed package and the files.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from batch.training.plan.progress import Progress

Work = Callable[[Sequence[Path], int], bytes]
"""Does one task, by its number, on the job's folders, in their order; a module's function, or a partial of one."""


class Job(NamedTuple):
    """Tasks numbered from 0, each of which reads files of `folders` alone; `name` is what progress and errors say."""

    name: str
    work: Work
    folders: tuple[Path, ...]
    tasks: int


class Executor(Protocol):
    """Anything that does the tasks of a job."""

    def run(self, job: Job, progress: Progress) -> list[bytes]:
        """Return the results in the order of the tasks, and tell while it goes on how many are done."""
        ...
