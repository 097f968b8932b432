"""Cards of the models of a home, however its files are."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from serving.foundation import models_folder
from serving.foundation.errors import ModelUnusable, NotFound
from serving.foundation.models_folder import card_file, models_mark
from understanding.manifest.manifest import CARD_FOLDER, CARD_HTML, CARD_MARKDOWN, MANIFEST
from understanding.manifest.pointer import CURRENT
from understanding.manifest.releases import ANNOUNCED_NAME, RELEASES


def test_a_damaged_pointer_of_the_first_day_hides_no_stored_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It made the card of every model, even of a stored one, a 500 that named no file."""
    card = tmp_path / "v1" / CARD_FOLDER / "card.html"
    card.parent.mkdir(parents=True)
    card.touch()
    stored = SimpleNamespace(folder=tmp_path / "v1", manifest=SimpleNamespace(version="v1"))
    monkeypatch.setattr(models_folder, "stored_bundles", lambda _: [stored])
    with pytest.raises(NotFound):
        card_file(tmp_path, tmp_path, "v2", "card.html")
    (tmp_path / CURRENT).write_text("{", encoding="utf-8")
    assert card_file(tmp_path, tmp_path, "v1", "card.html") == card
    with pytest.raises(ModelUnusable, match=CURRENT):
        card_file(tmp_path, tmp_path, "v2", "card.html")


@pytest.mark.parametrize(
    "name",
    [
        CURRENT,
        ANNOUNCED_NAME,
        f"{RELEASES}/0001.json",
        f"v1/{MANIFEST}",
        f"v1/{CARD_FOLDER}/{CARD_HTML}",
        f"v1/{CARD_FOLDER}/{CARD_MARKDOWN}",
    ],
)
def test_every_file_that_is_read_of_the_folder_of_models_changes_its_mark(tmp_path: Path, name: str) -> None:
    """What shows models is sent anew where one is written, where it grows, and where its rights are mended."""
    models, first = tmp_path / "models", tmp_path / "first"
    (models / "v1").mkdir(parents=True)
    (models / "v1" / MANIFEST).touch()
    file = models / name
    marks = [models_mark(models, first)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("one", encoding="utf-8")
    marks.append(models_mark(models, first))
    file.write_text("another", encoding="utf-8")
    marks.append(models_mark(models, first))
    file.chmod(0o400)
    marks.append(models_mark(models, first))
    assert len(set(marks)) == len(marks)
    assert models_mark(models, first) == marks[-1]
