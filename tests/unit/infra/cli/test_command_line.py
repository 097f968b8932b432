"""The root of `ticketyard`."""

import importlib.util
import subprocess
import sys

import click
import pytest

from infra.cli import __main__ as entry
from infra.cli import root
from infra.cli.command_table import COMMANDS
from infra.foundation.supervised import SUPERVISED
from schemas.errors import Permanent, Transient
from schemas.settings import CommonSettings


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A command line whose only command raises what the test puts in."""
    errors: list[BaseException] = []

    @click.command()
    def command() -> None:
        raise errors[0]

    monkeypatch.setattr(root.LazyGroup, "get_command", lambda *_: command)
    return errors


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists(name: str) -> None:
    """Each has a module with a command that explains itself."""
    command = root.cli.get_command(click.Context(root.cli), name)
    assert command is not None
    assert command.help


def test_help_imports_no_command() -> None:
    """`--help` answers at once, because neither a command nor an engine is imported for it."""
    program = (
        "import sys\nfrom infra.cli.root import run\nrun(['--help'])\n"
        "print([name for name in sys.modules if name.split('.')[0] in "
        "{'faust', 'pyspark', 'duckdb', 'kafka', 'pydantic', 'rich', 'openvino'}])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")
    assert all(name in done.stdout for name in COMMANDS)


def test_an_error_of_the_pipeline_is_one_sentence(
    failing: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback: the message is what a person needs."""
    failing.append(Transient("The broker is away: try again."))
    assert root.run(["x"]) == 1
    assert capsys.readouterr().err == "The broker is away: try again.\n"


def test_a_package_that_is_missing_is_named_with_its_extra(
    failing: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    """A producer's install has few packages; `doctor` ended in a traceback where it was to say what is missing."""
    failing.append(ModuleNotFoundError("No module named 'florb'", name="florb.core"))
    assert root.run(["train", "update"]) == 1
    told = capsys.readouterr().err
    assert "`ticketyard train update` needs florb" in told
    assert "pip install 'ticketyard[batch]'" in told


def test_a_module_of_our_own_that_is_missing_is_a_bug(failing: list[BaseException]) -> None:
    """It is no extra: the traceback is what helps."""
    failing.append(ModuleNotFoundError("No module named 'infra.florb'", name="infra.florb"))
    with pytest.raises(ModuleNotFoundError):
        root.run(["train"])


def test_the_supervisor_learns_that_an_error_is_permanent(
    failing: list[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the supervisor a Permanent error ends with 78, which means: do not start me again."""
    failing.append(Permanent("The topic was recreated."))
    assert root.run(["x"]) == 1
    monkeypatch.setenv(SUPERVISED, "1")
    assert root.run(["x"]) == 78


def test_ctrl_c_is_quiet(failing: list[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    """An interrupted command says nothing and ends with 130."""
    failing.append(KeyboardInterrupt())
    assert root.run(["x"]) == 130
    assert capsys.readouterr().err.strip() == ""


def test_a_wrong_setting_is_named(
    failing: list[BaseException], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence says which variable is wrong and why."""
    monkeypatch.setenv("TICKETYARD_TICKET_PARTITIONS", "0")
    with pytest.raises(ValueError, match="ticket_partitions") as caught:
        CommonSettings()
    failing.append(caught.value)
    assert root.run(["x"]) == 1
    assert "TICKETYARD_TICKET_PARTITIONS: Input should be greater" in capsys.readouterr().err


def test_a_bug_is_not_hidden(failing: list[BaseException]) -> None:
    """What is no error of the pipeline keeps its traceback."""
    failing.append(ValueError("a bug"))
    with pytest.raises(ValueError, match="a bug"):
        root.run(["x"])


def test_a_producers_install_says_how_to_get_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's name is installed with the package, what it stands on with an extra."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit, match=r"pip install 'ticketyard\[cli\]'"):
        entry.main()
