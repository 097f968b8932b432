"""`ticketyard stream`: one worker of a stage in this process, or of several; a stage's reset; the HTTP door."""

import click

from infra.foundation.settings import STAGES, Stage


@click.group()
def command() -> None:
    """Run one worker of a stage or of several, the HTTP door, or let a stage that has stopped forget what it read."""


def _worker(stage: str) -> click.Command:
    @click.command(
        stage, help=f"Run one worker of {stage} until Ctrl-C, on the Kafka that the settings name."
    )
    def run() -> None:
        from streams.run import run_stages  # noqa: PLC0415 - brings Faust, which `--help` must not wait for

        run_stages(stage)

    return run


for _stage in STAGES:
    command.add_command(_worker(_stage))


@command.command("all")
@click.argument("stages", nargs=-1, type=click.Choice(STAGES))
def together(*, stages: tuple[Stage, ...]) -> None:
    """Run one worker of every stage, or of each named one, in this process until Ctrl-C.

    Saves the memory of an interpreter a stage, for a machine with little of it. They share nothing else, but what
    ends one of them ends all, with its exit code.
    """
    from streams.run import run_stages  # noqa: PLC0415 - as above

    run_stages(*dict.fromkeys(stages or STAGES))


@command.command()
def webhooks() -> None:
    """Tell the addresses of the file TICKETYARD_WEBHOOKS of alerts until Ctrl-C (docs/alerts.md)."""
    from streams.webhooks.run import run_webhooks  # noqa: PLC0415 - brings Kafka, as above

    run_webhooks()


@command.command()
@click.option("--host", help="Address to listen on; default TICKETYARD_INTAKE_HOST, which is loopback.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
def intake(host: str | None, port: int | None) -> None:
    """Take events over HTTP until Ctrl-C, for those who do not speak Kafka: docs/intake.md.

    Each answer is of events that Kafka has acknowledged. On other addresses than loopback it wants
    TICKETYARD_INTAKE_KEY, which clients then send as `authorization: Bearer KEY`.
    """
    from streams.foundation.settings import StreamSettings  # noqa: PLC0415 - as above
    from streams.intake.server import run_intake  # noqa: PLC0415 - as above

    given = {"intake_host": host, "intake_port": port}
    run_intake(
        StreamSettings().model_copy(
            update={name: value for name, value in given.items() if value is not None}
        )
    )


@command.command()
@click.argument("stage", type=click.Choice(STAGES))
@click.option("--from-scratch", is_flag=True, help="Delete the whole state, and read all inputs again.")
@click.option(
    "--alone",
    is_flag=True,
    help="With --from-scratch: only this one of the stages that agree with each other.",
)
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would be done.")
def reset(*, stage: str, from_scratch: bool, alone: bool, yes: bool) -> None:
    """Let a stage read inputs that were created again from their beginning.

    Deletes what the stage knows of how far it had read them: the group's committed offsets in those topics, and
    their mark in the state. The state itself stays, so nothing is decided or counted again; lost is only what
    was in the old topic and had not been handled. Where the state topic has been lost, all offsets are deleted
    and all inputs read again.

    --from-scratch deletes all offsets and the whole state. What the inputs no longer hold is then unknown to the
    stage, and what they do hold is done again: see docs/bad-input.md before. Cases, routing, roster and customers are
    reset together, as each remembers what the others said: with one alone, a ticket is wanted in cases and held in
    routing until it next changes.

    Refuses while a worker of the stage is alive. Works on the Kafka that the settings name.
    """
    from infra.stage_reset import StageReset, require_consent, reset_with  # noqa: PLC0415 - brings Faust, as above
    from streams.foundation.settings import StreamSettings  # noqa: PLC0415 - as above

    if alone and not from_scratch:
        raise click.UsageError("--alone goes with --from-scratch; without it, only the named stage is reset")
    settings = StreamSettings()
    stages = reset_with(stage) if from_scratch and not alone else (stage,)
    resets = {name: StageReset(name, settings) for name in stages}
    plans = {name: one.plan(from_scratch=from_scratch) for name, one in resets.items()}
    for plan in plans.values():
        click.echo("\n".join(plan.lines()))
    if not any(plans.values()):
        click.echo("nothing to reset: no input was created again, and the state is there")
        return
    if len(stages) > 1:
        click.echo(f"{', '.join(stages)} are reset together: each remembers what the others said")
    require_consent(plans[stage], yes=yes, alone=alone)
    for name, plan in plans.items():
        resets[name].carry_out(plan)
    click.echo(
        "done; start "
        + " and ".join(f"`ticketyard stream {name}`" for name in stages)
        + ", or `ticketyard up`"
    )
