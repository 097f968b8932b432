"""Error codes, versions and products."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.signals import Entity, EntityKind
from understanding.signals.entities.found import Span
from understanding.signals.lexicons.lexicon import lexicon, words_in

_LISTS: Final = lexicon("products")

PRODUCTS: Final[dict[str, str]] = {name.lower(): name for name in _LISTS["products"]}
"""Products that many customers name, by their lower-case form."""

_COMMON_WORDS: Final = words_in(_LISTS["common_words"])
_MAKERS: Final = tuple(_LISTS["makers"].split())
_MODEL: Final = re.compile(
    r"(?: ([0-9]{1,4}(?:\.[0-9]{1,3})?(?![\w.,:/%-]*[0-9€$£%])|x[prs]?|s[0-9]{1,2}|se|pro|air|mini|max"
    r"|plus|ultra)(?![\w]))+"
)

_NUMBERED: Final = re.compile(
    r"(?:error|fehler|fehlercode|errorcode|erreur|errore|erro|code|status|http|exception|stop)"
    r"(?: ?(?:code|nr|no|number|nummer|numéro|codice|código|message|meldung|de error"
    r"|d'erreur))?\.? ?(?:is |ist |: ?|= ?|- ?|# ?|\()?"
    r"(0x[0-9a-f]{2,16}|[a-z]{1,6}[-_]?[0-9]{2,8}(?:-[0-9]{1,6})?|[0-9]{3,8}(?:-[0-9]{1,6})?)(?![\w]|[.,][0-9])"
)
_ERROR_WORD: Final = re.compile(r"error|fehler|erreur|errore|erro\b|code|status|http|exception|stop ")
_HEX: Final = re.compile(r"0x(?<!\w0x)[0-9a-f]{4,16}(?![\w])")
_NAMED: Final = re.compile(
    r"[A-Z](?<![\w][A-Z])(?:[A-Z0-9]{1,20}(?:_[A-Z0-9]{1,20}){1,8}"
    r"|[a-z0-9]{1,30}(?:[A-Z][a-z0-9]{1,30}){0,8}(?:Exception|Error))(?![\w])"
)
_SHORT: Final = re.compile(r"[A-Z](?<![\w-][A-Z])(?:[0-9]{4,6}|(?:RR|RA|QL|SG)-[0-9]{2,6})(?![\w])")
_ERROR_NAME: Final = re.compile(
    r"(?:ERR|ERROR|E|EXCEPTION|DNS|SSL|STATUS|FAILED|FAILURE|DENIED|TIMEOUT|INVALID|NOT|NET)(?:_|$)"
    r"|_(?:ERROR|ERR|EXCEPTION|FAILED|FAILURE|DENIED|TIMEOUT|INVALID|FOUND|REFUSED|RESET|EQUAL)(?:_|$)"
)

_VERSIONED: Final = re.compile(
    r"(?:v(?:ersione?|ersión|ersão|\.)?|release|firmware"
    r"|build) ?:? ?([0-9]{1,5}(?:\.[0-9]{1,6}){0,4}(?:-?(?:rc|beta|alpha|b|a)\.?[0-9]{0,3})?)(?![\w]"
    r"|\.[0-9]|,[0-9])"
)
_DOTTED: Final = re.compile(
    r"[0-9](?<![\w.,€$£][0-9])[0-9]{0,3}(?:\.[0-9]{1,6}){2,4}(?![\w%€$£]|[.,:/-][0-9])"
)


_LIKE_OTHERS: Final = re.compile(
    r"[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{2}|[12][0-9]{3})|[2-9][0-9]{2}\.[2-9][0-9]{2}\.[0-9]{4}|0[0-9](?:\.[0-9]{2}){4}"
)
"""Dates and telephone numbers with points."""
_NAMES_OTHER_CODES: Final = "code"  # zip code, discount code: alone it says too little


def find_error_codes(flat: str, lower: str) -> Iterator[Entity]:
    """Yield error codes and names of exceptions; the value is in capitals where it is no program's name."""
    if _ERROR_WORD.search(lower):
        yield from _numbered(lower)
    if "0x" in lower:
        for match in _HEX.finditer(lower):
            yield Entity(EntityKind.ERROR_CODE, match.start(), match.end(), match[0])
    if "_" in flat or "Error" in flat or "Exception" in flat:
        for match in _NAMED.finditer(flat):
            if "_" not in match[0] or _ERROR_NAME.search(match[0]):
                yield Entity(EntityKind.ERROR_CODE, match.start(), match.end(), match[0])
    for match in _SHORT.finditer(flat):
        if match[0][0] == "E" or "-" in match[0]:
            yield Entity(EntityKind.ERROR_CODE, match.start(), match.end(), match[0])


def _numbered(lower: str) -> Iterator[Entity]:
    """Yield codes behind a word such as `error`."""
    for match in _NUMBERED.finditer(lower):
        alone = match[0].startswith(_NAMES_OTHER_CODES) and match[1].isdigit()
        if not alone and not lower[match.start() - 1 : match.start()].isalnum():
            yield Entity(EntityKind.ERROR_CODE, match.start(1), match.end(1), _shown(match[1]))


def find_versions(flat: str, lower: str) -> Iterator[Entity]:
    """Yield versions: what a word or `v` calls so, or three and more numbers with points between."""
    for match in _VERSIONED.finditer(lower):
        if not lower[match.start() - 1 : match.start()].isalnum():
            yield Entity(EntityKind.VERSION, match.start(1), match.end(1), match[1])
    for match in _DOTTED.finditer(flat):
        if _LIKE_OTHERS.fullmatch(match[0]):
            continue
        yield Entity(EntityKind.VERSION, match.start(), match.end(), match[0])


def find_products(flat: str, lower: str, words: frozenset[str]) -> Iterator[Entity]:
    """Yield known products, with their model where one follows; `words` are those of PRODUCTS in the text.

    A product named by a common word counts where its maker, a capital letter inside a sentence, or a model
    says so.
    """
    for word in sorted(words):
        place = lower.find(word)
        while place >= 0:
            end = place + len(word)
            if not _is_inside_word(lower, place, end):
                model = _MODEL.match(lower, end)
                if word not in _COMMON_WORDS or model or _is_name(flat, lower, Span(place, end)):
                    yield _product(flat, place, end, model)
            place = lower.find(word, end)


def _product(flat: str, start: int, end: int, model: re.Match[str] | None) -> Entity:
    name = PRODUCTS[flat[start:end].lower()]
    if model is None:
        return Entity(EntityKind.PRODUCT, start, end, name)
    return Entity(
        EntityKind.PRODUCT,
        start,
        model.end(),
        name + " ".join(("", *flat[end : model.end()].lower().split())),
    )


def _is_inside_word(lower: str, start: int, end: int) -> bool:
    beside = lower[start - 1 : start] + lower[end : end + 1]
    return (
        any(character.isalnum() or character in "@_-" for character in beside) or lower[end : end + 2] == ".c"
    )


def _is_name(flat: str, lower: str, word: Span) -> bool:
    """Return whether a maker's name, a version or a capital inside a sentence shows a product's name."""
    start, end = word
    if lower[end : end + 1] == " " and lower[end + 1 : end + 2].isdigit():
        return True
    before = lower[max(0, start - 12) : start].rstrip()
    if before.rpartition(" ")[2] in _MAKERS:
        return True
    return flat[start].isupper() and bool(before) and before[-1] not in ".!?:,-"


def _shown(code: str) -> str:
    return code if code.startswith("0x") else code.upper()
