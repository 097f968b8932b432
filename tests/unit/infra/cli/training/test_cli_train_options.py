"""Options of the three trainings: made from one record, each where it does something, moved ones told of."""

import click
import pytest
from click.testing import CliRunner

from batch.foundation.settings import BatchSettings
from batch.foundation.training_options import TrainingOptions
from infra.cli.training import evaluate, train, train_sentiment, train_update


def options_by_name(command: click.Command) -> dict[str, click.Option]:
    return {one.name or "": one for one in command.params if isinstance(one, click.Option)}


def test_each_option_of_the_record_is_one_of_the_command_with_its_default() -> None:
    """A default that is written twice is sooner or later two defaults."""
    options = options_by_name(train.command)
    assert set(TrainingOptions.model_fields) <= set(options)
    for name, field in TrainingOptions.model_fields.items():
        assert options[name].default == (None if name == "seed" else field.default)


def test_settings_that_are_not_set_are_the_records_defaults() -> None:
    """What batch trains by itself is what `train` trains where nothing is said."""
    assert BatchSettings().training == TrainingOptions()


@pytest.mark.parametrize("value", ["-1", "101", "much"])
def test_limits_of_the_record_are_those_of_the_command(value: str) -> None:
    """The message names the option and what it may be."""
    refused = CliRunner().invoke(train.command, ["--out", "new", "--quality", value])
    assert refused.exit_code == 2
    assert "--quality" in refused.output


@pytest.mark.parametrize("option", ["--encoder", "--seed", "--quality", "--sentiment", "--master"])
@pytest.mark.parametrize("command", [train_update.command, train_sentiment.command])
def test_options_that_would_do_nothing_are_none(command: click.Command, option: str) -> None:
    """They did nothing and nothing said so: an update keeps how its base was trained, and feelings have no tiers."""
    refused = CliRunner().invoke(command, ["--out", "new", option])
    assert refused.exit_code == 2
    assert "No such option" in refused.output
    assert option in refused.output


@pytest.mark.parametrize(
    ("command", "given", "told"),
    [
        (train.command, ("--task", "sentiment"), "ticketyard train sentiment"),
        (train.command, ("--update-from", "base"), "ticketyard train update --bundle DIR --corrections FILE"),
        (train.command, ("--corrections", "fixes.csv"), "ticketyard train update"),
        (train.command, ("--search",), "leave it out"),
        (evaluate.command, ("--task", "sentiment"), "ticketyard evaluate sentiment"),
    ],
)
def test_a_moved_option_says_where_it_went(command: click.Command, given: tuple[str, ...], told: str) -> None:
    """Whoever wrote a script for the version before reads what to write now."""
    refused = CliRunner().invoke(command, [*given])
    assert refused.exit_code == 2
    assert f"{given[0]} is no longer an option here" in refused.output
    assert told in " ".join(refused.output.split())


@pytest.mark.parametrize(
    "given", [("--quality", "nan"), ("--high-accuracy", "nan"), ("--seed", "-1"), ("--seed", "99999999999")]
)
def test_a_value_that_no_training_can_use_is_refused_by_its_option(given: tuple[str, ...]) -> None:
    """Each ended in a traceback, the seed's in the middle of a training."""
    refused = CliRunner().invoke(train.command, ["--out", "new", *given])
    assert refused.exit_code == 2
    assert given[0] in refused.output
