"""Phrases of a lexicon with gaps and choices, looked for in a text: `i am … (out of|away from) office`."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final

_GAP: Final = r"(?:[^.!?。\n]|\.(?=\w)){0,60}?"
_GAP_SIGN: Final = re.compile(r" ?… ?")
_GROUP: Final = re.compile(r"\(([^()]*)\)(\??)")
_BETWEEN: Final = re.compile(r"[^…?\x00]+\??")
_SPECIAL: Final = re.compile(r"[.\[\]{}*+\\^$]")
_WORD_START: Final = r"(?<![^\W\d_])"
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Letters of scripts in which words run together or take endings: a phrase may begin anywhere."""


class Phrase:
    """One phrase: `…` stands for up to 60 characters of a sentence, `(a|b)` for a or b, `?` for perhaps.

    A last space is the end of a word.
    """

    def __init__(self, written: str) -> None:
        self._written = written
        self.needed = _needed(written)

    def stands_in(self, text: str) -> bool:
        """Return whether the phrase stands in a text of lower case, at the beginning of a word."""
        return any(map(text.__contains__, self.needed)) and self._pattern.search(text) is not None

    def match(self, text: str) -> int | None:
        """Return where the phrase ends that begins the text; None if it does not begin with it."""
        found = self._pattern.match(text)
        return found.end() if found else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        plain = _SPECIAL.sub(lambda sign: "\\" + sign[0], self._written).replace("(", "(?:")
        start = "" if _UNSPACED.search(self._written) else _WORD_START
        end = r"(?!\w)" if plain.endswith(" ") else ""  # a whole word, whatever follows it
        return re.compile(f"{start}(?:{_GAP_SIGN.sub(lambda _: _GAP, plain.strip())}){end}")


def phrases_of(written: Iterable[str]) -> tuple[Phrase, ...]:
    """Return the phrases of a list."""
    return tuple(map(Phrase, written))


def one_stands(phrases: Iterable[Phrase], text: str) -> bool:
    """Return whether one of the phrases stands in the text."""
    return any(phrase.stands_in(text) for phrase in phrases)


def needed_of(phrases: Iterable[Phrase]) -> tuple[str, ...]:
    """Return words of which a text has one if one of the phrases stands in it: for long lists that seldom do."""
    words = {word for phrase in phrases for word in phrase.needed}
    return tuple(word for word in words if not any(other in word for other in words - {word}))


def one_begins(phrases: Iterable[Phrase], text: str) -> bool:
    """Return whether one of the phrases begins the text."""
    return any(phrase.match(text) is not None for phrase in phrases)


def _needed(written: str) -> tuple[str, ...]:
    """Return words of which a text has one if it has the phrase: what is quickly looked for comes first."""
    choices: list[tuple[str, ...]] = [("",)]
    flat = _GROUP.sub("\x00", written)
    if "(" not in flat:  # of groups within groups nothing is asked
        choices += [tuple(group[1].split("|")) for group in _GROUP.finditer(written) if not group[2]]
        for between in _BETWEEN.findall(flat):
            choices.append(((between[:-2] if between.endswith("?") else between).strip(),))
    return max(choices, key=lambda options: (min(map(len, options)), -len(options)))
