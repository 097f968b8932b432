"""The word lists beside this module: YAML files that a native speaker can correct without reading code."""

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, TypeVar

import yaml

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times faster where built

_Name = TypeVar("_Name")


def lexicon(name: str) -> Any:
    """Return the content of `lexicons/<name>.yaml`."""
    text = (
        resources.files("understanding.signals")
        .joinpath("lexicons", f"{name}.yaml")
        .read_text(encoding="utf-8")
    )
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - both loaders are safe ones


def words_in(value: str) -> frozenset[str]:
    """Return the words of a space-separated list."""
    return frozenset(value.split())


def by_word(lists: Mapping[_Name, str]) -> dict[str, _Name]:
    """Return the list's name by each of its words."""
    return {word: name for name, words in lists.items() for word in words.split()}
