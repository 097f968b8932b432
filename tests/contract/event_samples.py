"""The samples of every version of every event: what producers have sent and logs still hold."""

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).with_name("samples")
NAMES = sorted(folder.name for folder in SAMPLES.iterdir())
VERSIONS = sorted((path.parent.name, path.stem) for path in SAMPLES.glob("*/v*.json"))


def sample(name: str, version: str | None = None) -> dict[str, Any]:
    """Return the body of an event's sample; without a version, the newest."""
    newest = max((stem for kind, stem in VERSIONS if kind == name), key=lambda stem: int(stem[1:]))
    body: dict[str, Any] = json.loads((SAMPLES / name / f"{version or newest}.json").read_text("utf-8"))
    return body
