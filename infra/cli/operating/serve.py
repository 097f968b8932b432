"""`ticketyard serve`: the serving layer in this process."""

import click


@click.command()
@click.option("--host", help="Address to listen on; default TICKETYARD_HTTP_HOST, which is loopback.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
def command(host: str | None, port: int | None) -> None:
    """Answer over HTTP until Ctrl-C, on the Kafka and the views that the settings name."""
    from infra.checks.asking import ask_doctor  # noqa: PLC0415 - `--help` need not wait for the engine
    from infra.model_changes import ModelsByCommand  # noqa: PLC0415
    from process.logs import configure_logs  # noqa: PLC0415
    from serving.foundation.settings import ServingSettings  # noqa: PLC0415
    from serving.http.server import serve  # noqa: PLC0415

    configure_logs("serving")
    given = {"http_host": host, "http_port": port}
    settings = ServingSettings()
    named = {name: value for name, value in given.items() if value is not None}
    serve(settings.model_copy(update=named), checks=ask_doctor, changes=ModelsByCommand())
