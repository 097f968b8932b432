"""The root of the command line: imports a subcommand when it is called, turns errors into one sentence."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from infra.cli.command_table import COMMANDS, EXTRAS
from infra.foundation.supervised import SUPERVISED
from schemas.errors import Permanent, PipelineError

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130
EXIT_STAY_DOWN = 78
"""For the supervisor: starting this part again cannot help."""


class LazyGroup(click.Group):
    """A group that knows its subcommands' names and imports one only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one subcommand."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = f"infra.cli.{COMMANDS[cmd_name].folder}.{cmd_name.replace(' ', '_')}"
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take two words for one name where there is such a command, such as `train update`."""
        if " ".join(args[:2]) in COMMANDS:
            args = [" ".join(args[:2]), *args[2:]]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table's lines without importing anything."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ticketyard")
def cli() -> None:
    """Sort customer-service tickets in real time, learn from history, answer exactly.

    Settings are TICKETYARD_* variables. Commands find by themselves what `ticketyard up` runs in the same
    home; any other Kafka is named by TICKETYARD_BOOTSTRAP_SERVERS.
    """
    _adopt_running_home()


def _adopt_running_home() -> None:
    """Let this command talk to what runs in the home, unless the settings name a Kafka."""
    if os.environ.get("TICKETYARD_BOOTSTRAP_SERVERS"):
        return
    home = Path(os.environ.get("TICKETYARD_HOME") or ".ticketyard").absolute()
    if not (home / "run" / "endpoints.json").exists():
        return
    from infra.foundation.endpoints import read_endpoints  # noqa: PLC0415 - most calls do not get here

    endpoints = read_endpoints(home)
    if endpoints is not None:
        os.environ["TICKETYARD_BOOTSTRAP_SERVERS"] = endpoints.bootstrap_servers


def _settings_sentence(error: ValueError) -> str:
    """Say which TICKETYARD_* variable has a wrong value; any other ValueError is a bug and goes on."""
    from pydantic import ValidationError  # noqa: PLC0415 - most calls do not get here

    if not isinstance(error, ValidationError) or not error.title.endswith("Settings"):
        raise error
    wrong = error.errors(include_url=False)
    named = (f"TICKETYARD_{'_'.join(map(str, line['loc'])).upper()}: {line['msg']}" for line in wrong)
    return f"A setting is wrong: {'; '.join(named)}."


def _missing_sentence(error: ModuleNotFoundError, arguments: Sequence[str]) -> str:
    """Say which extra brings a package that a command lacks; a module of our own that is missing is a bug."""
    package = (error.name or "").partition(".")[0]
    name = next((word for word in (" ".join(arguments[:2]), *arguments[:1]) if word in COMMANDS), "")
    if not name or importlib.util.find_spec(package) is not None:
        raise error
    extra = EXTRAS.get(name) or EXTRAS[COMMANDS[name].folder]
    return f"`ticketyard {name}` needs {package}, which is not installed; run `pip install 'ticketyard[{extra}]'`."


def _sentence(error: Exception, arguments: Sequence[str]) -> str:
    if isinstance(error, ModuleNotFoundError):
        return _missing_sentence(error, arguments)
    assert isinstance(error, ValueError)
    return _settings_sentence(error)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code. Errors of the pipeline are one sentence on stderr.

    TICKETYARD_DEBUG=1 shows where an error came from instead.
    """
    try:
        result = cli.main(args=list(arguments), prog_name="ticketyard", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (`| head`) has seen enough; Python must not complain as it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except (ModuleNotFoundError, ValueError) as error:
        click.secho(_sentence(error, arguments), fg="red", err=True)
        return EXIT_STAY_DOWN if os.environ.get(SUPERVISED) else EXIT_ERROR
    except PipelineError as error:
        if os.environ.get("TICKETYARD_DEBUG") == "1":
            raise
        click.secho(str(error), fg="red", err=True)
        stay_down = isinstance(error, Permanent) and bool(os.environ.get(SUPERVISED))
        return EXIT_STAY_DOWN if stay_down else EXIT_ERROR
    return result if isinstance(result, int) else 0
