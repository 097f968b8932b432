"""The parts of a whole pipeline as the supervisor runs them: broker, stages, batch cycle, serving."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from infra.foundation.endpoints import Endpoints
from infra.foundation.http_probe import responds
from infra.foundation.settings import STAGES, InfraSettings, Stage
from infra.foundation.supervised import SUPERVISED
from infra.local.kafka import LocalKafka
from infra.local.ports import require_free
from infra.processes.child import ChildSpec
from infra.processes.home_lock import run_folder
from infra.processes.part import PartSpec
from schemas.settings import CommonSettings

BROKER_TIER, WORK_TIER = 0, 1
TOGETHER = "stages"
"""The part that runs several stages in one process."""

INTAKE = "intake"
WEBHOOKS = "webhooks"
"""The part that takes events over HTTP."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where the parts of one pipeline meet."""

    bootstrap_servers: str
    http_port: int
    metrics_ports: Mapping[str, int]
    intake_port: int | None = None

    @property
    def http_url(self) -> str:
        """Serving's address for a person or a client on this machine."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def intake_url(self) -> str:
        """The address of the HTTP door for events; empty where `up` runs none."""
        return "" if self.intake_port is None else f"http://127.0.0.1:{self.intake_port}"

    def endpoints(self) -> Endpoints:
        """What other commands of this home are told."""
        metrics = {name: f"http://127.0.0.1:{port}/metrics" for name, port in self.metrics_ports.items()}
        if self.intake_url:
            metrics[INTAKE] = f"{self.intake_url}/metrics"
        return Endpoints(
            bootstrap_servers=self.bootstrap_servers,
            http_url=self.http_url,
            intake_url=self.intake_url,
            metrics_urls=metrics,
        )

    def environment(self) -> dict[str, str]:
        """What every part must know beside the user's own settings."""
        return {
            "TICKETYARD_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "TICKETYARD_HTTP_PORT": str(self.http_port),
            "TICKETYARD_INTAKE_URL": self.intake_url,
            SUPERVISED: "1",
        }


def choose_addresses(settings: InfraSettings, bootstrap_servers: str, free: Callable[[], int]) -> Addresses:
    """Take the ports that the settings ask for and free ones for the rest; raises Permanent if one is taken."""
    if settings.http_port:
        require_free("TICKETYARD_HTTP_PORT", settings.http_port)
    if settings.intake and settings.intake_port:
        require_free("TICKETYARD_INTAKE_PORT", settings.intake_port)
    return Addresses(
        bootstrap_servers=bootstrap_servers,
        http_port=settings.http_port or free(),
        metrics_ports={name: free() for name in _measured(settings)},
        intake_port=(settings.intake_port or free()) if settings.intake else None,
    )


def _measured(settings: InfraSettings) -> Iterator[str]:
    """Yield the parts that have a metrics page on a port of its own."""
    yield from (name for name, _ in worker_processes(settings))
    if settings.webhooks is not None:
        yield WEBHOOKS


def worker_processes(settings: InfraSettings) -> Iterator[tuple[str, tuple[Stage, ...]]]:
    """Yield part name and stages of each process: those together first, then triage, triage-2 and so on."""
    together = settings.stages_together(os.cpu_count() or 1)
    if together:
        yield TOGETHER, together
    for stage in STAGES:
        if stage not in together:
            for number in range(1, settings.workers(stage) + 1):
                yield stage if number == 1 else f"{stage}-{number}", (stage,)


def ticketyard(*arguments: str) -> list[str]:
    """Return the command line of a subcommand, run by this very Python."""
    return [sys.executable, "-m", "infra.cli", *arguments]


def child_spec(
    settings: CommonSettings, name: str, command: list[str], environment: Mapping[str, str]
) -> ChildSpec:
    """Return a part of this home: its log under `logs/`, its pid file under `run/`."""
    return ChildSpec(
        name=name,
        command=command,
        log_file=settings.logs_folder / f"{name}.log",
        run_folder=run_folder(settings.home),
        environment={"TICKETYARD_HOME": str(settings.home), **environment},
    )


def broker_part(broker: LocalKafka) -> PartSpec:
    """Return the embedded broker, prepared already, as the part that starts first and stops last."""
    return PartSpec(child=broker.child_spec(), ready=broker.is_ready, tier=BROKER_TIER, grace_s=20.0)


def stage_parts(settings: InfraSettings, addresses: Addresses) -> Iterator[PartSpec]:
    """Yield each process of the stages; Kafka shares the partitions of a stage out among its workers."""
    for name, stages in worker_processes(settings):
        environment = {
            **addresses.environment(),
            "TICKETYARD_METRICS_PORT": str(addresses.metrics_ports[name]),
            # A worker that is started again under its name takes its partitions back without a rebalance.
            "TICKETYARD_WORKER_ID": name,
        }
        command = ticketyard("stream", *(("all", *stages) if name == TOGETHER else stages))
        yield PartSpec(child=child_spec(settings, name, command, environment), tier=WORK_TIER)


def serving_part(settings: CommonSettings, addresses: Addresses) -> PartSpec:
    """Return serving; it counts as ready when its HTTP server answers, whether or not it has data yet."""
    spec = child_spec(settings, "serving", ticketyard("serve"), addresses.environment())
    return PartSpec(child=spec, ready=lambda: responds(f"{addresses.http_url}/health"), tier=WORK_TIER)


def intake_part(settings: CommonSettings, addresses: Addresses) -> PartSpec:
    """Return the HTTP door for events; it is ready when it answers, whether or not Kafka has its topics yet."""
    environment = {**addresses.environment(), "TICKETYARD_INTAKE_PORT": str(addresses.intake_port)}
    spec = child_spec(settings, INTAKE, ticketyard("stream", INTAKE), environment)
    return PartSpec(child=spec, ready=lambda: responds(f"{addresses.intake_url}/health"), tier=WORK_TIER)


def batch_part(
    settings: InfraSettings, addresses: Addresses, *options: str, every_minutes: float
) -> PartSpec:
    """Return the worker that runs a batch cycle every so many minutes; `options` are others of `batch run`."""
    command = ticketyard("batch", "run", "--every", str(every_minutes), *options)
    spec = child_spec(settings, "batch", command, addresses.environment())
    return PartSpec(child=spec, tier=WORK_TIER, grace_s=25.0)


def webhooks_part(settings: InfraSettings, addresses: Addresses) -> PartSpec:
    """Return the process that tells others of alerts."""
    environment = {
        **addresses.environment(),
        "TICKETYARD_METRICS_PORT": str(addresses.metrics_ports[WEBHOOKS]),
        "TICKETYARD_WORKER_ID": WEBHOOKS,
    }
    spec = child_spec(settings, WEBHOOKS, ticketyard("stream", WEBHOOKS), environment)
    return PartSpec(child=spec, tier=WORK_TIER)


def pipeline_parts(settings: InfraSettings, addresses: Addresses) -> list[PartSpec]:
    """Return every part but the broker, in the order in which they are told of."""
    parts = [serving_part(settings, addresses), *stage_parts(settings, addresses)]
    if settings.webhooks is not None:
        parts.append(webhooks_part(settings, addresses))
    if settings.intake:
        parts.append(intake_part(settings, addresses))
    if every := settings.batch_every_minutes:
        parts.append(batch_part(settings, addresses, every_minutes=every))
    return parts
