"""Check what must be on the machine before anything is installed; needs nothing but Python itself.

Run by `make setup` with the system's Python (`python3 infra/foundation/prerequisites.py`) and by `ticketyard doctor`.
"""

from __future__ import annotations  # an old Python must get far enough to say that it is too old

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

OLDEST_PYTHON = (3, 11)
FIRST_PYTHON_TOO_NEW = (3, 14)
OLDEST_JAVA = 17
LAST_PORT = 65535
PORT_SETTINGS = ("TICKETYARD_KAFKA_PORT", "TICKETYARD_HTTP_PORT", "TICKETYARD_INTAKE_PORT")


def java_command(environment: Mapping[str, str] | None = None) -> str | None:
    """Return the Java to use: JAVA_HOME's, else the first on PATH, else None."""
    chosen = os.environ if environment is None else environment
    if chosen.get("JAVA_HOME"):
        return shutil.which("java", path=str(Path(chosen["JAVA_HOME"]) / "bin"))
    return shutil.which("java", path=chosen.get("PATH"))


def java_major(version_text: str) -> int | None:
    """Return the major version in what `java -version` prints ("1.8.0" counts as 8), None if none."""
    found = re.search(r'version "(?:1\.)?(\d+)', version_text)
    return int(found.group(1)) if found else None


def python_problem(version: tuple[int, int]) -> str | None:
    """Say in one sentence why this Python cannot be used, None if it can."""
    if OLDEST_PYTHON <= version < FIRST_PYTHON_TOO_NEW:
        return None
    found = ".".join(map(str, version))
    return (
        f"Python {found} cannot run Ticketyard: install Python 3.11, 3.12 or 3.13 "
        "and run `make setup PYTHON=python3.11` (or the one that you have)."
    )


def java_problem(command: str | None, version_text: str) -> str | None:
    """Say in one sentence why this Java cannot be used, None if it can."""
    advice = "install a JDK or JRE of 17 or later (Debian, Ubuntu: `apt install openjdk-17-jre-headless`)"
    if command is None:
        return f"Java was not found on PATH or in JAVA_HOME: {advice}."
    major = java_major(version_text)
    if major is None:
        return f"`{command} -version` does not say which Java it is: {advice}, or set JAVA_HOME."
    if major < OLDEST_JAVA:
        return f"Java {major} ({command}) is too old for Kafka and Spark: {advice}, or set JAVA_HOME."
    return None


def port_problem(setting: str, value: str) -> str | None:
    """Say in one sentence why the port that a setting asks for cannot be used, None if it can."""
    if not value.isdigit() or not 0 < int(value) <= LAST_PORT:
        return f"{setting}={value} is not a port: give a number from 1 to {LAST_PORT}, or unset it."
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(value)))
        except OSError as error:
            return (
                f"Port {value} ({setting}) cannot be used ({error.strerror}): "
                "stop what holds it, or unset the setting to get a free port."
            )
    return None


def java_version() -> tuple[str | None, str]:
    """Return the Java to use and what it prints about its version; None and nothing if there is none."""
    command = java_command()
    return command, _java_version_text(command) if command else ""


def _java_version_text(command: str) -> str:
    try:
        answer = subprocess.run(
            [command, "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return answer.stderr + answer.stdout


def problems(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return one sentence for each thing that is missing or wrong; empty if set-up can go on."""
    chosen = os.environ if environment is None else environment
    command = java_command(chosen)
    found = [
        python_problem((sys.version_info.major, sys.version_info.minor)),
        java_problem(command, _java_version_text(command) if command else ""),
        *(port_problem(name, chosen[name]) for name in PORT_SETTINGS if chosen.get(name)),
    ]
    return [sentence for sentence in found if sentence is not None]


def main() -> int:
    """Print each problem on stderr; return 1 if there was one."""
    found = problems()
    for sentence in found:
        print(sentence, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
