"""`ticketyard stream STAGE`: one worker of one stage of the speed layer, in this process."""

import click

from infra.settings import STAGES


@click.command()
@click.argument("stage", type=click.Choice(STAGES))
def command(stage: str) -> None:
    """Run one worker of a stage until Ctrl-C, on the Kafka that the settings name."""
    from streams.run import run_stage  # noqa: PLC0415 - brings Faust, which `--help` must not wait for

    run_stage(stage)
