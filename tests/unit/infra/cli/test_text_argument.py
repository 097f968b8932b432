"""A text that begins with a dash is scored, or the error says how it would be."""

import click
import pytest
from click.testing import CliRunner

from infra.cli.options.text_argument import TextCommand


@click.command(cls=TextCommand, name="read")
@click.argument("text")
@click.option("--tier", "-t")
@click.option("--json", "as_json", is_flag=True)
def read(*, text: str, tier: str | None, as_json: bool) -> None:
    """Show what was read."""
    click.echo(f"{text}|{tier}|{as_json}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--1f2e Content-Type: text/plain My fan is loud"],
            "--1f2e Content-Type: text/plain My fan is loud|None|False",
        ),
        (["- one\n- two"], "- one\n- two|None|False"),
        (["-5 degrees in here", "--json"], "-5 degrees in here|None|True"),
        (["--tier=very gold", "it broke"], "it broke|very gold|False"),
        (["--tier", "gold", "--", "-broken"], "-broken|gold|False"),
    ],
)
def test_a_text_may_begin_with_a_dash(arguments: list[str], said: str) -> None:
    """The boundary line of a pasted mail was taken for an option."""
    assert CliRunner().invoke(read, arguments).output.rstrip("\n") == said


def test_a_single_word_is_explained() -> None:
    """It may as well be a mistyped option."""
    done = CliRunner().invoke(read, ["--jsn"])
    assert done.exit_code == 2
    assert "If it is the text, put -- before it" in done.output
