"""Stored models of which nothing differs but their versions, for tests of what decides."""

import shutil
from datetime import timedelta
from pathlib import Path

import msgspec

from understanding.manifest.manifest import CARD_FOLDER, CARD_HTML, CARD_MARKDOWN, read_manifest


def store(models: Path, bundle: Path, *versions: str) -> None:
    """Put a bundle into the folder of models under some versions, a day apart; the first one has a card."""
    manifest = read_manifest(bundle)
    for place, version in enumerate(versions):
        folder = models / version
        shutil.copytree(bundle, folder, copy_function=linked)
        changed = msgspec.structs.replace(
            manifest, version=version, created_at=manifest.created_at + timedelta(days=place)
        )
        (folder / "bundle.json").unlink()
        (folder / "bundle.json").write_bytes(msgspec.json.encode(changed))
    card = models / versions[0] / CARD_FOLDER
    shutil.rmtree(card, ignore_errors=True)
    card.mkdir()
    (card / CARD_HTML).write_text("<!DOCTYPE html><style>b {color: red}</style><b>What it can do</b>")
    (card / CARD_MARKDOWN).write_text("# What it can do")


def linked(source: str, target: str) -> None:
    """Give a file a second name, as a copy that costs nothing."""
    Path(target).hardlink_to(source)
