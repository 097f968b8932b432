"""A whole pipeline running in a home: what `up`, the demo, the benchmarks and the end-to-end tests share."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

import structlog

from infra.foundation.endpoints import record_endpoints
from infra.foundation.settings import InfraSettings
from infra.foundation.topics import ensure_topics, specs_of
from infra.local.kafka import LocalKafka
from infra.local.ports import free_ports
from infra.pipeline import Addresses, broker_part, choose_addresses, pipeline_parts
from infra.processes.home_lock import HomeLock
from infra.processes.part import PartSpec, PartStatus
from infra.processes.supervisor import Supervisor
from process.parts_report import PartReport, PartsReport, forget_parts, write_parts
from schemas.errors import PipelineError

_log = structlog.get_logger(__name__)

Report = Callable[[str], None]


def use_few_partitions() -> None:
    """Let a pipeline that lives for minutes on one small machine have two partitions, unless told otherwise.

    Each partition of a stage is a transaction of its own at a time; two cores gain nothing by more of them.
    """
    for keyed_by in ("TICKET", "TEAM", "AGENT"):
        os.environ.setdefault(f"TICKETYARD_{keyed_by}_PARTITIONS", "2")


@dataclass(frozen=True)
class RunningPipeline:
    """Broker and topics are there; parts run once `start` was called. `settings` name the broker."""

    supervisor: Supervisor
    settings: InfraSettings
    addresses: Addresses

    def parts(self) -> list[PartSpec]:
        """Return the parts of this pipeline as they would be started."""
        return pipeline_parts(self.settings, self.addresses)

    def start(self, parts: list[PartSpec] | None = None) -> None:
        """Start the given parts, or all, and wait until each says that it is ready."""
        for part in self.parts() if parts is None else parts:
            self.supervisor.add(part)
        self.supervisor.start()


@contextmanager
def running_pipeline(settings: InfraSettings, report: Report) -> Iterator[RunningPipeline]:
    """Lock the home, start the broker (unless the settings name a Kafka), make the topics; stop all at the end."""
    with HomeLock(settings.home) as lock:
        if lock.strays:
            report(f"ended what an earlier run had left: {', '.join(lock.strays)}")
        random = Random(secrets.randbits(64))  # noqa: S311 - spreads ports, keeps no secret
        broker = None if settings.bootstrap_servers else _prepared_broker(settings)
        servers = settings.bootstrap_servers if broker is None else broker.bootstrap_servers
        ports = free_ports(
            random,
            but=[settings.http_port or 0, settings.intake_port or 0, *(broker.ports if broker else ())],
        )
        addresses = choose_addresses(settings, servers, partial(next, ports))
        reachable = settings.model_copy(update={"bootstrap_servers": servers})
        observe = partial(say_parts, settings.home, settings.logs_folder, addresses.endpoints().metrics_urls)
        first = [broker_part(broker)] if broker else []
        with _said_parts(settings.home), Supervisor(first, report=report, observe=observe) as supervisor:
            _make_topics(reachable, report)
            announce_model(reachable, report)
            record_endpoints(settings.home, addresses.endpoints())
            yield RunningPipeline(supervisor, reachable, addresses)


@contextmanager
def _said_parts(home: Path) -> Iterator[None]:
    """Leave no word of parts behind that are no longer supervised."""
    try:
        yield
    finally:
        forget_parts(home)


def say_parts(
    home: Path, logs: Path, metrics_urls: Mapping[str, str], statuses: tuple[PartStatus, ...]
) -> None:
    """Write how the parts are where pages and commands read it."""
    parts = tuple(
        PartReport(
            name=one.name,
            state=one.state,
            pid=one.pid,
            restarts=one.restarts,
            last_exit=one.last_exit,
            log_file=str(logs / f"{one.name}.log"),
            metrics_url=metrics_urls.get(one.name, ""),
        )
        for one in statuses
    )
    try:
        write_parts(home, PartsReport(at=datetime.now(UTC), parts=parts))
    except OSError as error:  # a full disk must not end what keeps the parts running
        _log.warning("how the parts are could not be written", error=str(error))


def _make_topics(settings: InfraSettings, report: Report) -> None:
    created = ensure_topics(
        settings.kafka_python_options(), specs_of(settings), replication_factor=settings.replication_factor
    )
    report(f"topics are in place, {len(created)} of them new")


def announce_model(settings: InfraSettings, report: Report) -> None:
    """Let a Kafka that is new, or was made anew, hear which model decides, and finish what a dead command began.

    Workers believe the pointer in any case, so a pipeline starts also where this cannot be done now.
    """
    models = settings.models_folder
    if not models.exists():
        return
    # Bundles bring numpy, for which no other command that starts a pipeline should wait.
    from batch.releases.effects import follow  # noqa: PLC0415
    from batch.releases.models_lock import models_locked  # noqa: PLC0415

    try:
        with models_locked(models, command="up", now=datetime.now(UTC)):
            follow(
                settings.kafka_python_options(), models, prefix=settings.topic_prefix, progress=lambda _: None
            )
    except PipelineError as error:
        report(f"which model decides was not announced: {error}")


def _prepared_broker(settings: InfraSettings) -> LocalKafka:
    broker = LocalKafka(
        settings.home, jars=settings.jars_folder, port=settings.kafka_port, heap_mb=settings.kafka_heap_mb
    )
    broker.prepare()
    return broker
