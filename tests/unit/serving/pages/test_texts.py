"""The words of all pages: every language has the same keys and places for values."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from schemas.views.metrics import metrics
from serving.pages.templates import language_of, texts


def leaves(words: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in words.items():
        assert isinstance(key, str), f"YAML reads the key {path}.{key} as no text: quote it"
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}.{key}")
        else:
            yield f"{path}.{key}", value


@pytest.mark.parametrize("language", texts())
def test_a_language_has_every_sentence_with_its_places(language: str) -> None:
    """A page in a language that lacks a sentence would be an error page."""

    def places(name: str) -> dict[str, set[str]]:
        return {path: set(re.findall(r"{(\w+)}", text)) for path, text in leaves(texts()[name])}

    assert places(language) == places("en")


@pytest.mark.parametrize("language", texts())
def test_a_language_has_the_title_and_meaning_of_every_metric(language: str) -> None:
    """A German page headed its numbers in English."""
    told = texts()[language]["metrics"]
    assert told.keys() == metrics().keys()
    for name, one in metrics().items():
        same = (told[name]["title"], told[name]["meaning"]) == (one.title, one.meaning)
        assert same == (language == "en"), name
    assert all(one["title"] and one["meaning"] for one in told.values())


@pytest.mark.parametrize(
    ("header", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr, de;q=0.5", "de"), ("fr", "en"), ("", "en"), (";;;,", "en")],
)
def test_the_first_language_that_there_is_counts(header: str, language: str) -> None:
    assert language_of(header) == language
