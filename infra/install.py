"""Create .venv and install the locked dependencies; needs nothing but Python itself.

Run by `make setup` with the system's Python: `python3 infra/install.py demo` or `all`. Installs by hash from
the lock where there is one for this platform and Python, else the ranges of pyproject.toml. pip's own
configuration (index, mirror, proxy, cache) is the user's and is not touched. Does nothing if nothing changed.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "ticketyard-setup.json"
EXTRAS = {"demo": "streams,batch,serving,xlsx,build", "all": "streams,batch,serving,train,xlsx,dev"}


def lock_path(kind: str, root: Path = ROOT) -> Path | None:
    """Return the lock for this platform and Python, None where there is none."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    path = root / "requirements" / f"{sys.platform}-{platform.machine().lower()}-{version}-{kind}.txt"
    return path if path.exists() else None


def fingerprint(kind: str, root: Path = ROOT) -> str:
    """Return a sum over all that decides what gets installed."""
    import tomllib  # noqa: PLC0415 - an old Python must be able to import this module

    lock = lock_path(kind, root)
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    # How tools lint and test does not decide what is installed.
    installed = [settings["build-system"], settings["project"], settings["tool"]["setuptools"]]
    parts = [sys.version, str(root), json.dumps(installed, sort_keys=True)]
    parts += [lock.read_text(encoding="utf-8")] if lock else []
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_installed(kind: str, stamp: dict[str, str], root: Path = ROOT) -> bool:
    """Say whether the stamp of the last run covers what is asked for; `all` covers `demo`."""
    return any(stamp.get(known) == fingerprint(known, root) for known in {kind, "all"})


def package_count(lock_text: str) -> int:
    """Return how many packages a lock pins."""
    return len(re.findall(r"^[A-Za-z0-9][^\s=]*==", lock_text, flags=re.MULTILINE))


def describe(line: str) -> str | None:
    """Return what of a line of pip's output is worth showing, None for nothing."""
    if line.startswith(("Collecting ", "Obtaining ")):
        return line.split()[1].partition("==")[0]
    if line.startswith(("Installing collected packages", "Building wheels for collected packages")):
        return line.partition(":")[0].lower() + " (this takes a minute)"
    if line.startswith("ERROR"):
        return line
    return None


def _pip(arguments: list[str], packages: int) -> None:
    """Run pip; show one line that counts packages on a terminal, every twentieth package elsewhere."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--progress-bar", "off", *arguments]
    terminal, seen, output = sys.stderr.isatty(), 0, []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            output.append(line)
            shown = describe(line)
            if shown is None:
                continue
            seen += line.startswith(("Collecting ", "Obtaining "))
            if terminal:
                print(f"\r\033[K  [{seen}/{packages}] {shown}", end="", file=sys.stderr, flush=True)
            elif seen % 20 == 0 or "(" in shown:
                print(f"  [{seen}/{packages}] {shown}", file=sys.stderr, flush=True)
    if terminal:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if pip.returncode:
        print("".join(output[-25:]), file=sys.stderr)
        sys.exit("pip could not install the dependencies (see above): mend that and run it again.")


def _install(kind: str) -> None:
    if not (VENV / "bin" / "python").exists():
        print("Creating .venv", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    lock, build = lock_path(kind), lock_path("build")
    if lock and build:
        count = package_count(lock.read_text(encoding="utf-8"))
        print(f"Installing {count} locked packages ({kind})", file=sys.stderr)
        _pip(["--require-hashes", "-r", str(build)], 1)
        # What comes as source is built with the setuptools that the lock pins, not one fetched unchecked.
        _pip(["--require-hashes", "--no-build-isolation", "-r", str(lock)], count)
        _pip(["--no-deps", "--no-build-isolation", "-e", "."], 1)
    else:
        print(f"No lock for this platform: installing the ranges of pyproject.toml ({kind})", file=sys.stderr)
        _pip(["-e", f".[{EXTRAS[kind]}]"], 0)


def main(arguments: list[str]) -> int:
    """Install `demo` or `all`, unless that is done already; return the exit code."""
    kind = arguments[0] if arguments else ""
    if kind not in EXTRAS:
        print(f"usage: install.py {'|'.join(EXTRAS)}", file=sys.stderr)
        return 2
    stamp = json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() else {}
    if is_installed(kind, stamp):
        return 0
    _install(kind)
    STAMP.write_text(json.dumps({**stamp, kind: fingerprint(kind)}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
