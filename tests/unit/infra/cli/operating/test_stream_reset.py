"""`ticketyard stream reset`: what its options mean together."""

from click.testing import CliRunner

from infra.cli.operating.stream import reset


def test_alone_needs_from_scratch() -> None:
    """Alone, it changed nothing and said nothing: an ordinary reset went on."""
    found = CliRunner().invoke(reset, ["cases", "--alone", "--yes"])
    assert found.exit_code == 2
    assert "--alone goes with --from-scratch" in found.output
