"""Fetch the Java archives that set-up needs, with the Ivy that PySpark carries, and check each one's sum.

They come from Maven Central, or from the mirror that the Ivy settings file in TICKETYARD_IVY_SETTINGS
names. At run time nothing is fetched: everything reads the folder that this module filled.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import stamina
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.foundation.prerequisites import java_command
from schemas.errors import Permanent, Transient
from schemas.settings import CommonSettings

HERE = Path(__file__).parent
IVY_FILE = HERE / "jars.ivy.xml"
LOCK_FILE = HERE / "jars.lock"
PURPOSES = ("kafka", "spark", "web")

_REPORT_EVERY = 20


class JarFetchFailed(Transient):
    """Ivy could not resolve or download everything; the network may be back in a moment."""


class JarSumMismatch(Permanent):
    """A fetched archive is not the one that jars.lock pins."""


def locked_sums(lock_text: str) -> dict[str, str]:
    """Parse lines of `sha256  purpose/file.jar` into {path: sum}."""
    pairs = (line.split(maxsplit=1) for line in lock_text.splitlines() if line.strip())
    return {path: digest for digest, path in pairs}


def wrong_files(folder: Path, sums: Mapping[str, str]) -> list[str]:
    """Return the locked paths that are missing from the folder or have another sum."""
    return [path for path, digest in sums.items() if _sum(folder / path) != digest]


def fetch_jars(settings: CommonSettings, console: Console) -> None:
    """Bring `<home>/jars` to what jars.lock pins; does nothing if it is already.

    Steps: 1 compare sums, 2 let Ivy retrieve into a fresh folder, 3 compare again, 4 swap it in.
    Raises JarFetchFailed after three tries, JarSumMismatch if an archive is not the pinned one.
    """
    sums = locked_sums(LOCK_FILE.read_text(encoding="utf-8"))
    jars = settings.jars_folder
    if wrong_files(jars, sums):  # Step 1
        fresh = jars.with_name(f"jars.fresh-{os.getpid()}")
        try:
            _retrieve(fresh, len(sums), console)  # Step 2
            _check(fresh, sums)  # Step 3
            shutil.rmtree(jars, ignore_errors=True)
            fresh.rename(jars)  # Step 4
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    console.print(f"Java archives are in place under {settings.home}.")


def ivy_command(java: str, ivy: Path, target: Path, ivy_settings: str | None) -> list[str]:
    """Return the command line that resolves jars.ivy.xml and copies the archives to `target/<purpose>/`."""
    chosen = ["-settings", ivy_settings] if ivy_settings else []
    pattern = f"{target}/[conf]/[artifact]-[revision].[ext]"
    # fmt: off
    return [
        java, "-jar", str(ivy), *chosen, "-ivy", str(IVY_FILE), "-confs", *PURPOSES,
        "-types", "jar", "bundle", "-retrieve", pattern,
    ]
    # fmt: on


def _retrieve(target: Path, files: int, console: Console) -> None:
    java = java_command()
    if java is None:
        message = (
            "Java was not found: run `python3 infra/foundation/prerequisites.py` to see what to install."
        )
        raise Permanent(message)
    command = ivy_command(java, _ivy_archive(), target, os.environ.get("TICKETYARD_IVY_SETTINGS"))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        # An archive counts once when its description was found and once when it has arrived.
        task = progress.add_task("Java archives", total=2 * files)

        def step(line: str) -> None:
            if line.startswith("\tfound ") or "[SUCCESSFUL ]" in line:
                progress.advance(task)
                done = int(progress.tasks[task].completed)
                if not console.is_terminal and done % _REPORT_EVERY == 0:
                    console.print(f"Java archives: {done} of {2 * files} steps", highlight=False)

        stamina.retry(on=JarFetchFailed, attempts=3, wait_initial=2.0, timeout=None)(_run_ivy)(command, step)
        progress.update(task, completed=2 * files)


def _run_ivy(command: list[str], step: Callable[[str], None]) -> None:
    last: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as ivy:
        assert ivy.stdout is not None
        for line in ivy.stdout:
            last = [*last[-14:], line.rstrip()]
            step(line)
    if ivy.returncode:
        message = (
            "Ivy could not fetch the Java archives. Check the network, or name a mirror by an Ivy settings "
            "file in TICKETYARD_IVY_SETTINGS. Its last words:\n" + "\n".join(last)
        )
        raise JarFetchFailed(message)


def _check(folder: Path, sums: Mapping[str, str]) -> None:
    wrong = wrong_files(folder, sums)
    if wrong:
        message = (
            f"{len(wrong)} fetched archives differ from infra/local/jars.lock or are missing, "
            f"first {wrong[0]}: remove that module from Ivy's cache (~/.ivy2/cache), then `make setup` again."
        )
        raise JarSumMismatch(message)


def _ivy_archive() -> Path:
    spec = importlib.util.find_spec("pyspark")
    archives = sorted(Path(spec.origin).parent.glob("jars/ivy-*.jar")) if spec and spec.origin else []
    if not archives:
        message = "PySpark, whose Ivy fetches the Java archives, is not installed: run `make setup`."
        raise Permanent(message)
    return archives[-1]


def _sum(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
