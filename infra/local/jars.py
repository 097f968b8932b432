"""Fetch the Java archives that set-up needs, with the Ivy that PySpark carries, and check each one's sum.

They come from Maven Central, or from the mirror that the Ivy settings file in TICKETYARD_IVY_SETTINGS
names. At run time nothing is fetched: everything reads the folder that this module filled.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import stamina
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.prerequisites import java_command
from schemas.errors import Permanent, PipelineError, Transient
from schemas.settings import CommonSettings

HERE = Path(__file__).parent
IVY_FILE = HERE / "jars.ivy.xml"
LOCK_FILE = HERE / "jars.lock"
PURPOSES = ("kafka", "spark", "encoder")
ENCODER_FILES = {"bge-small-en-v1.5.onnx": "model.onnx", "bge-small-en-v1.5-tokenizer.json": "tokenizer.json"}

_BUFFER = 1 << 20
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


def missing_files(folder: Path, sums: Iterable[str]) -> list[str]:
    """Return the locked paths that are missing from the folder; reads no contents, so it is instant."""
    return [path for path in sums if not (folder / path).is_file()]


def fetch_jars(settings: CommonSettings, console: Console) -> None:
    """Bring `<home>/jars` and `<home>/encoder` to what jars.lock pins; does nothing if they are already.

    Steps: 1 compare sums, 2 let Ivy retrieve into a fresh folder, 3 compare again, 4 swap it in,
    5 unpack the encoder.
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
    unpack_encoder(jars / "encoder", settings.encoder_folder)  # Step 5
    console.print(f"Java archives and encoder are in place under {settings.home}.")


def unpack_encoder(archives: Path, target: Path) -> None:
    """Copy the ONNX model and its tokenizer out of the encoder's archive, unless they are there as it has them."""
    target.mkdir(parents=True, exist_ok=True)
    wrong = wrong_encoder_files(archives, target)
    with zipfile.ZipFile(_encoder_archive(archives)) as bundle:
        for inside, name in ENCODER_FILES.items():
            final = target / name
            if name not in wrong:
                continue
            partial = final.with_suffix(".partial")
            with bundle.open(inside) as source, partial.open("wb") as sink:
                shutil.copyfileobj(source, sink, _BUFFER)
            partial.rename(final)


def wrong_encoder_files(archives: Path, target: Path) -> list[str]:
    """Return the encoder's files that are missing from `target` or are not those of its archive."""
    with zipfile.ZipFile(_encoder_archive(archives)) as bundle:
        sums = {name: bundle.getinfo(inside).CRC for inside, name in ENCODER_FILES.items()}
    return [name for name, crc in sums.items() if not _has_crc(target / name, crc)]


def _encoder_archive(archives: Path) -> Path:
    archive = next(iter(sorted(archives.glob("*.jar"))), None)
    if archive is None:
        message = f"The encoder's archive is missing from {archives}: run `make setup`."
        raise Permanent(message)
    return archive


def _has_crc(file: Path, crc: int) -> bool:
    return file.is_file() and zlib.crc32(file.read_bytes()) == crc


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
        message = "Java was not found: run `python3 infra/prerequisites.py` to see what to install."
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


def main() -> int:
    """Fetch everything; print one sentence and return 1 if that is not possible."""
    console = Console(stderr=True)
    try:
        fetch_jars(CommonSettings(), console)
    except PipelineError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
