"""Become another program that the kernel kills as soon as the process that started it is gone.

Run as a script: `python leash.py PARENT_PID PROGRAM [ARGUMENT …]`. The program keeps this process's id. Linux
delivers the signal even after `kill -9` of the parent; elsewhere the pid files of `infra.processes.pid_files`
let the next start find and end what was left.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_NOT_FOUND = 127


def main(arguments: list[str]) -> None:
    """Ask for the parent-death signal, then replace this process by the program."""
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have died before the kernel was asked: then nobody is left to send the signal.
    if os.getppid() != parent:
        sys.exit(1)
    try:
        os.execvp(program[0], program)  # noqa: S606 - no shell is wanted: the id must stay the same
    except OSError as error:
        print(f"{program[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(_NOT_FOUND)


if __name__ == "__main__":
    main(sys.argv[1:])
