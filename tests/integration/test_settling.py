"""What becomes of bundles: placed, kept for a person, removed, and cleared of customers' texts."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from batch.promotion.settling import settle
from batch.releases.bundles import forget_texts, place
from batch.releases.holds import PublishRules
from batch.releases.verdicts import Verdict
from tests.batch_home import nothing
from tests.unit.understanding.tiny_model import tiny_manifest
from understanding.bundle.bundle import load_bundle
from understanding.bundle.registry import check_published, pointer_to
from understanding.bundle.writing import write_extras, write_manifest
from understanding.explanation.kept_examples import KeptExample, encode_examples, load_examples
from understanding.manifest.manifest import CARD_FOLDER, EXAMPLES, Evaluation, read_manifest

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TAUGHT = KeptExample("where is my refund", "refund_status", "taxonomy")
WRITTEN = KeptExample("my garden gnome is lost", "refund_status", "labelled")


def made(folder: Path, version: str, *examples: KeptExample) -> Path:
    """A bundle of which nothing is there but its manifest, examples and card."""
    (folder / CARD_FOLDER).mkdir(parents=True)
    (folder / CARD_FOLDER / "card.md").write_text(" ".join(one.text for one in examples), encoding="utf-8")
    extras = write_extras(folder, {EXAMPLES: encode_examples(examples)})
    write_manifest(folder, msgspec.structs.replace(tiny_manifest(), version=version, extras=extras))
    return folder


def texts_in(folder: Path) -> str:
    return " ".join(file.read_text(encoding="utf-8") for file in folder.rglob("*") if file.is_file())


def verdict(version: str, *, update: bool = False, waits: bool = False, publish: bool = False) -> Verdict:
    figures = Evaluation(
        bundle_version=version, test_sum="t", n=10, accuracy=0.9, macro_f1=0.9, micro_f1=0.9,
        texts_per_second=1.0, encoder_share=0.5,
    )  # fmt: skip
    return Verdict(
        inputs_sum="i", decided_at=NOW, publish=publish, reason="measured", challenger=figures, champion=None,
        taxonomy_version="1", update_of="v0" if update else None, waiting=version if waits else None,
    )  # fmt: skip


def judged(models: Path, found: Verdict) -> Verdict:
    trained = made(models / "_staging" / "a", found.challenger.bundle_version, TAUGHT)
    return settle(models, trained, found, None, rules=PublishRules(keep_challengers=1), progress=nothing)


def stored(models: Path) -> set[str]:
    return {file.parent.name for file in models.glob("*/bundle.json")}


def test_updates_that_lost_evict_no_winner_that_waits(tmp_path: Path) -> None:
    """One comes with every few corrections: the winner that a person was asked to promote was gone by then."""
    assert judged(tmp_path, verdict("won", waits=True)).waiting == "won"
    for number in range(3):
        lost = judged(tmp_path, verdict(f"lost{number}", update=True))
        assert (lost.waiting, lost.pointer) == ("won", None)
    assert stored(tmp_path) == {"won"}
    for number in range(3):
        judged(tmp_path, verdict(f"whole{number}"))
    assert stored(tmp_path) == {"won", "whole1", "whole2"}


def test_a_later_winner_ends_the_wait(tmp_path: Path) -> None:
    """The earlier one counts among the challengers again, and goes as they do."""
    judged(tmp_path, verdict("v1", waits=True))
    update = judged(tmp_path, verdict("v2", update=True, publish=True))
    assert update.waiting is None
    assert update.pointer is not None
    judged(tmp_path, verdict("v3"))
    assert stored(tmp_path) == {"v2", "v3"}


def test_a_bundle_made_again_without_texts_takes_the_place_of_one_with(tmp_path: Path) -> None:
    """Keeping texts changes no version: the folder with them was kept, and the clean one deleted."""
    made(tmp_path / "v1", "v1", WRITTEN)
    place(tmp_path, made(tmp_path / "_staging", "v1", TAUGHT), "v1", released=())
    assert "gnome" not in texts_in(tmp_path / "v1")
    assert load_examples(tmp_path / "v1") == (TAUGHT,)


@pytest.fixture
def released(small_bundle: Path, tmp_path: Path) -> Path:
    """A whole bundle in the folder of its version, with a customer's text in examples and card."""
    folder = tmp_path / read_manifest(small_bundle).version
    shutil.copytree(small_bundle, folder)
    extras = write_extras(folder, {EXAMPLES: encode_examples([TAUGHT, WRITTEN])})
    write_manifest(folder, msgspec.structs.replace(read_manifest(folder), extras=extras))
    (folder / CARD_FOLDER).mkdir(exist_ok=True)
    (folder / CARD_FOLDER / "card.md").write_text(WRITTEN.text, encoding="utf-8")
    return folder


def test_a_released_bundle_made_again_stays_the_one_that_was_announced(
    released: Path, small_bundle: Path, tmp_path: Path
) -> None:
    """Workers check its manifest by the announced sum, and a rollback does; its card is the new one's."""
    version, pointer = released.name, pointer_to(released, tmp_path, version=released.name)
    again = shutil.copytree(small_bundle, tmp_path / "_staging")
    shutil.rmtree(again / CARD_FOLDER, ignore_errors=True)
    (again / CARD_FOLDER).mkdir()
    (again / CARD_FOLDER / "card.md").write_text("no text", encoding="utf-8")
    assert forget_texts(tmp_path) == [version]
    assert place(tmp_path, again, version, {version}) == pointer
    check_published(pointer, tmp_path)
    assert (released / CARD_FOLDER / "card.md").read_text(encoding="utf-8") == "no text"


def test_forgetting_texts_leaves_models_that_answer_as_before(released: Path, tmp_path: Path) -> None:
    """Also those that are not made again: the champion kept what customers wrote after the setting was turned off."""
    made(tmp_path / "clean", "clean", TAUGHT)
    made(tmp_path / "mine", "v9", WRITTEN)
    pointer = pointer_to(released, tmp_path, version=released.name)
    assert forget_texts(tmp_path) == [released.name]
    assert not (released / EXAMPLES).exists()
    assert not (released / CARD_FOLDER).exists()
    check_published(pointer, tmp_path)
    assert load_bundle(released).version == released.name
    assert load_examples(tmp_path / "clean") == (TAUGHT,)
    assert load_examples(tmp_path / "mine") == (WRITTEN,), "a person put it there, with their own wish"
    assert forget_texts(tmp_path) == []
