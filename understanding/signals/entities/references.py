"""Order, account, invoice and ticket numbers: what a word beside the number, or its own prefix, says it is."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.signals import Entity, EntityKind
from understanding.signals.lexicons.lexicon import by_word, lexicon, words_in

_LISTS: Final = lexicon("references")
_KIND_OF_WORD: Final = {word: EntityKind(kind) for word, kind in by_word(_LISTS["words"]).items()}
_PREFIXES: Final = {prefix: EntityKind(kind) for prefix, kind in by_word(_LISTS["prefixes"]).items()}
_FILLERS: Final = words_in(_LISTS["fillers"]) | {"#"}
_LINKS: Final = tuple(f" {link} " for link in sorted(words_in(_LISTS["links"])))
_TOKEN: Final = re.compile(r"#?[A-Za-z]{0,8}[-_/]?[0-9][0-9A-Za-z]*(?:[-_/][0-9A-Za-z]+)*")
_PREFIX: Final = re.compile(r"#?([a-z]{2,8})[-_/]?[0-9]{3}")
_WORD: Final = re.compile(r"[^\W\d_]+|#")
_DIGIT: Final = re.compile(r"[0-9]")
_ABBREVIATED: Final = re.compile(r"\b(n|no|nr|ref|rif|inv|num)\.")
_OPENERS: Final = "([\"'„“«:=,"
_LOOKED_BACK: Final = 48
_LOOKED_AHEAD: Final = 36
_MOST_WORDS: Final = 5
_FEWEST_DIGITS: Final = 3
_LONGEST: Final = 40
_BARE_DIGITS: Final = 4


def find_references(flat: str, lower: str) -> Iterator[Entity]:
    """Yield numbers that name an order, account, invoice, ticket or something unsaid (`reference`).

    The value is in capitals, without `#`. A number of fewer than three digits is none.
    """
    done = 0
    for digit in _DIGIT.finditer(flat):
        if digit.start() < done:
            continue
        begin = max(flat.rfind(" ", max(done, digit.start() - _LONGEST), digit.start()) + 1, done)
        end = flat.find(" ", digit.end())
        done = len(flat) if end < 0 else end
        if done - begin < _FEWEST_DIGITS:
            continue
        while begin < done and flat[begin] in _OPENERS:
            begin += 1
        token = _TOKEN.match(flat, begin, min(done, begin + _LONGEST))
        if token is not None and sum(map(str.isdigit, token[0])) >= _FEWEST_DIGITS:
            kind = _kind(lower, token)
            if kind is not None:
                yield Entity(kind, token.start(), token.end(), token[0].lstrip("#").upper())


def _kind(lower: str, token: re.Match[str]) -> EntityKind | None:
    start, end = token.span()
    if lower[end : end + 1] in ("%", "€", "$", "£", "°", "@", ":") or (
        lower[end : end + 1] in (".", ",") and lower[end + 1 : end + 2].isdigit()
    ):
        return None
    prefix = _PREFIX.match(lower, start)
    own = _PREFIXES.get(prefix[1]) if prefix else None
    if own:
        return own
    said = _said_before(lower, start) or _said_after(lower, end)
    if said:
        return said
    bare = token[0].startswith("#") and len(token[0]) > _BARE_DIGITS and token[0][1:].isdigit()
    return EntityKind.REFERENCE if bare else None


def _said_before(lower: str, start: int) -> EntityKind | None:
    """Return the kind that the words right before the number say, over words such as `number is`."""
    before = _ABBREVIATED.sub(r"\1", lower[max(0, start - _LOOKED_BACK) : start])
    sentence = before[
        max(before.rfind(". "), before.rfind("? "), before.rfind("! "), before.rfind("; ")) + 1 :
    ]
    for word in reversed(_WORD.findall(sentence)[-_MOST_WORDS:]):
        if word in _KIND_OF_WORD:
            return _KIND_OF_WORD[word]
        if word not in _FILLERS:
            return None
    return None


def _said_after(lower: str, end: int) -> EntityKind | None:
    """Return the kind that `… is my order number` says."""
    if not lower.startswith(_LINKS, end):
        return None
    for word in _WORD.findall(lower[end : end + _LOOKED_AHEAD])[:_MOST_WORDS]:
        if word in _KIND_OF_WORD:
            return _KIND_OF_WORD[word]
        if word not in _FILLERS:
            return None
    return None
