"""Asks `ticketyard doctor` on behalf of a page, in a process of its own: what it loads goes with it."""

import subprocess
from collections.abc import Sequence

import msgspec

from infra.pipeline import ticketyard
from serving.pages.system.doctor import Finding

_PATIENCE_S = 120.0


def ask_doctor(command: Sequence[str] | None = None) -> list[Finding]:
    """Return what the checks of a pipeline at work say; a doctor who does not answer is a finding, too."""
    asked = list(command or ticketyard("doctor", "--running", "--json"))
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
        found = [msgspec.json.decode(line, type=Finding) for line in done.stdout.splitlines()]
    except (OSError, subprocess.TimeoutExpired, msgspec.DecodeError) as error:
        return [_silent(str(error))]
    return found or [_silent(done.stderr.strip().rpartition("\n")[2] or f"it ended with {done.returncode}")]


def _silent(why: str) -> Finding:
    detail = f"it did not answer ({why})"
    return Finding(name="doctor", verdict="fail", detail=detail, mend="Run `ticketyard doctor` by hand.")
