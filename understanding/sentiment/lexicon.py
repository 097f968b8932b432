"""Which words carry sentiment: VADER's English lexicon, emoji and emoticons, and own words of nine languages."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

import numpy as np
import yaml

from understanding.arrays.strings import pack_strings, unpack_strings
from understanding.sentiment.context import NO_CONTEXT, Context, Role, context_from
from understanding.sentiment.tokens import spellings

ENGLISH: Final = "en"
ANY: Final = "any"
"""The merged words of all languages, for a text whose language is unknown or has no words of its own."""

ANY_WORD: Final = "#"

_STRENGTHS: Final = {"delighted": 3.0, "pleased": 1.5, "displeased": -1.5, "angry": -3.0, "neutral": 0.0}
_STOPS: Final = frozenset(",.;:!?…،؛؟।()")
_SHORTEST_STEM: Final = 2
_SHORTEST_SHARED_STEM: Final = 5  # shorter stems begin too many innocent words of other languages
_REMEMBERED_TOKENS: Final = 100_000
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Words(NamedTuple):
    """One language: valences of whole words and of stems (-4 to 4), words that negate, words that boost.

    `again` holds phrases, in tokens, of having to come back or to wait; ANY_WORD stands for any token.
    """

    whole: Mapping[str, float]
    stems: Mapping[str, float]
    negations: frozenset[str]
    boosters: frozenset[str]
    again: frozenset[tuple[str, ...]]


class Sense(NamedTuple):
    """What one token says in one language; `english` is its valence as an English word or a symbol.

    `stops` says that a negation does not reach beyond it; `again` holds what follows it in each phrase that it
    begins. `role` is what it does for others, `said` what follows it in phrases that have a valence of their own.
    """

    valence: float
    english: float
    negates: bool
    boosts: bool
    stops: bool
    again: tuple[tuple[str, ...], ...]
    role: Role = ""
    said: tuple[tuple[tuple[str, ...], float], ...] = ()


PLAIN: Final = Sense(0.0, 0.0, negates=False, boosts=False, stops=False, again=())
"""What most tokens say: nothing."""


class Lexicon:
    """The words of each language, and what a token means by them; lookups are remembered."""

    def __init__(
        self, languages: Mapping[str, Words], symbols: Mapping[str, float], context: Context = NO_CONTEXT
    ) -> None:
        self._languages = {**languages, ANY: _merged(languages)}
        self._own = languages
        self._symbols = symbols
        self._context = context
        self._phrases = context.by_first()
        self._again = {name: _by_first(words.again) for name, words in self._languages.items()}
        self._senses: dict[str, dict[str, Sense]] = {name: {} for name in self._languages}

    def language(self, code: str | None) -> str:
        """Return the language whose words a text of language `code` is read with."""
        return code if code is not None and code in self._own else ANY

    def senses(self, tokens: list[str], language: str) -> list[Sense]:
        """Return what each token says; `language` is one that `language()` returned."""
        known = self._senses[language]
        try:
            return [known[token] for token in tokens]
        except KeyError:
            return [known.get(token) or self._learn(token, language) for token in tokens]

    def telling(self, tokens: list[str], language: str) -> dict[int, Sense]:
        """Return what those tokens say that say something, by their place."""
        senses = self.senses(tokens, language)
        return {place: sense for place, sense in enumerate(senses) if sense is not PLAIN}

    def state(self) -> dict[str, Any]:
        """Return the lexicon as arrays and strings, from which `lexicon_from` makes an equal one."""
        languages = {name: _packed(words) for name, words in sorted(self._own.items())}
        return {
            "languages": languages,
            "symbols": _packed_valences(self._symbols),
            "context": self._context.state(),
        }

    def _learn(self, token: str, language: str) -> Sense:
        words = self._languages[language]
        symbol = self._symbol(token)
        english = symbol or (0.0 if token in words.whole else _valence(self._own[ENGLISH], token))
        sense = Sense(
            valence=symbol or _valence(words, token),
            english=english,
            negates=token in words.negations,
            boosts=token in words.boosters,
            stops=token[0] in _STOPS,
            again=self._again[language].get(token, ()),
            role=self._context.role(token),
            said=self._phrases.get(token, ()),
        )
        known = self._senses[language]
        if len(known) >= _REMEMBERED_TOKENS:
            known.clear()  # another thread may do so at any moment: nothing that was put in is sure to be there
        known[token] = sense = PLAIN if sense == PLAIN else sense
        return sense

    def _symbol(self, token: str) -> float:
        """Return the valence of an emoticon, or the strongest of a run of emoji; 0 for any word."""
        found = self._symbols.get(token)
        if found is not None:
            return found
        if token[0].isalnum():
            return 0.0
        return max((self._symbols.get(character, 0.0) for character in token), key=abs)


def _valence(words: Words, token: str) -> float:
    for spelling in spellings(token):
        found = words.whole.get(spelling)
        if found is not None:
            return found
        for end in range(len(spelling), _SHORTEST_STEM - 1, -1):
            found = words.stems.get(spelling[:end])
            if found is not None:
                return found
    return 0.0


def _merged(languages: Mapping[str, Words]) -> Words:
    """Merge all languages; a word that some praise with and others complain with says nothing."""
    whole = _agreed([words.whole for words in languages.values()])
    stems = _agreed([words.stems for words in languages.values()])
    return Words(
        whole,
        {stem: valence for stem, valence in stems.items() if len(stem) >= _SHORTEST_SHARED_STEM},
        frozenset().union(*(words.negations for words in languages.values())),
        frozenset().union(*(words.boosters for words in languages.values())),
        frozenset().union(*(words.again for words in languages.values())),
    )


def _by_first(phrases: Iterable[tuple[str, ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for first, *rest in sorted(phrases):
        found[first] = (*found.get(first, ()), tuple(rest))
    return found


def _agreed(each: list[Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for valences in each:
        for word, valence in valences.items():
            found.setdefault(word, []).append(valence)
    return {word: sum(some) / len(some) for word, some in found.items() if min(some) * max(some) > 0}


@cache
def packaged_lexicon() -> Lexicon:
    """Return the lexicon of the first day: VADER's English words and symbols, and the packaged `words.yaml`."""
    source = resources.files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    written = yaml.load(source, Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
    own_symbols = dict(_entries(written.pop("symbols")))
    context = _context(written.pop("roles"), written.pop("phrases"))
    languages = {code: _words(sections) for code, sections in written.items()}
    whole, symbols = _vader()
    english = languages[ENGLISH]
    languages[ENGLISH] = english._replace(whole={**_outside(english.stems, whole), **english.whole})
    return Lexicon(languages, {**symbols, **own_symbols}, context)


def _context(roles: Mapping[Role, str], phrases: Mapping[str, str]) -> Context:
    return Context(
        {word: role for role, words in roles.items() for word in words.split()},
        {
            tuple(phrase.split()): _STRENGTHS[name]
            for name, listed in phrases.items()
            for phrase in listed.split(";")
        },
    )


def _outside(stems: Mapping[str, float], whole: Mapping[str, float]) -> dict[str, float]:
    """Return the words that no own stem speaks for: what a user wrote counts before the library."""
    return {word: valence for word, valence in whole.items() if not word.startswith(tuple(stems))}


def _words(sections: Mapping[str, str]) -> Words:
    entries = list(_entries(sections))
    return Words(
        {word: valence for word, valence in entries if not word.endswith("*")},
        {word[:-1]: valence for word, valence in entries if word.endswith("*")},
        frozenset(sections["negations"].split()),
        frozenset(sections["boosters"].split()),
        frozenset(tuple(phrase.split()) for phrase in sections["again"].split(";")),
    )


def _entries(sections: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    for name, valence in _STRENGTHS.items():
        yield from ((word, valence) for word in sections.get(name, "").split())


def _vader() -> tuple[dict[str, float], dict[str, float]]:
    """Return VADER's words, and its emoticons with its emoji, by the words that describe each."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - a model brings its own

    analyzer = SentimentIntensityAnalyzer()
    valences = {entry.lower(): float(valence) for entry, valence in analyzer.lexicon.items()}
    words = {entry: valence for entry, valence in valences.items() if entry[0].isalpha() and " " not in entry}
    symbols = {entry: valence for entry, valence in valences.items() if entry not in words}
    for emoji, description in analyzer.emojis.items():
        strongest = max((words.get(word, 0.0) for word in description.split()), key=abs, default=0.0)
        if len(emoji) == 1 and strongest:
            symbols[emoji] = strongest
    return words, symbols


def lexicon_from(state: dict[str, Any]) -> Lexicon:
    """Build a lexicon from what `Lexicon.state` returned."""
    languages = {name: _unpacked(packed) for name, packed in state["languages"].items()}
    context = context_from(state["context"]) if "context" in state else NO_CONTEXT
    return Lexicon(languages, dict(_valences(state["symbols"])), context)


def _packed(words: Words) -> dict[str, Any]:
    return {
        "whole": _packed_valences(words.whole),
        "stems": _packed_valences(words.stems),
        "negations": pack_strings(sorted(words.negations)),
        "boosters": pack_strings(sorted(words.boosters)),
        "again": pack_strings(sorted(" ".join(phrase) for phrase in words.again)),
    }


def _unpacked(packed: dict[str, Any]) -> Words:
    return Words(
        dict(_valences(packed["whole"])),
        dict(_valences(packed["stems"])),
        frozenset(unpack_strings(packed["negations"])),
        frozenset(unpack_strings(packed["boosters"])),
        frozenset(tuple(phrase.split(" ")) for phrase in unpack_strings(packed["again"])),
    )


def _packed_valences(valences: Mapping[str, float]) -> dict[str, Any]:
    ordered = sorted(valences)
    return {
        "names": pack_strings(ordered),
        "valences": np.array([valences[name] for name in ordered], dtype=np.float64),
    }


def _valences(packed: dict[str, Any]) -> Iterator[tuple[str, float]]:
    return zip(unpack_strings(packed["names"]), packed["valences"].tolist(), strict=True)
