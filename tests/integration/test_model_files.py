"""Bundles on disk: written whole or not at all, and refused when anything about them is wrong."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import Permanent
from tests.small_model import UNKNOWN, small_rows, train_small
from understanding.arrays.errors import BundleError
from understanding.bundle.bundle import load_bundle
from understanding.bundle.registry import check_published, load_published, pointer_to, write_current
from understanding.bundle.writing import bundle_being_written
from understanding.manifest.manifest import read_manifest
from understanding.manifest.pointer import CurrentModel, read_current
from understanding.scoring.scoring import score


@pytest.fixture
def copy(small_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the small bundle that a test may damage; all but the encoder's weights, which are linked."""
    return shutil.copytree(small_bundle, tmp_path / "bundle", copy_function=_copy_or_link)


def _copy_or_link(source: str, target: str) -> None:
    place = os.link if source.endswith(".onnx") else shutil.copyfile
    place(source, target)


def _edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = folder / "bundle.json"
    content = json.loads(file.read_bytes())
    change(content)
    file.write_text(json.dumps(content))


def test_a_bundle_is_self_contained_and_says_where_it_comes_from(copy: Path, small_bundle: Path) -> None:
    """Copied anywhere it loads and scores alike; its manifest knows rows, labels and measurements."""
    manifest = read_manifest(copy)
    assert manifest.test is not None
    assert manifest.test.n == manifest.rows.test > 0
    assert manifest.validation is not None
    unknown = next(label for label in manifest.labels if label.name == UNKNOWN)
    assert (unknown.team, unknown.category, unknown.mapped) == ("triage", None, False)
    texts = [row.text for row in small_rows()]
    assert score(load_bundle(copy), texts) == score(load_bundle(small_bundle), texts)


def test_the_same_training_gives_the_same_version_and_bytes(
    small_bundle: Path, encoder_folder: Path, tmp_path: Path
) -> None:
    """Also the first tier's file is identical, byte for byte."""
    again = train_small(tmp_path / "again", encoder_folder)
    assert again.version == read_manifest(small_bundle).version
    assert (tmp_path / "again/ngrams.skops").read_bytes() == (small_bundle / "ngrams.skops").read_bytes()


@pytest.mark.parametrize("name", ["ngrams.skops", "head.skops", "encoder/words.npy"])
def test_a_wrong_sum_is_refused_by_the_files_name(copy: Path, name: str) -> None:
    """One changed byte is enough."""
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(BundleError, match=f"{name}: its sha256 is") as caught:
        load_bundle(copy)
    assert isinstance(caught.value, Permanent)


@pytest.mark.parametrize("name", ["model.pkl", "encoder/weights.PICKLE", "deep/head.joblib", "net.pt"])
def test_a_pickle_is_refused_by_name(copy: Path, name: str) -> None:
    """Wherever it lies and however it is written."""
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(BundleError, match=rf"{name}: a pickle can run any code"):
        load_bundle(copy)


def test_missing_files_are_named(copy: Path) -> None:
    """Half a copy is no bundle."""
    (copy / "head.skops").unlink()
    with pytest.raises(BundleError, match=r"head\.skops: missing"):
        load_bundle(copy)


def test_another_format_is_refused(copy: Path) -> None:
    """The message says both numbers."""
    _edit(copy, lambda content: content.update(format=99))
    with pytest.raises(BundleError, match="format 99, this version reads 8"):
        load_bundle(copy)


def test_a_manifest_that_leaves_its_folder_is_refused(copy: Path) -> None:
    """A bundle from elsewhere cannot make us read other files."""
    _edit(copy, lambda content: content["files"].update({"../x": "0"}))
    with pytest.raises(BundleError, match="outside of the bundle"):
        load_bundle(copy)


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"format": 1}'])
def test_a_damaged_manifest_is_refused(copy: Path, data: bytes) -> None:
    """Not JSON, not an object, or without its fields."""
    (copy / "bundle.json").write_bytes(data)
    with pytest.raises(BundleError, match=r"bundle\.json: (damaged|format)"):
        load_bundle(copy)


def test_a_folder_without_a_bundle_is_named(tmp_path: Path) -> None:
    """A wrong path is the commonest mistake."""
    with pytest.raises(BundleError, match=r"nowhere/bundle\.json: no model bundle there"):
        load_bundle(tmp_path / "nowhere")


def test_there_is_never_half_a_bundle(tmp_path: Path) -> None:
    """An error while writing leaves neither the folder nor a temporary one."""

    def fail(folder: Path) -> None:
        (folder / "bundle.json").write_bytes(b"{}")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"), bundle_being_written(tmp_path / "new") as folder:
        fail(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_never_overwrites_anything(small_bundle: Path, encoder_folder: Path, tmp_path: Path) -> None:
    """An occupied folder is refused before training; an empty one is taken."""
    with pytest.raises(BundleError, match="exists already"):
        train_small(small_bundle, encoder_folder)
    (tmp_path / "empty").mkdir()
    train_small(tmp_path / "empty", encoder_folder, rows=small_rows(2))
    assert load_bundle(tmp_path / "empty").version


def test_a_missing_encoder_says_how_to_get_it(tmp_path: Path) -> None:
    """And nothing is left behind."""
    with pytest.raises(BundleError, match="run `make setup`"):
        train_small(tmp_path / "out", tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []


def test_the_pointer_is_replaced_atomically_and_followed(copy: Path) -> None:
    """None before the first publication; then the bundle of this version, found again after a move."""
    models = copy.parent
    assert read_current(models) is None
    write_current(models, CurrentModel(version="old", uri="old", sha256="0" * 64))
    current = pointer_to(copy, models, version=read_manifest(copy).version)
    write_current(models, current)
    moved = models.rename(models.with_name(f"{models.name}-moved"))
    found = read_current(moved)
    assert found == current
    assert load_published(found, moved).version == current.version
    assert [path.name for path in moved.iterdir() if path.name.startswith(".")] == []


def test_a_changed_manifest_is_not_the_published_one(copy: Path) -> None:
    """The pointer's sum covers the manifest, and by it every file."""
    current = pointer_to(copy, copy.parent, version="v")
    _edit(copy, lambda content: content.update(threshold=0.0))
    with pytest.raises(BundleError, match="not the manifest that was published as v"):
        load_published(current, copy.parent)


def test_a_damaged_pointer_is_named(tmp_path: Path) -> None:
    """With what writes it again."""
    (tmp_path / "CURRENT").write_bytes(b"{")
    with pytest.raises(BundleError, match=r"CURRENT: damaged .* `ticketyard batch train`"):
        read_current(tmp_path)


def test_published_files_are_checked_without_loading(copy: Path) -> None:
    """A file that is not as it was published is named, whichever it is."""
    current = pointer_to(copy, copy.parent, version="v")
    check_published(current, copy.parent)
    (copy / "head.skops").write_bytes(b"other")
    with pytest.raises(BundleError, match=r"head\.skops: not the file that was published as v"):
        check_published(current, copy.parent)
