"""`ticketyard up`: the whole pipeline under one supervisor, until Ctrl-C."""

import signal

import click
from rich.console import Console

from infra.foundation.settings import InfraSettings
from infra.running import running_pipeline


@click.command()
def command() -> None:
    """Start broker, workers and serving, and keep them running until Ctrl-C.

    With TICKETYARD_BOOTSTRAP_SERVERS the given Kafka is used and no broker is started. Each part logs to a
    file of its own under the home folder.
    """
    settings = InfraSettings()
    console = Console(stderr=True)

    def report(sentence: str) -> None:
        console.print(sentence, highlight=False, markup=False)

    # While parts start, SIGTERM must end them as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running_pipeline(settings, report) as pipeline:
        pipeline.start()
        places = pipeline.addresses
        report(
            f"Kafka: {places.bootstrap_servers}   pages and API: {places.http_url}   logs: {settings.logs_folder}"
        )
        if places.intake_url:
            report(f"events over HTTP: {places.intake_url}")
        pipeline.supervisor.run_until_signal()
