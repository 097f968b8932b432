"""The slow opinion: lingua, 75 languages, for what the quick one leaves open."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

THOROUGH_CHARACTERS: Final = 119
"""So much of a text n-grams of all lengths are read from: from 120 characters on lingua takes trigrams alone."""


def slow_opinion(text: str, candidates: Iterable[str], *, thorough: bool) -> dict[str, float]:
    """Return the probability of each candidate (ISO 639-1) that lingua knows; all 0.0 where none can be.

    Thorough is by n-grams of one to five characters, otherwise by trigrams alone, several times as fast.
    """
    read = text[:THOROUGH_CHARACTERS] if thorough else text
    values = _detector(frozenset(candidates), thorough).compute_language_confidence_values(read)
    return {value.language.iso_code_639_1.name.lower(): value.value for value in values}


@cache
def slow_languages() -> frozenset[str]:
    """Return the ISO 639-1 codes of the languages that lingua knows."""
    return frozenset(_languages())


@cache
def _languages() -> dict[str, Language]:
    return {language.iso_code_639_1.name.lower(): language for language in Language.all()}


@lru_cache(maxsize=1 << 12)
def _detector(candidates: frozenset[str], thorough: bool) -> LanguageDetector:
    """Build a detector in 0.1 ms; all share the models, and load those of their candidates when first asked."""
    known = (_languages()[code] for code in sorted(candidates & slow_languages()))
    builder = LanguageDetectorBuilder.from_languages(*known)
    return (builder if thorough else builder.with_low_accuracy_mode()).build()
