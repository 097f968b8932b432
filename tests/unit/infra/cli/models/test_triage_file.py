"""`ticketyard triage --file`: what is no file of lines is said before a model is loaded."""

import pytest
from click.testing import CliRunner

from infra.cli.models.triage import command


@pytest.mark.parametrize(("file", "said"), [("no/such/file", "does not exist"), (".", "is a directory")])
def test_what_is_no_file_is_said(file: str, said: str) -> None:
    """Both were tracebacks, after the model had been loaded."""
    result = CliRunner().invoke(command, ["--file", file])
    assert result.exit_code == 2
    assert said in result.output
