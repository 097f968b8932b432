"""The packaged sentences with their sentiment, which the first model learns from."""

from importlib import resources
from typing import Final, NamedTuple

import yaml

from schemas.sentiment import LEVELS, Level

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PackagedExample(NamedTuple):
    """One sentence, the language that it is written in, and how its writer feels."""

    text: str
    language: str
    level: Level


def packaged_examples() -> list[PackagedExample]:
    """Return the sentences of `examples.yaml` in the order of the file."""
    source = resources.files(__package__).joinpath("examples.yaml").read_text(encoding="utf-8")
    written = yaml.load(source, Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
    return [
        PackagedExample(text, language, level)
        for language, levels in written.items()
        for level in LEVELS
        for text in levels[level]
    ]
