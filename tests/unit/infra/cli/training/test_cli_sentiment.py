"""Sentiment on the command line: from a labelled file to a folder, and its figures as JSON."""

import json
from pathlib import Path

from click.testing import CliRunner

from batch.training.rows.rows import TrainingError
from infra.cli.training import evaluate_sentiment, train_sentiment


def test_a_labelled_file_becomes_a_model_that_can_be_measured(tmp_path: Path) -> None:
    """`train sentiment` writes a folder, and `evaluate sentiment` prints its figures."""
    file, out = tmp_path / "rows.csv", tmp_path / "feelings"
    lines = ["text,label", "my florb broke,negative", "the zindle shines,positive", "florb list,neutral"]
    file.write_text("\n".join(lines), encoding="utf-8")
    trained = CliRunner().invoke(
        train_sentiment.command, ["--words-only", "--labelled", str(file), "--out", str(out)]
    )
    assert trained.exception is None, trained.output
    options = ["--bundle", str(out), "--labelled", str(file), "--json"]
    measured = CliRunner().invoke(evaluate_sentiment.command, options)
    assert measured.exception is None, measured.output
    assert json.loads(measured.stdout)["n"] == 3


def test_labels_that_are_no_levels_are_refused_by_name(tmp_path: Path) -> None:
    """A file of intents is not taken for one of sentiment."""
    file = tmp_path / "rows.csv"
    file.write_text("text,label\nmy invoice is wrong,billing\n", encoding="utf-8")
    options = ["--words-only", "--labelled", str(file), "--out", str(tmp_path / "m")]
    refused = CliRunner().invoke(train_sentiment.command, options)
    assert isinstance(refused.exception, TrainingError)
    assert "billing" in str(refused.exception)
    assert not (tmp_path / "m").exists()
