"""The fixed sample by which forms of the encoder are compared: packaged examples of every intent, in six languages."""

import hashlib
from typing import Final, NamedTuple

from batch.training.rows.rows import rows_from_taxonomy
from schemas.taxonomy import load_taxonomy

OF_EACH: Final = 7
"""Texts of each intent: five tell where it lies, the others are decided."""

TELLING: Final = 5


class Sample(NamedTuple):
    """Texts with their intents: those that tell where intents lie, and those that are decided."""

    told: list[tuple[str, str]]
    decided: list[tuple[str, str]]


def packaged_sample() -> Sample:
    """Return the sample: of each intent the examples with the smallest sha256, in whatever language they are."""
    by_intent: dict[str, list[str]] = {}
    for row in rows_from_taxonomy(load_taxonomy()):
        by_intent.setdefault(row.labels[0], []).append(row.text)
    told, decided = [], []
    for intent, texts in sorted(by_intent.items()):
        chosen = sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())[:OF_EACH]
        told += [(text, intent) for text in chosen[:TELLING]]
        decided += [(text, intent) for text in chosen[TELLING:]]
    return Sample(told, decided)
