"""Options of `ticketyard train` that would do nothing."""

import pytest
from click.testing import CliRunner

from infra.cli.training import train
from infra.cli.training.useless_options import OF_INTENTS, refuse_useless_options

UPDATE = ("--update-from", "base", "--corrections", "fixes.csv", "--out", "new")


@pytest.mark.parametrize(
    "given",
    [
        ("--search",),
        ("--master", "local[2]"),
        ("--encoder", "frozen"),
        ("--seed", "1"),
        ("--quality", "0"),
        ("--high-accuracy", "0.999"),
        ("--medium-accuracy", "0.95"),
        ("--sentiment", "feelings"),
    ],
)
def test_an_update_refuses_the_options_of_a_training(given: tuple[str, ...]) -> None:
    """They did nothing and nothing said so: an update keeps what its base was trained with."""
    refused = CliRunner().invoke(train.command, [*UPDATE, *given])
    assert refused.exit_code == 2
    assert f"{given[0]} does nothing with --update-from" in refused.output


def test_a_training_refuses_corrections() -> None:
    """They were left out without a word; it learns from labelled files."""
    refused = CliRunner().invoke(train.command, ["--corrections", "fixes.csv", "--out", "new"])
    assert refused.exit_code == 2
    assert "--corrections does nothing without --update-from" in refused.output


@pytest.mark.parametrize(
    "given",
    [
        ("--encoder", "fine-tuned"),
        ("--quality", "1"),
        ("--search",),
        ("--taxonomy", "mine.yaml"),
        ("--update-from", "base"),
        ("--keep-examples",),
        ("--card",),
    ],
)
def test_a_sentiment_model_refuses_the_options_of_intents(given: tuple[str, ...]) -> None:
    """They did nothing and nothing said so: it has no encoder, no taxonomy and no card."""
    refused = CliRunner().invoke(train.command, ["--task", "sentiment", "--out", "feelings", *given])
    assert refused.exit_code == 2
    assert f"{given[0]} does nothing with --task sentiment" in refused.output


def test_options_that_were_not_given_are_no_reason_to_refuse() -> None:
    """Their defaults stand there too."""
    with train.command.make_context("train", [*UPDATE, "--threads", "2", "--no-card"]) as context:
        refuse_useless_options(context)
    with train.command.make_context("train", ["--out", "new", "--seed", "1", "--search"]) as context:
        refuse_useless_options(context)
    with train.command.make_context("train", ["--task", "sentiment", "--out", "new", "--no-card"]) as context:
        refuse_useless_options(context)


def test_each_option_of_train_is_used_or_refused_beside_sentiment() -> None:
    """A new one must not be passed over in silence; what columns a labelled file has matters there too."""
    used = {"more", "labelled", "out", "task", *(f"{part}_column" for part in ("text", "label", "split"))}
    there = {option.name for option in train.command.params}
    assert there == OF_INTENTS | used | {"label_separator", "empty_label"}
