"""A process that can wait steps back, with all that it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_STEPS_BACK = """
import os, subprocess, sys, threading
from pathlib import Path
from process.priority import step_back

go_on, found = threading.Event(), []

def look():
    go_on.wait()
    found.append(os.nice(0))

before = threading.Thread(target=look)
before.start()
step_back({niceness})
after = threading.Thread(target=look)
after.start()
go_on.set()
before.join()
after.join()
child = subprocess.check_output([sys.executable, "-c", "import os; print(os.nice(0))"], text=True)
session = Path("/proc/self/autogroup")
print(os.nice(0), *found, int(child), *(session.read_text() if session.exists() else "").split()[-1:] or ["none"])
"""


def after_stepping_back(niceness: int, *, own_session: bool) -> list[str]:
    """Return the nice values of a process, of a thread before and one after, of a child, and of its session."""
    return subprocess.check_output(
        [sys.executable, "-c", _STEPS_BACK.format(niceness=niceness)],
        text=True,
        start_new_session=own_session,
    ).split()


def niceness_of_session() -> str:
    """Return the nice value of this process's session; "none" where Linux keeps none.

    A process that the first process of a machine started without a session of its own, as CI does, has the file, empty.
    """
    own = Path("/proc/self/autogroup")
    words = own.read_text().split() if own.exists() else []
    return words[-1] if words else "none"


@pytest.mark.parametrize("niceness", [0, 7])
def test_all_that_a_process_starts_steps_back_with_it(niceness: int) -> None:
    """Its threads, its children, and the session that it leads: nice values of two sessions are not compared."""
    *values, session = after_stepping_back(niceness, own_session=True)
    assert (
        values == [str(max(niceness, os.nice(0)))] * 4
    )  # whoever runs the tests may have stepped back already
    assert session in (str(niceness), "none")


def test_somebody_elses_session_keeps_its_priority() -> None:
    """A command in a terminal must not slow down the shell that it came from."""
    before = niceness_of_session()
    *values, session = after_stepping_back(7, own_session=False)
    assert values == [str(max(7, os.nice(0)))] * 4
    assert session == before
