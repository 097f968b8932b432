"""Checks of this machine: what is installed, what set-up made, and how much room there is."""

import importlib.metadata
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from infra.checks.check import Check, CheckStatus
from infra.foundation.prerequisites import java_problem, java_version, python_problem
from infra.foundation.settings import InfraSettings
from infra.install import lock_path
from infra.local.jars import LOCK_FILE, locked_sums, wrong_files
from understanding.arrays.errors import BundleError

if TYPE_CHECKING:
    from understanding.manifest.manifest import EncoderForms

GIB = 1024**3


def python_check() -> Check:
    """Look at the Python that runs this."""
    problem = python_problem((sys.version_info.major, sys.version_info.minor))
    detail = problem or sys.version.partition(" ")[0]
    return Check("python", CheckStatus.FAIL if problem else CheckStatus.OK, detail)


def java_check() -> Check:
    """Look for a Java that Kafka and Spark can run on."""
    command, text = java_version()
    problem = java_problem(command, text)
    if problem:
        return Check("java", CheckStatus.FAIL, problem)
    return Check("java", CheckStatus.OK, f"{text.splitlines()[0]} ({command})")


def room_check(name: str, available: float, *, least_gib: float, good_gib: float, mend: str) -> Check:
    """Compare what is available in bytes with what the whole pipeline wants."""
    detail = f"{available / GIB:.1f} GiB available"
    if available < least_gib * GIB:
        return Check(name, CheckStatus.FAIL, f"{detail}, {least_gib} are needed", mend)
    if available < good_gib * GIB:
        return Check(name, CheckStatus.WARN, f"{detail}, {good_gib} are better", mend)
    return Check(name, CheckStatus.OK, detail)


def memory_check(*, running: bool = False) -> Check:
    """Broker, Spark, encoder and DuckDB at once want about 4 GiB; while they run, what is left may be less."""
    available = psutil.virtual_memory().available
    mend = "Close other programs, or lower TICKETYARD_KAFKA_HEAP_MB and TICKETYARD_SPARK_DRIVER_MEMORY."
    least, good = (0.25, 0.5) if running else (2, 4)
    return room_check("memory", available, least_gib=least, good_gib=good, mend=mend)


def disk_check(home: Path) -> Check:
    """Look at the room where the home folder is."""
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = psutil.disk_usage(str(existing)).free
    return room_check("disk", free, least_gib=1, good_gib=5, mend="Free some, or move TICKETYARD_HOME.")


def drifted(lock_text: str, installed: Callable[[str], str | None]) -> list[str]:
    """Return `name x, lock y` for each package whose installed version is not the locked one."""
    pins = re.findall(r"^([A-Za-z0-9][^\s=\[]*)(?:\[[^\]]*\])?==([^\s;]+)", lock_text, flags=re.MULTILINE)
    pairs = ((name, version, installed(name)) for name, version in pins)
    return [f"{name} {has or 'missing'}, lock {version}" for name, version, has in pairs if has != version]


def packages_check() -> Check:
    """Compare what is installed with the lock, where there is one for this platform."""
    lock = lock_path("demo")
    if lock is None:
        return Check("packages", CheckStatus.OK, "no lock for this platform; pyproject.toml's ranges hold")
    wrong = drifted(lock.read_text(encoding="utf-8"), _installed_version)
    if wrong:
        return Check(
            "packages", CheckStatus.WARN, f"{len(wrong)} differ: {'; '.join(wrong[:3])}", "Run `make setup`."
        )
    return Check("packages", CheckStatus.OK, "as locked")


def _installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def archives_check(settings: InfraSettings) -> Check:
    """Compare each Java archive with its pinned sum."""
    sums = locked_sums(LOCK_FILE.read_text(encoding="utf-8"))
    wrong = wrong_files(settings.jars_folder, sums)
    if wrong:
        detail = f"{len(wrong)} of {len(sums)} missing or damaged in {settings.jars_folder}"
        return Check("java archives", CheckStatus.FAIL, detail, "Run `make setup`.")
    return Check("java archives", CheckStatus.OK, f"{len(sums)} with the pinned sums")


def encoder_check(settings: InfraSettings) -> Check:
    """Compare the encoder's files with what set-up wrote; tell which form it chose, how quick and how close it is."""
    # OpenVINO, which the encoder's modules bring, takes a second to load.
    from infra.encoder.make import wrong_files as wrong_encoder_files  # noqa: PLC0415
    from understanding.encoder.prepared_encoder import read_prepared  # noqa: PLC0415
    from understanding.encoder.processors import processor_name  # noqa: PLC0415

    try:
        prepared = read_prepared(settings.encoder_folder)
    except BundleError as error:
        return Check("encoder", CheckStatus.FAIL, str(error), "Run `make setup`.")
    wrong = wrong_encoder_files(settings.encoder_folder, prepared)
    if wrong:
        detail = f"{', '.join(wrong)} missing or of another encoder in {settings.encoder_folder}"
        return Check("encoder", CheckStatus.FAIL, detail, "Run `make setup`.")
    forms, here = prepared.forms, processor_name()
    if forms.processor != here:
        detail = f"its form was chosen on another processor ({forms.processor}); this one is {here}"
        return Check("encoder", CheckStatus.WARN, detail, "Run `make setup`, which measures again.")
    return Check("encoder", CheckStatus.OK, f"{prepared.name}; " + "; ".join(form_lines(forms)))


def form_lines(forms: "EncoderForms") -> Iterator[str]:
    """Yield a line for each form that set-up measured, the chosen one first."""
    for form in sorted(forms.measured, key=lambda one: one.precision != forms.chosen):
        chosen = "chosen, " if form.precision == forms.chosen else ""
        one, eight, more = form.milliseconds
        yield (
            f"{form.precision} ({chosen}{one:.1f}, {eight:.1f} and {more:.1f} ms a text in calls of 1, 8 and 32; "
            f"cosine {form.cosine:.4f}, {form.same_decisions:.1%} of decisions as in f32)"
        )
