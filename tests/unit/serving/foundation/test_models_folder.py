"""Cards of the models of a home, however its files are."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from serving.foundation import models_folder
from serving.foundation.errors import ModelUnusable, NotFound
from serving.foundation.models_folder import card_file
from understanding.manifest.manifest import CARD_FOLDER
from understanding.manifest.pointer import CURRENT


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
