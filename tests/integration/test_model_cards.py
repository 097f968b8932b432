"""Model cards of real bundles: written beside the bundle, again by command, and without matplotlib."""

import importlib.util
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from batch.cards import quality_sections
from batch.cards.card import CardOptions, write_card
from batch.training.rows.rows import LabelledRow, TrainingError
from infra.cli.models.models import command as models_command
from tests.small_model import small_rows
from understanding.bundle.bundle import load_bundle
from understanding.manifest.manifest import CARD_FOLDER, read_manifest
from understanding.signals.priority import PriorityTable

ROWS = [
    LabelledRow(row.text, row.labels, channel="email" if len(row.text) % 2 else "chat", tier="gold")
    for row in small_rows()
]


def _card(out: Path, bundle: Path, rows: list[LabelledRow] = ROWS, *, show_texts: bool = False) -> str:
    write_card(
        out,
        load_bundle(bundle),
        rows,
        source="made-up rows",
        priorities=PriorityTable.load(),
        progress=lambda _what, _done: None,
        options=CardOptions(show_texts=show_texts),
    )
    return (out / "card.md").read_text(encoding="utf-8")


def test_a_card_has_every_part_and_is_the_same_again(small_bundle: Path, tmp_path: Path) -> None:
    """All sections, four pictures with text in them, one page that loads nothing; equal inputs, equal files."""
    text = _card(tmp_path / "one", small_bundle)
    for section in (
        "Limits",
        "Quality",
        "mixed up",
        "confidence",
        "answering less",
        "worse",
        "cost",
        "who asks",
        "Data",
    ):
        assert section in text
    files = {file.name: file.read_bytes() for file in (tmp_path / "one").iterdir()}
    assert {"card.md", "card.html", "reliability.svg", "coverage.svg", "slices.svg"} <= files.keys()
    assert b"<text" in files["reliability.svg"]
    page = files["card.html"].decode()
    assert page.count("<svg") == sum(name.endswith(".svg") for name in files)
    assert not re.search(r'(src|href)="https?:|<script|<link', page)
    assert "channel: email" in text
    assert "customer tier: gold" in text
    _card(tmp_path / "two", small_bundle)
    assert files == {file.name: file.read_bytes() for file in (tmp_path / "two").iterdir()}


def test_what_customers_wrote_is_shown_only_on_demand(small_bundle: Path, tmp_path: Path) -> None:
    """By default a mistake is named by a sum of its text."""
    mistaken = [LabelledRow("please call 0170 1234567 about the garden gnome", ("app_crash",))] * 3
    assert "garden gnome" not in _card(tmp_path / "closed", small_bundle, mistaken)
    shown = _card(tmp_path / "open", small_bundle, mistaken, show_texts=True)
    assert "garden gnome" in shown
    assert "1234567" not in shown


def test_a_card_without_rows_says_so(small_bundle: Path, tmp_path: Path) -> None:
    """What needs no labelled row is there: limits, data, and what swapped identity terms change."""
    text = _card(tmp_path / "card", small_bundle, [])
    assert "It was measured on no row" in text
    assert "Does it matter who asks" in text
    assert "## Quality" not in text


def test_without_matplotlib_the_card_says_that_pictures_are_left_out(
    small_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures are there as tables all the same."""
    find = importlib.util.find_spec

    def without(name: str, *more: Any) -> Any:
        return None if name == "matplotlib" else find(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    text = _card(tmp_path / "card", small_bundle)
    assert quality_sections.NO_PICTURE.text.split(":")[0] in text
    assert not list((tmp_path / "card").glob("*.svg"))


def test_the_command_writes_the_card_beside_the_bundle(
    small_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or where it is told to, but never over files of somebody else; the bundle stays the same model."""
    models = tmp_path / "models"
    models.mkdir()
    version = read_manifest(small_bundle).version
    (models / version).symlink_to(small_bundle)
    monkeypatch.setenv("TICKETYARD_MODELS_URI", str(models))
    labelled = tmp_path / "rows.csv"
    lines = [f'"{row.text}",{row.labels[0]},sms' for row in small_rows() if '"' not in row.text]
    labelled.write_text("\n".join(["text,label,way", *lines]), encoding="utf-8")
    arguments = ["card", "--labelled", str(labelled), "--channel-column", "way"]
    out = tmp_path / "out"
    done = CliRunner().invoke(models_command, [*arguments, version, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "channel: sms" in (out / "card.md").read_text(encoding="utf-8")
    (out / "mine.txt").touch()
    refused = CliRunner().invoke(
        models_command, [*arguments, "--bundle", str(small_bundle), "--out", str(out)]
    )
    assert isinstance(refused.exception, TrainingError)
    assert (out / "mine.txt").exists()
    assert "name either a VERSION or --bundle" in CliRunner().invoke(models_command, ["card"]).output
    own = shutil.copytree(small_bundle, tmp_path / "own", copy_function=os.link)
    beside = CliRunner().invoke(models_command, ["card", "--bundle", str(own)])
    assert beside.exit_code == 0, beside.output
    assert (own / CARD_FOLDER / "card.html").exists()
    assert load_bundle(own).version == version
