"""Order, account, invoice and ticket numbers: what a word beside the number, or its own prefix, says it is."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

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
_FROM_DIGIT: Final = re.compile(r"[0-9][^ ]*")
_ABBREVIATED: Final = re.compile(r"\b(n|no|nr|ref|rif|inv|num)\.")
_OPENERS: Final = "([\"'„“«:=,"
_LOOKED_BACK: Final = 48
_LOOKED_AHEAD: Final = 36
_MOST_WORDS: Final = 5
_FEWEST_DIGITS: Final = 3
_LONGEST: Final = 40
_BARE_DIGITS: Final = 4
_NO_REFERENCE: Final = re.compile(
    r"[0-9]{1,2}/[0-9]{1,2}(?:/(?:[0-9]{2}|[0-9]{4}))?|[0-9]{1,5}(?:s|x|k|th|st|nd|rd|px|kg|gb|mb|ml|mm|cm)"
)
_COLOUR: Final = re.compile(_LISTS["colours"])
_NAMING: Final = words_in(_LISTS["naming"]) | {"#"}
_BEFORE_VERBS: Final = words_in(_LISTS["before_verbs"])
_UNITS: Final = words_in(_LISTS["units"])
_VERBS: Final = words_in(_LISTS["verbs"])
_REQUESTS: Final = words_in(_LISTS["requests"])
_ITALIAN: Final = words_in(_LISTS["italian"])
_GERMAN: Final = words_in(_LISTS["german"])
_NEXT_WORD: Final = re.compile(r" ([^\W\d_]{2,})")
_PLURAL: Final = re.compile(r"(?:[^su]s|[aeo]us|en|os|as|ies)$")
_YEAR: Final = re.compile(r"19[5-9][0-9]|20[0-4][0-9]")
_HTTP_CODE: Final = re.compile(r"[1-5][0-9]{2}")
_ERROR: Final = re.compile(rf"\b(?:{'|'.join(_LISTS['errors'])})\W{{1,3}}(?:code )?[1-5][0-9]{{2}}\b")
_OWN: Final = words_in(_LISTS["own"])
_CAPITAL: Final = re.compile(r" [A-ZÀ-ÖØ-Þ]")
_MOST_COUNTED: Final = 4
_SURE_DIGITS: Final = 6
"""So many digits without a mark are seldom a count, whatever word follows."""


class _Said(NamedTuple):
    """What words before a number say it is: the word, the one before it, and whether `number` or `#` names it.

    A colon marks it (`marked`): no year then and no verb before, but `order: 1500 bricks` counts all the same.
    `of_error` says that the sentence speaks of errors, whose codes are no numbers of orders: `error 404 on order 500`.
    """

    kind: EntityKind
    word: str
    before: str
    named: bool
    marked: bool
    of_error: bool


def find_references(flat: str, lower: str) -> Iterator[Entity]:
    """Yield numbers that name an order, account, invoice, ticket or something unsaid (`reference`).

    The value is in capitals, without `#`. A number of fewer than three digits is none, nor is one that counts things
    (`order 500 chairs`), a year, a code of HTTP, a colour or a time.
    """
    done = 0
    for piece in _FROM_DIGIT.finditer(flat):
        digit = piece.start()
        begin = max(flat.rfind(" ", max(done, digit - _LONGEST), digit) + 1, done)
        done = piece.end()
        if done - begin < _FEWEST_DIGITS:
            continue
        while begin < done and flat[begin] in _OPENERS:
            begin += 1
        token = _TOKEN.match(flat, begin, min(done, begin + _LONGEST))
        if token is not None and sum(map(str.isdigit, token[0])) >= _FEWEST_DIGITS:
            kind = _kind(flat, lower, token)
            if kind is not None:
                yield Entity(kind, token.start(), token.end(), token[0].lstrip("#").upper())


def _kind(flat: str, lower: str, token: re.Match[str]) -> EntityKind | None:
    kind = None if _NO_REFERENCE.fullmatch(token[0]) else _named(flat, lower, token)
    is_colour = kind and _COLOUR.search(lower, max(0, token.start() - _LOOKED_BACK), token.start())
    return None if is_colour else kind


def _named(flat: str, lower: str, token: re.Match[str]) -> EntityKind | None:
    """Return what a number's own prefix or the words beside it say that it is."""
    start, end = token.span()
    if lower[end : end + 1] in ("%", "€", "$", "£", "°", "@", ":") or (
        lower[end : end + 1] in (".", ",") and lower[end + 1 : end + 2].isdigit()
    ):
        return None
    prefix = _PREFIX.match(lower, start)
    own = _PREFIXES.get(prefix[1]) if prefix else None
    if own:
        return own
    before = _said_before(lower, start)
    said = before.kind if before else _said_after(lower, end)
    if said:
        counted = before and token[0].isdigit() and not before.named and _counts(flat, lower, token, before)
        return None if counted else said
    bare = token[0].startswith("#") and len(token[0]) > _BARE_DIGITS and token[0][1:].isdigit()
    return EntityKind.REFERENCE if bare else None


def _said_before(lower: str, start: int) -> _Said | None:
    """Return what the words right before the number say it is, over words such as `number is`."""
    before = lower[max(0, start - _LOOKED_BACK) : start]
    if "." in before:
        before = _ABBREVIATED.sub(r"\1", before)
    sentence = before[
        max(before.rfind(". "), before.rfind("? "), before.rfind("! "), before.rfind("; ")) + 1 :
    ]
    words = _WORD.findall(sentence)[-_MOST_WORDS:]
    named, marked = False, sentence.rstrip().endswith((":", "="))
    for place in range(len(words) - 1, -1, -1):
        word = words[place]
        if word in _KIND_OF_WORD:
            earlier = words[place - 1] if place else ""
            of_error = _ERROR.search(sentence) is not None
            return _Said(_KIND_OF_WORD[word], word, earlier, named or word in _NAMING, marked, of_error)
        if word not in _FILLERS:
            return None
        named = named or word in _NAMING
    return None


def _counts(flat: str, lower: str, token: re.Match[str], said: _Said) -> bool:
    """Return whether a bare number behind a word such as `order` counts things, or is a year or a code of HTTP."""
    number, behind = token[0], _NEXT_WORD.match(lower, token.end())
    if not said.marked and (said.before in _BEFORE_VERBS or _YEAR.fullmatch(number)):
        return True
    if (
        not said.marked
        and (said.word in _REQUESTS or (said.of_error and said.before not in _OWN))
        and _HTTP_CODE.fullmatch(number)
    ):
        return True
    if behind is None or (
        said.marked and (len(number) > _MOST_COUNTED or lower[behind.end() : behind.end() + 1] == ":")
    ):
        return False
    word = behind[1]
    if word in _UNITS:
        return True
    return len(number) < _SURE_DIGITS and word not in _VERBS and _is_noun(flat, behind, number, said)


def _is_noun(flat: str, behind: re.Match[str], number: str, said: _Said) -> bool:
    """Return whether things follow: a plural in small letters, or by German capitals or Italian endings a noun.

    Two capitals in a row are a person's name, and so is one behind a number that is long for a count.
    """
    word, capital = behind[1], flat[behind.start(1)].isupper()
    plural = _PLURAL.search(word) is not None
    if capital and _CAPITAL.match(flat, behind.end()):
        return False
    if said.word in _GERMAN:
        return (capital and not said.marked) or plural
    if capital and len(number) >= _MOST_COUNTED:
        return False
    italian = said.word in _ITALIAN and len(word) > 3 and word.endswith(("e", "i"))  # noqa: PLR2004 - `non`, `che`
    return plural or italian


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
