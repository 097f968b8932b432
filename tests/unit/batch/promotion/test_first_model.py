"""The model that set-up makes for the first day: made once, taken where it is the one to train."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch.foundation.training_options import TrainingOptions
from batch.promotion import first_model as module
from batch.promotion.first_model import first_key, make_first_model, take_first_model
from batch.promotion.training_data import TrainingData, gather
from schemas.taxonomy import load_taxonomy
from tests.unit.batch.promotion.encoder_description import describe_encoder
from tests.unit.understanding.tiny_model import tiny_manifest
from understanding.arrays.errors import BundleError
from understanding.bundle.registry import current_or_first, first_model, pointer_to, write_current
from understanding.bundle.writing import write_files, write_manifest
from understanding.manifest.manifest import BundleManifest

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """An encoder's folder as far as keys read it."""
    folder = tmp_path / "encoder"
    folder.mkdir()
    describe_encoder(folder)
    return folder


@pytest.fixture
def data() -> TrainingData:
    """What the packaged taxonomy teaches."""
    return gather(load_taxonomy(), [], [])


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were trained into; training writes a tiny bundle."""
    made: list[Path] = []

    def train(*_rows: object, out: Path, **_how: object) -> BundleManifest:
        made.append(out)
        return _write(out)

    monkeypatch.setattr(module, "train_bundle", train)
    return made


def _write(folder: Path) -> BundleManifest:
    (folder / "encoder").mkdir(parents=True)
    manifest = tiny_manifest()
    files = write_files(folder, {"ngrams.skops": b"n", "encoder/words.npy": b"w"})
    made = BundleManifest(
        **{**{name: getattr(manifest, name) for name in manifest.__struct_fields__}, "files": files}
    )
    write_manifest(folder, made)
    return made


OPTIONS = TrainingOptions(seed=1)


def _make(folder: Path, data: TrainingData, encoder: Path) -> str:
    return make_first_model(
        folder,
        data,
        taxonomy=load_taxonomy(),
        encoder_dir=encoder,
        options=OPTIONS,
        now=NOW,
        progress=lambda _what, _done: None,
    )


def test_it_is_made_once_and_again_of_something_else(
    tmp_path: Path, data: TrainingData, encoder: Path, trainings: list[Path]
) -> None:
    """Set-up is quick where nothing changed; another encoder, taxonomy or code makes another, and the old one goes."""
    folder = tmp_path / "first"
    assert _make(folder, data, encoder) == _make(folder, data, encoder)
    assert len(trainings) == 1
    describe_encoder(encoder, processor="another")
    _make(folder, data, encoder)
    assert len(trainings) == 2
    assert [part.name for part in folder.iterdir() if part.is_dir()] == [trainings[1].name]


def test_a_damaged_one_is_made_again(
    tmp_path: Path, data: TrainingData, encoder: Path, trainings: list[Path]
) -> None:
    """A file of another sum is no model: neither is it taken."""
    folder = tmp_path / "first"
    _make(folder, data, encoder)
    (trainings[0] / "ngrams.skops").write_bytes(b"damaged")
    key = first_key(data, OPTIONS, encoder)
    assert take_first_model(folder, key, tmp_path / "taken") is None
    _make(folder, data, encoder)
    assert len(trainings) == 2


def test_it_is_taken_where_it_is_the_one_to_train(
    tmp_path: Path, data: TrainingData, encoder: Path, trainings: list[Path]
) -> None:
    """Files and all; with other options, corrections or another seed it is another model, which has to be trained."""
    folder, out = tmp_path / "first", tmp_path / "taken"
    _make(folder, data, encoder)
    key = first_key(data, OPTIONS, encoder)
    others = [
        first_key(data, TrainingOptions(seed=2), encoder),
        first_key(data, TrainingOptions(seed=1, keep_examples=True), encoder),
        first_key(gather(load_taxonomy(), [], [{"text": "a", "label": "b"}]), OPTIONS, encoder),
    ]
    assert [take_first_model(folder, other, out) for other in others] == [None] * 3
    taken = take_first_model(folder, key, out)
    assert taken is not None
    assert (out / "encoder" / "words.npy").read_bytes() == b"w"
    assert sorted(taken.files) == ["encoder/words.npy", "ngrams.skops"]


def test_without_an_encoder_there_is_no_key(tmp_path: Path, data: TrainingData) -> None:
    """The error says what to run."""
    with pytest.raises(BundleError, match=r"make setup"):
        first_key(data, OPTIONS, tmp_path)


def test_the_published_model_comes_before_the_first(tmp_path: Path) -> None:
    """A home of its own decides once something is published there; before, and after a loss, set-up's model does."""
    models, first = tmp_path / "models", tmp_path / "first"
    assert current_or_first(models, first) is None
    for folder in (models, first):
        _write(folder / "m")
    write_current(first, pointer_to(first / "m", first, version="one"))
    found = current_or_first(models, first)
    assert found == first_model(first)
    assert found is not None
    assert (found.version, found.folder(models)) == ("one", first.absolute() / "m")
    write_current(models, pointer_to(models / "m", models, version="two"))
    later = current_or_first(models, first)
    assert later is not None
    assert later.version == "two"
