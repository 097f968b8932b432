"""`ticketyard up`: the whole pipeline under one supervisor, until Ctrl-C."""

import secrets
import signal
from random import Random

import click
from rich.console import Console

from infra.endpoints import record_endpoints
from infra.local.kafka import LocalKafka
from infra.local.ports import free_port
from infra.pipeline import broker_part, choose_addresses, pipeline_parts
from infra.processes.home_lock import HomeLock
from infra.processes.supervisor import Supervisor
from infra.settings import InfraSettings
from infra.topics import ensure_topics, specs_of


@click.command()
def command() -> None:
    """Start broker, workers and serving, and keep them running until Ctrl-C.

    With TICKETYARD_BOOTSTRAP_SERVERS the given Kafka is used and no broker is started. Each part logs to a
    file of its own under the home folder.
    """
    settings = InfraSettings()
    console = Console(stderr=True)
    # While parts start, SIGTERM must end them as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with HomeLock(settings.home) as lock:
        if lock.strays:
            console.print(f"ended what an earlier run had left: {', '.join(lock.strays)}")
        _run(settings, console)


def _run(settings: InfraSettings, console: Console) -> None:
    random = Random(secrets.randbits(64))  # noqa: S311 - spreads ports, keeps no secret
    broker = None if settings.bootstrap_servers else _prepared_broker(settings)
    servers = settings.bootstrap_servers if broker is None else broker.bootstrap_servers
    addresses = choose_addresses(settings, servers, lambda: free_port(random))
    reachable = settings.model_copy(update={"bootstrap_servers": servers})

    def report(sentence: str) -> None:
        console.print(sentence, highlight=False, markup=False)

    with Supervisor([broker_part(broker)] if broker else [], report=report) as supervisor:
        created = ensure_topics(
            reachable.kafka_python_options(),
            specs_of(settings),
            replication_factor=settings.replication_factor,
        )
        report(f"topics are in place, {len(created)} of them new")
        record_endpoints(settings.home, addresses.endpoints())
        for part in pipeline_parts(settings, addresses):
            supervisor.add(part)
        supervisor.start()
        report(f"Kafka: {servers}   API: {addresses.http_url}   logs: {settings.logs_folder}")
        supervisor.run_until_signal()


def _prepared_broker(settings: InfraSettings) -> LocalKafka:
    broker = LocalKafka(settings.home, port=settings.kafka_port, heap_mb=settings.kafka_heap_mb)
    broker.prepare()
    return broker
