"""A busy machine: processes that do nothing but spin, beside whatever is measured."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Final

from infra.processes.child import Child, ChildSpec

PROCESSES: Final = 2
_SPIN: Final = [sys.executable, "-S", "-c", "while True: pass"]


@contextmanager
def spinning(folder: Path, processes: int = PROCESSES) -> Iterator[list[int]]:
    """Let processes spin while the block runs; they are killed at its end, and by the kernel if this process dies.

    Yields their process ids; `folder` takes their pid files and empty logs.
    """
    children: list[Child] = []
    try:
        for number in range(processes):
            name = f"spin-{number}"
            spec = ChildSpec(name=name, command=_SPIN, log_file=folder / f"{name}.log", run_folder=folder)
            children.append(Child(spec))
        yield [child.pid for child in children]
    finally:
        for child in children:
            child.stop(grace_s=1.0)


def machine(folder: Path, *, busy: bool) -> AbstractContextManager[object]:
    """Return what makes the machine busy while it is entered, or leaves it as it is."""
    return spinning(folder) if busy else nullcontext()
