"""The checks of `ticketyard doctor`: each returns lines, and none changes anything."""

import importlib.metadata
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from infra.foundation.endpoints import read_endpoints
from infra.foundation.http_probe import gauge_by_address, responds
from infra.foundation.prerequisites import (
    PORT_SETTINGS,
    java_problem,
    java_version,
    port_problem,
    python_problem,
)
from infra.foundation.settings import InfraSettings
from infra.foundation.topics import (
    KafkaUnreachable,
    admin_client,
    mismatches,
    specs_of,
    topic_cautions,
    topic_states,
)
from infra.install import lock_path
from infra.local.jars import LOCK_FILE, locked_sums, wrong_files
from infra.open_transactions import held_back
from schemas.errors import PipelineError
from understanding.arrays.errors import BundleError

if TYPE_CHECKING:
    from understanding.manifest.manifest import EncoderForms

GIB = 1024**3


class CheckStatus(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One line of the report: what was looked at, how it is, and how to mend it where it is not right."""

    name: str
    verdict: CheckStatus
    detail: str
    mend: str = ""


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


def memory_check() -> Check:
    """Broker, Spark, encoder and DuckDB at once want about 4 GiB."""
    available = psutil.virtual_memory().available
    mend = "Close other programs, or lower TICKETYARD_KAFKA_HEAP_MB and TICKETYARD_SPARK_DRIVER_MEMORY."
    return room_check("memory", available, least_gib=2, good_gib=4, mend=mend)


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


def port_checks(settings: InfraSettings) -> Iterator[Check]:
    """Look whether the ports that settings ask for can be used; what runs here may hold them itself."""
    running = read_endpoints(settings.home) is not None
    for name in PORT_SETTINGS:
        value = os.environ.get(name)
        if value and not running:
            problem = port_problem(name, value)
            yield Check(name, CheckStatus.FAIL if problem else CheckStatus.OK, problem or f"{value} is free")


def kafka_check(settings: InfraSettings) -> Check:
    """Ask the named Kafka, if any, for its topics."""
    if not settings.bootstrap_servers:
        return Check("kafka", CheckStatus.OK, "none runs here and none is named; `ticketyard up` starts one")
    specs = specs_of(settings)
    try:
        with admin_client(settings.kafka_python_options(), timeout_ms=5_000) as admin:
            states = topic_states(admin, [spec.name for spec in specs])
    except KafkaUnreachable as error:
        return Check("kafka", CheckStatus.FAIL, str(error))
    wrong = mismatches(specs, states)
    if wrong:
        return Check("kafka", CheckStatus.FAIL, "\n".join(wrong))
    missing = [name for name, state in states.items() if not state.partitions]
    if missing:
        detail = f"{settings.bootstrap_servers} lacks {len(missing)} topics, such as {missing[0]}"
        return Check("kafka", CheckStatus.WARN, detail, "Run `ticketyard topics create`.")
    if careless := topic_cautions(states):
        return Check("kafka", CheckStatus.WARN, "\n".join(careless))
    return Check("kafka", CheckStatus.OK, f"{settings.bootstrap_servers} has all {len(specs)} topics")


def transactions_check(settings: InfraSettings, *, now: datetime) -> Iterator[Check]:
    """Look for transactions that a producer left open: serving, the archive and the stages wait behind them."""
    if not settings.bootstrap_servers:
        return
    names = [spec.name for spec in specs_of(settings)]
    try:
        found = held_back(settings.kafka_python_options(), names, now=now)
    except KafkaUnreachable:
        return  # the check of Kafka has said so
    for one in found:
        mend = (
            "End or restart that producer; Kafka aborts the transaction by itself after its transaction.timeout.ms. "
            f"One that stays: `kafka-transactions.sh --bootstrap-server {settings.bootstrap_servers} abort "
            f"--topic {one.topic} --partition {one.partition} --start-offset {one.offset}`."
        )
        yield Check("transactions", CheckStatus.FAIL, str(one), mend)


def intake_check(settings: InfraSettings) -> Iterator[Check]:
    """Ask the HTTP door for events whether it is ready, or whether it could start where `up` is to run it."""
    running = read_endpoints(settings.home)
    if running is not None and running.intake_url:
        ready = responds(f"{running.intake_url}/ready", good=True)
        detail = f"{running.intake_url} {'takes events' if ready else 'is not ready'}"
        mend = "" if ready else f"Look at {running.intake_url}/ready, which says why."
        yield Check("intake", CheckStatus.OK if ready else CheckStatus.FAIL, detail, mend)
    elif settings.intake:
        # Litestar and Kafka's client take half a second to load.
        from streams.foundation.settings import StreamSettings  # noqa: PLC0415
        from streams.intake.callers import require_key  # noqa: PLC0415

        try:
            require_key(StreamSettings())
        except PipelineError as error:
            yield Check("intake", CheckStatus.FAIL, str(error))


def webhooks_check(settings: InfraSettings) -> Iterator[Check]:
    """Ask the webhooks that run here which addresses they leave alone now, because these have failed in a row."""
    running = read_endpoints(settings.home)
    url = None if running is None else running.metrics_urls.get("webhooks")
    if url is None:
        return
    from streams.webhooks.metrics import CIRCUIT  # noqa: PLC0415 - brings Prometheus' client, as above

    circuits = gauge_by_address(url, CIRCUIT)
    if circuits is None:
        yield Check("webhooks", CheckStatus.FAIL, f"{url} does not answer", "Look at webhooks.log.")
    elif failing := sorted(name for name, is_open in circuits.items() if is_open):
        detail = f"circuit open: {', '.join(failing)} failed again and again, and is tried every 30 s"
        mend = "Mend the address; `ticketyard dead list --stage webhooks/NAME` has what was given up."
        yield Check("webhooks", CheckStatus.WARN, detail, mend)
    else:
        yield Check("webhooks", CheckStatus.OK, f"{len(circuits)} addresses, no circuit is open")


def model_check(settings: InfraSettings) -> Check:
    """Look for the current model bundle."""
    # The inference engine takes a second to load.
    from understanding.bundle.registry import check_published, first_model, read_current  # noqa: PLC0415

    mend = "Run `ticketyard batch train`."
    try:
        models = settings.models_folder
        current = read_current(models)
        if current is not None:
            check_published(current, models)
        first = first_model(settings.first_models_folder)
    except PipelineError as error:
        return Check("model", CheckStatus.FAIL, str(error), mend)
    if current is not None:
        return Check("model", CheckStatus.OK, current.version)
    if first is not None:
        detail = f"none published yet in {models}; all begin with the one of the first day, {first.version}"
        return Check("model", CheckStatus.OK, detail)
    detail = f"none published yet in {models}, and set-up made none"
    return Check("model", CheckStatus.WARN, detail, "Run `make setup`.")


def all_checks(settings: InfraSettings) -> Iterable[Callable[[], Iterable[Check]]]:
    """Return every check, unstarted, in the order of the report."""
    return (
        lambda: [python_check()],
        lambda: [java_check()],
        lambda: [memory_check()],
        lambda: [disk_check(settings.home)],
        lambda: [packages_check()],
        lambda: [archives_check(settings)],
        lambda: [encoder_check(settings)],
        lambda: port_checks(settings),
        lambda: [kafka_check(settings)],
        lambda: transactions_check(settings, now=datetime.now(UTC)),
        lambda: intake_check(settings),
        lambda: webhooks_check(settings),
        lambda: [model_check(settings)],
    )
