"""`ticketyard train`, `evaluate` and `triage`: the contract that every labelled file goes through."""

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner, Result

from batch.training.rows.rows import LabelledRow
from infra.cli.models.triage import command as triage
from infra.cli.training.evaluate import command as evaluate
from infra.cli.training.train import command as train
from infra.cli.training.train_sentiment import command as train_sentiment
from infra.cli.training.train_update import command as train_update
from schemas.taxonomy import Taxonomy, load_taxonomy
from tests.small_model import small_rows
from understanding.arrays.errors import BundleError
from understanding.bundle.bundle import load_bundle
from understanding.bundle.registry import pointer_to, write_current
from understanding.explanation.kept_examples import load_examples
from understanding.manifest.bands import BandRules
from understanding.manifest.manifest import Asked, read_manifest
from understanding.sentiment.folder import load_sentiment

SPLITS = ("train", "train", "train", "val", "test")


@pytest.fixture
def home(encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for the commands, with the fetched encoder in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "encoder").symlink_to(encoder_folder)
    monkeypatch.setenv("TICKETYARD_HOME", str(folder))
    monkeypatch.delenv("TICKETYARD_MODELS_URI", raising=False)
    return folder


def _invoke(command: object, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])  # type: ignore[arg-type]  # click's


def _ok(command: object, *arguments: object) -> Result:
    result = _invoke(command, *arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


FROZEN: Final = ("--encoder", "frozen", "--no-card")
"""Fine-tuning and cards have tests of their own; they would take longer than all others here."""


def _split_rows() -> Iterator[tuple[LabelledRow, str]]:
    for number, row in enumerate(small_rows()):
        yield row, SPLITS[number % len(SPLITS)]


def _write_csv(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A CSV file with text, label and split, and two rows that lack something."""
    rows = [{"text": row.text, "label": row.labels[0], "split": split} for row, split in _split_rows()]
    rows += [{"text": "", "label": "a", "split": "train"}, {"text": "b", "label": "", "split": "test"}]
    return _write_csv(tmp_path / "labelled.csv", rows)


def test_train_evaluate_and_triage_on_one_file(home: Path, labelled: Path, tmp_path: Path) -> None:
    """A bundle from train and val rows, figures on the test rows, and a result for a text."""
    out = tmp_path / "bundle"
    trained = _ok(train, "--labelled", labelled, "--out", out, "--seed", 5, *FROZEN, "--card")
    assert "On " in (out / "card" / "card.md").read_text(encoding="utf-8")
    assert "skipped 1 rows without a text and 1 without a label" in trained.stderr
    manifest = read_manifest(out)
    splits = [split for _, split in _split_rows()]
    counts = manifest.rows
    assert (counts.train, counts.val, counts.test) == tuple(map(splits.count, ("train", "val", "test")))
    assert manifest.seed == 5
    assert [(one.name, one.skipped) for one in manifest.inputs] == [("labelled.csv", 2)]

    figures = json.loads(_ok(evaluate, "--bundle", out, "--labelled", labelled, "--json").stdout)
    assert {"accuracy", "macro_f1", "n", "texts_per_second", "in_scope_accuracy", "oos_recall"} <= set(
        figures
    )
    assert figures["n"] == splits.count("test")
    assert figures["accuracy"] > 0.6
    assert manifest.test is not None
    assert (figures["accuracy"], figures["test_sum"]) == (manifest.test.accuracy, manifest.test.test_sum)
    assert "texts_per_second" in _ok(evaluate, "--bundle", out, "--labelled", labelled).stdout

    result = json.loads(_ok(triage, "--bundle", out, "--json", "the app keeps crashing").stdout)
    assert (result["intent"], result["model_version"]) == ("app_crash", manifest.version)


def test_the_formats_and_names_of_columns_do_not_matter(home: Path, tmp_path: Path) -> None:
    """The same rows as JSON lines in gzip and as Parquet, under other names, give the same model."""
    rows = [{"Document": row.text, "Topic": row.labels[0]} for row, _ in _split_rows()]
    packed, table = tmp_path / "rows.jsonl.gz", tmp_path / "rows.parquet"
    packed.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    pq.write_table(pa.Table.from_pylist(rows), table)
    names = ("--text-column", "Document", "--label-column", "Topic")
    for number, file in enumerate((packed, table)):
        _ok(train, "--labelled", file, "--out", tmp_path / str(number), *names, *FROZEN)
    first, second = read_manifest(tmp_path / "0"), read_manifest(tmp_path / "1")
    assert first.files == second.files
    assert first.rows.test == 0
    assert first.validation is not None
    figures = json.loads(
        _ok(evaluate, "--bundle", tmp_path / "0", "--labelled", packed, table, "--json", *names).stdout
    )
    assert figures["n"] == 2 * len(rows)
    assert figures["accuracy"] > 0.9


def test_several_labels_in_a_cell(home: Path, tmp_path: Path) -> None:
    """A row teaches each of its labels, all of them are answered, and the model's file of thresholds is checked."""
    rows = [{"text": row.text, "label": f"{row.labels[0]}|support"} for row, _ in _split_rows()]
    file = _write_csv(tmp_path / "many.csv", rows)
    separated = ("--label-separator", "|")
    _ok(train, "--labelled", file, "--out", tmp_path / "many", *separated, *FROZEN)
    manifest = read_manifest(tmp_path / "many")
    assert "support" in {label.name for label in manifest.labels}
    figures = json.loads(
        _ok(evaluate, "--bundle", tmp_path / "many", "--labelled", file, "--json", *separated).stdout
    )
    assert min(figures["accuracy"], figures["micro_f1"]) > 0.6
    shown = json.loads(_ok(triage, "--bundle", tmp_path / "many", rows[0]["text"], "--json").stdout)
    assert next(label for label, _ in shown["intents"]) == shown["intent"]
    assert "support" in [label for label, _ in shown["intents"]]
    assert "support" in _ok(triage, "--bundle", tmp_path / "many", rows[0]["text"]).stdout
    thresholds = tmp_path / "many/several.skops"
    thresholds.write_bytes(thresholds.read_bytes()[:-1])
    with pytest.raises(BundleError, match=r"several\.skops: its sha256 is"):
        load_bundle(tmp_path / "many")


def test_a_bundle_is_taught_corrections(home: Path, labelled: Path, tmp_path: Path) -> None:
    """The files that it was trained on are asked for and checked; encoder, head and terms stay as they were."""
    base, updated = tmp_path / "base", tmp_path / "updated"
    asked = ("--quality", 0, "--high-accuracy", 0.999, "--keep-examples")
    _ok(train, "--labelled", labelled, "--out", base, *FROZEN, *asked)
    rows = [{"text": f"gnomes on holiday {n}", "label": "app_crash"} for n in range(3)]
    rows += [{"text": "no such label", "label": "never_seen"}]
    fixes = _write_csv(tmp_path / "fixes.csv", rows)
    wanted = ("--bundle", base, "--corrections", fixes, "--out", updated)
    assert "labelled.csv" in str(_invoke(train_update, *wanted).exception)
    assert "taught 3 corrections" in _ok(train_update, *wanted, "--labelled", labelled).stdout.replace(
        "\n", " "
    )
    old, new = read_manifest(base), read_manifest(updated)
    assert new.update is not None
    assert (new.update.base, new.update.corrections, new.update.left_out) == (old.version, 3, 1)
    assert [source.name for source in new.inputs] == ["labelled.csv", "corrections"]
    assert new.asked == old.asked == Asked(loss=0.0, bands=BandRules(high_accuracy=0.999))
    assert new.validation is not None
    assert new.validation.accuracy == new.validation.best_accuracy
    changed = {name for name in old.files if old.files[name] != new.files[name]}
    assert changed == {"ngrams.skops", "head.skops"}  # the head's scales are learnt again on the val rows
    by_source = {one.source for one in load_examples(base)}, {one.source for one in load_examples(updated)}
    assert by_source == ({"taxonomy", "labelled"}, {"taxonomy"}), (
        "an update kept customers' texts without leave"
    )
    again = (*wanted[:-1], tmp_path / "kept", "--labelled", labelled, "--keep-examples", "--no-card")
    _ok(train_update, *again)
    assert load_examples(tmp_path / "kept") == load_examples(base)
    assert "gnomes" not in (updated / "card" / "card.md").read_text(encoding="utf-8")
    result = json.loads(_ok(triage, "--bundle", updated, "--json", "gnomes on holiday").stdout)
    assert (result["intent"], result["model_version"]) == ("app_crash", new.version)


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Taxonomy:
    """The taxonomy of a user who has kept two intents of each category, in all their languages."""
    document = yaml.safe_load(resources.files("schemas").joinpath("taxonomy.yaml").read_bytes())
    for category in document["categories"].values():
        category["intents"] = dict(islice(category["intents"].items(), 2))
    file = tmp_path / "taxonomy.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    monkeypatch.setenv("TICKETYARD_TAXONOMY", str(file))
    return load_taxonomy(file)


def test_without_a_file_the_taxonomy_is_learnt(home: Path, edited: Taxonomy, tmp_path: Path) -> None:
    """A new user has a model before having a labelled ticket."""
    _ok(train, "--out", tmp_path / "first", "--no-card")
    manifest = read_manifest(tmp_path / "first")
    assert {label.name for label in manifest.labels} == set(edited.intents)
    assert all(label.mapped for label in manifest.labels)
    assert manifest.taxonomy.sum == edited.sum
    assert manifest.validation is not None
    assert manifest.validation.accuracy > 0.5


def test_a_bundle_carries_a_sentiment_model(home: Path, labelled: Path, tmp_path: Path) -> None:
    """With --sentiment a bundle reads feelings as that model does, is checked with it, and says what it carries."""
    words = {"negative": "florb", "neutral": "list", "positive": "zindle"}
    rows = [{"text": f"{word} {n}", "label": label} for label, word in words.items() for n in range(9)]
    file = _write_csv(tmp_path / "feelings.csv", rows)
    versions = []
    for name in ("one", "two"):
        feelings, out = tmp_path / f"feelings-{name}", tmp_path / f"bundle-{name}"
        _ok(train_sentiment, "--words-only", "--labelled", file, "--out", feelings)
        _ok(train, "--labelled", labelled, "--sentiment", feelings, "--out", out, *FROZEN)
        versions.append(read_manifest(out).version)
    assert versions[0] == versions[1]  # though trained at another time
    carried = load_bundle(out).sentiment
    assert carried is not None
    assert carried.read("a zindle", "en") == load_sentiment(feelings)[1].read("a zindle", "en")
    assert carried.read("a zindle", "en").value > 0.2
    assert "sentiment" in {source.name for source in read_manifest(out).inputs}
    told = json.loads(_ok(triage, "a zindle", "--bundle", out, "--json").stdout)
    assert told["sentiment"]["value"] > 0.2

    (out / "sentiment/sentiment.skops").write_bytes(b"other")
    with pytest.raises(BundleError, match=r"sentiment/sentiment\.skops: its sha256"):
        load_bundle(out)
    missing = _invoke(train, "--sentiment", tmp_path / "nowhere", "--out", tmp_path / "new")
    assert "nowhere/sentiment.json: no sentiment model there" in str(missing.exception)
    assert not (tmp_path / "new").exists()


def test_triage_reads_lines_with_the_current_model(home: Path, small_bundle: Path, tmp_path: Path) -> None:
    """Each line gets a result, whatever bytes it holds; without a current model there is advice."""
    file = tmp_path / "texts.txt"
    file.write_bytes(b"the app keeps crashing\n\n\xff\xfe\r\n" + b"long " * 3_000)
    missing = _invoke(triage, "--file", file)
    assert isinstance(missing.exception, BundleError)
    assert "ticketyard train --out my-model" in str(missing.exception)

    models = home / "models"
    write_current(models, pointer_to(small_bundle, models, version="small"))
    lines = _ok(triage, "--file", file, "--json").stdout.splitlines()
    results = [json.loads(line) for line in lines]
    assert [result.get("reasons", []) for result in results][1:] == [["empty_text"], [], ["truncated"]]
    assert results[0]["intent"] == "app_crash"
    assert "app_crash" in _ok(triage, "--file", file).stdout


def test_wrong_arguments_are_one_clear_sentence(home: Path, labelled: Path, tmp_path: Path) -> None:
    """An occupied folder, a missing file, no text at all."""
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "mine.txt").touch()
    found = _invoke(train, "--labelled", labelled, "--out", occupied)
    assert "occupied: exists already" in str(found.exception)
    assert (occupied / "mine.txt").exists()
    found = _invoke(train, "--labelled", tmp_path / "nothing.csv", "--out", tmp_path / "new")
    assert "nothing.csv: cannot be read" in str(found.exception)
    assert "give either a TEXT or --file FILE" in _invoke(triage).output
    assert "name at least one labelled file" in _invoke(evaluate, "--bundle", occupied).output
