"""Sentiment on the command line: from a labelled file to a folder, and its figures as JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

from batch.training.rows.rows import TrainingError
from infra.cli.training import evaluate_sentiment, train_sentiment
from understanding.arrays.errors import BundleError
from understanding.sentiment.folder import load_sentiment, refuse_other_encoder


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


def test_a_wrong_label_of_a_test_row_is_refused_before_the_fit(tmp_path: Path) -> None:
    """It was found after everything had been read and fitted."""
    file = tmp_path / "rows.csv"
    file.write_text(
        "text,label,split\nit broke,negative,train\nit shines,positive,train\nhm,banana,test\n",
        encoding="utf-8",
    )
    options = ["--words-only", "--labelled", str(file), "--out", str(tmp_path / "m")]
    refused = CliRunner().invoke(train_sentiment.command, options)
    assert isinstance(refused.exception, TrainingError)
    assert "banana" in str(refused.exception)


def test_a_file_named_twice_is_refused(tmp_path: Path) -> None:
    """Its rows counted twice, without a word."""
    file = tmp_path / "rows.csv"
    file.write_text("text,label\nit broke,negative\n", encoding="utf-8")
    twice = ["--words-only", "--labelled", str(file), str(file), "--out", str(tmp_path / "m")]
    refused = CliRunner().invoke(train_sentiment.command, twice)
    assert refused.exit_code == 2
    assert "named twice" in refused.output


def test_a_model_of_another_encoder_is_not_measured(tmp_path: Path) -> None:
    """It was measured with vectors that mean something else, without a word."""
    file, out = tmp_path / "rows.csv", tmp_path / "feelings"
    lines = ["text,label", "my florb broke,negative", "the zindle shines,positive", "florb list,neutral"]
    file.write_text("\n".join(lines), encoding="utf-8")
    CliRunner().invoke(train_sentiment.command, ["--words-only", "--labelled", str(file), "--out", str(out)])
    manifest, _ = load_sentiment(out)
    with pytest.raises(BundleError, match=r"vectors of other.*ticketyard train sentiment"):
        refuse_other_encoder(structs.replace(manifest, encoder="other"), out, "multilingual-e5-small")
    refuse_other_encoder(manifest, out, "multilingual-e5-small")  # reads words alone
