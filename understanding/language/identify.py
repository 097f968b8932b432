"""Tells which language a text is in: by the quick opinion where it is sure, by both opinions elsewhere."""

import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple

from understanding.language.quick import (
    LOOKALIKES,
    QuickOpinion,
    plain_language,
    quick_languages,
    quick_opinion,
)
from understanding.language.script import has_script, script_of
from understanding.language.slow import slow_languages, slow_opinion

READ_CHARACTERS: Final = 120
"""How much of a text is read: more tells no more about its language, and costs."""

LEAST_PROBABLE: Final = 0.9
"""The least probability at which a language is named."""

_SHORT: Final = 30
"""In a text of fewer characters than this, every language is considered, and thoroughly."""

_CONSIDERED: Final = 4
"""How many of the quick opinion's languages the slow one weighs, beside all that the quick one lacks."""

_ENOUGH: Final = 0.9999
"""A language at least as probable by trigrams is not examined more thoroughly against the next two."""

_BEST: Final = 3
_LEAST_CHANCE: Final = 1e-9

_QUICK_SCALE: Final = 12.0
_BOTH_SCALE: Final = 1.5
"""Which powers of evidence and chances are calibrated probabilities."""

_DECIMALS: Final = 6  # what lies behind may differ by the order in which lingua adds


class Language(NamedTuple):
    """The best guess: `code` is ISO 639-1, `script` ISO 15924; each is None where nothing tells it."""

    code: str | None
    probability: float
    script: str | None


def language_of(text: str) -> str | None:
    """Return the ISO 639-1 code of a text's language, or None where none is probable enough to be named.

    This is what a ticket gets. It reads trigrams alone, which a worker has at hand in milliseconds and 100 MB. The
    thorough answer needs eleven seconds and more than 1 GB, for a point more of the sentences
    (docs/measurements/language.md). Of most texts it is so plain that its probability needs no computing.
    """
    read = _readable(text)
    if not has_script(read):
        return None
    plain = plain_language(read)
    if plain is not None:
        return plain
    found = identify(text, thorough=False)
    return found.code if found.probability >= LEAST_PROBABLE else None


def identify(text: str, *, thorough: bool = True) -> Language:
    """Return the best guess for any text, a pure function of its first READ_CHARACTERS characters.

    `thorough` examines what stays open by n-grams of all lengths, else only trigrams are read.
    """
    read = _readable(text)
    script = script_of(read)
    chances = _chances(read, thorough=thorough) if script else {}
    if not chances:
        return Language(None, 0.0, script)
    code = _best(chances, 1)[0]
    return Language(code, chances[code], script)


def _readable(text: str) -> str:
    """Return the start of a text as valid Unicode without NUL, which would end it for ELD."""
    start = text[:READ_CHARACTERS].replace("\0", " ")
    return start if start.isascii() else start.encode("utf-8", "replace").decode("utf-8")


def _chances(text: str, *, thorough: bool) -> dict[str, float]:
    quick = quick_opinion(text)
    decided = quick.sure or (quick.likely and not thorough)
    if decided and quick.first not in LOOKALIKES:
        return by_quick(quick)
    if quick.sure:
        return _by_both(text, quick, LOOKALIKES[quick.first or ""], thorough=thorough)
    if thorough and len(text) < _SHORT:
        return _by_both(text, quick, slow_languages(), thorough=True)
    chances = _by_both(text, quick, _candidates(quick), thorough=False)
    best = _best(chances, _BEST)
    if not thorough or not best or chances[best[0]] >= _ENOUGH:
        return chances
    return _by_both(text, quick, best, thorough=True)


def _candidates(quick: QuickOpinion) -> frozenset[str]:
    likely = [LOOKALIKES.get(code, (code,)) for code in list(quick.evidence)[:_CONSIDERED]]
    return _strangers().union(*likely)


@cache
def _strangers() -> frozenset[str]:
    """Return the languages that only lingua knows."""
    return slow_languages() - quick_languages()


def by_quick(quick: QuickOpinion) -> dict[str, float]:
    """Return each language's probability by the quick opinion alone."""
    return _probabilities({code: quick.weight(code) for code in quick.evidence}, _QUICK_SCALE)


def _by_both(
    text: str, quick: QuickOpinion, candidates: Iterable[str], *, thorough: bool
) -> dict[str, float]:
    slow = slow_opinion(text, candidates, thorough=thorough)
    if not any(slow.values()):
        return by_quick(quick)
    logits = {
        code: math.log(max(chance, _LEAST_CHANCE)) + quick.weight(code) for code, chance in slow.items()
    }
    return _probabilities(logits, _BOTH_SCALE)


def _probabilities(logits: Mapping[str, float], scale: float) -> dict[str, float]:
    most = max(logits.values(), default=0.0)
    powers = {code: math.exp(scale * (logit - most)) for code, logit in logits.items()}
    total = sum(powers.values())
    return {code: round(power / total, _DECIMALS) for code, power in powers.items()}


def _best(chances: Mapping[str, float], count: int) -> list[str]:
    """Return the most probable languages, first by probability, then by code."""
    return sorted(chances, key=lambda code: (-chances[code], code))[:count]
