"""`ticketyard models`: which models there are and which is in use; promote, roll back, try one beside the current."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import structlog

from process.logs import configure_logs

if TYPE_CHECKING:
    from batch.releases.by_hand import ModelsInUse, StatedReason, TrialKind
    from understanding.manifest.releases import Release

log = structlog.get_logger("models")

_reason = click.option("--reason", required=True, help="Why; it stays in the history.")
_by = click.option("--by", metavar="NAME", help="Who; it stays in the history.")
_act = click.option("--act", metavar="ID", help="An id of what is done: what has it counts once.")
_after = click.option("--after", type=int, metavar="NUMBER", help="Do it only if this is the newest release.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


class _Models(click.Group):
    """Knows one subcommand by name alone: its options need what reads labelled files, which takes a moment."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their order."""
        return [*super().list_commands(ctx), "card"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of `card` where it is asked for."""
        if cmd_name != "card":
            return super().get_command(ctx, cmd_name)
        from infra.cli.models.model_card import command as card  # noqa: PLC0415 - see above

        return card


@click.group(cls=_Models)
def command() -> None:
    """List, show, promote and roll back models, and try one beside the current."""


@command.command("list")
@_json
def list_models(*, as_json: bool) -> None:
    """List the stored models, the oldest first, and what each is used for."""
    from understanding.manifest.releases import read_releases  # noqa: PLC0415 - as above
    from understanding.manifest.stored import stored_bundles, summaries  # noqa: PLC0415 - as above

    models = _models()
    found = summaries(stored_bundles(models), read_releases(models))
    if as_json:
        for summary in found:
            click.echo(msgspec.json.encode(summary))
        return
    click.echo(f"{'version':<14}{'created (UTC)':<18}{'learnt':>9}{'tested':>8}{'right':>8}  use")
    for model in found:
        right = "-" if model.test_accuracy is None else f"{model.test_accuracy:.2%}"
        click.echo(
            f"{model.version:<14}{model.created_at.astimezone(UTC):%Y-%m-%d %H:%M}  {model.train_rows:>9,}"
            f"{model.test_rows:>8,}{right:>8}  {', '.join(model.marks)}"
        )


@command.command()
@click.argument("version")
def show(version: str) -> None:
    """Print what is known of a model: its manifest, what the gate said, and when it came into use and went."""
    from batch.releases.bundles import pointer_of  # noqa: PLC0415 - as above
    from batch.releases.verdicts import read_verdict  # noqa: PLC0415 - as above
    from understanding.manifest.manifest import read_manifest  # noqa: PLC0415 - as above
    from understanding.manifest.releases import read_releases  # noqa: PLC0415 - as above

    models = _models()
    manifest = read_manifest(pointer_of(models, version).folder(models))
    verdict = read_verdict(models)
    about: dict[str, Any] = {
        "manifest": msgspec.structs.replace(manifest, labels=(), files={}),
        "labels": len(manifest.labels),
        "verdict": verdict if verdict and verdict.challenger.bundle_version == version else None,
        "releases": [release for release in read_releases(models) if release.model.version == version],
    }
    click.echo(msgspec.json.format(msgspec.json.encode(about), indent=2))


@command.command()
@_json
def history(*, as_json: bool) -> None:
    """Print every change of the models in use, the oldest first: when, what, why."""
    from understanding.manifest.releases import read_releases  # noqa: PLC0415 - as above

    for release in read_releases(_models()):
        click.echo(msgspec.json.encode(release) if as_json else _line(release))


@command.command()
@click.argument("version")
@_reason
@_by
@_act
@_after
def promote(version: str, reason: str, by: str | None, act: str | None, after: int | None) -> None:
    """Make a stored model the current one, whatever the gate said; a damaged one is refused."""
    from batch.releases.by_hand import promote_version  # noqa: PLC0415 - as above

    click.echo(_line(promote_version(_in_use(), version, _why(reason, by, act, after))))


@command.command()
@click.option("--to", metavar="VERSION", help="An earlier model; without it, the one before the current.")
@_reason
@_by
@_act
@_after
def rollback(to: str | None, reason: str, by: str | None, act: str | None, after: int | None) -> None:
    """Go back to an earlier model; the one that is left is not published again but by hand."""
    from batch.releases.by_hand import roll_back  # noqa: PLC0415 - as above

    click.echo(_line(roll_back(_in_use(), to, _why(reason, by, act, after))))


@command.command()
@click.argument("version", required=False)
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=0.05, show_default=True)
@click.option("--off", is_flag=True, help="End it.")
@_reason
@_by
def shadow(*, version: str | None, share: float, off: bool, reason: str, by: str | None) -> None:
    """Let a model score a share of the tickets beside the current one; it decides nothing."""
    _trial("shadow", version, share, off=off, why=_why(reason, by))


@command.command()
@click.argument("version", required=False)
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=0.1, show_default=True)
@click.option("--off", is_flag=True, help="End it.")
@_reason
@_by
def canary(*, version: str | None, share: float, off: bool, reason: str, by: str | None) -> None:
    """Let a model decide a share of the tickets; a ticket stays with one model."""
    _trial("canary", version, share, off=off, why=_why(reason, by))


def _trial(kind: "TrialKind", version: str | None, share: float, *, off: bool, why: "StatedReason") -> None:
    from batch.releases.by_hand import end_trial, try_beside  # noqa: PLC0415 - as above

    if (version is None) != off:
        raise click.UsageError("name a VERSION to try, or --off to end what is tried")
    if version is None:
        click.echo(_line(end_trial(_in_use(), kind, why)))
    else:
        click.echo(_line(try_beside(_in_use(), kind, version, share, why)))


def _in_use() -> "ModelsInUse":
    from batch.foundation.settings import BatchSettings  # noqa: PLC0415 - as above
    from batch.releases.by_hand import ModelsInUse  # noqa: PLC0415 - as above

    settings = BatchSettings()
    return ModelsInUse(_models(), settings.kafka_python_options(), settings.topic_prefix, log.info)


def _models() -> Path:
    from batch.foundation.settings import BatchSettings  # noqa: PLC0415 - as above

    configure_logs("models")
    return BatchSettings().models_folder


def _why(
    reason: str, by: str | None = None, act: str | None = None, after: int | None = None
) -> "StatedReason":
    from batch.releases.by_hand import StatedReason  # noqa: PLC0415 - as above

    return StatedReason(reason, datetime.now(UTC), by, act, after)


def _line(release: "Release") -> str:
    """Return one change in a line: when, what, the models after it, why."""
    beside = [
        f"{kind} {trial.version} at {trial.share:.1%}"
        for kind, trial in (("shadow", release.shadow), ("canary", release.canary))
        if trial is not None
    ]
    models = ", ".join([f"champion {release.model.version}", *beside])
    when = release.decided_at.astimezone(UTC)
    who = f" by {release.by}" if release.by else ""
    return f"{release.number}  {when:%Y-%m-%d %H:%M:%S}Z  {release.kind}{who}: {models}; {release.reason}"
