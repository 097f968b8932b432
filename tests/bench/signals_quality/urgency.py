"""Urgency on the held-out fifth of its examples: precision and recall, in all and by language."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from batch.urgency.examples import examples, split
from batch.urgency.fit import by_words
from schemas.settings import CommonSettings
from tests.bench.quality.registry import Row, at_least
from understanding.encoder.prepared_encoder import published_encoder
from understanding.signals.urgency.learnt import with_learnt

BAR: Final = 0.9
SAYS_URGENT: Final = 0.5
"""The level from which on the packaged table of priorities calls a message urgent."""


class _Read(NamedTuple):
    language: str
    urgent: bool
    by_words: bool
    read: bool


def measure() -> Sequence[Row]:
    """Return precision and recall where the encoder reads, by language too, and those of the words alone."""
    _, held = split(examples())
    vectors = published_encoder(CommonSettings().encoder_folder).embed([one.text for one in held])
    words = [by_words(one.text) for one in held]
    found = [
        _Read(
            one.language,
            one.urgent,
            said.level >= SAYS_URGENT,
            with_learnt(said, vector).level >= SAYS_URGENT,
        )
        for one, said, vector in zip(held, words, vectors, strict=True)
    ]
    rows = _rows(f"all {len(found)}", found)
    for language in dict.fromkeys(one.language for one in found):
        own = [one for one in found if one.language == language]
        rows += _rows(f"{language}, {len(own)}", own)
    alone = [one._replace(read=one.by_words) for one in found]
    return [*rows, *(replace(row, bar="", reached=None) for row in _rows("by words alone, all", alone))]


def _rows(name: str, found: Sequence[_Read]) -> list[Row]:
    both = sum(one.urgent and one.read for one in found)
    read, urgent = sum(one.read for one in found), sum(one.urgent for one in found)
    return [
        at_least(f"{name}: precision", BAR, both / max(1, read)),
        at_least(f"{name}: recall", BAR, both / max(1, urgent)),
    ]
