"""Texts as words: those of a subject that tell what it is about, and a customer's own, clause by clause."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from schemas.triage import Cut

_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CLAUSE_END: Final = re.compile(r"[.,;:!?()\n]+")
_PREFIX: Final = re.compile(
    r"\s*(?:(?:re|fwd?|aw|wg|antw|rv|sv|tr|enc|rif|res)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE
)
_SUBJECT_WORDS: Final = 12
_WORD_LENGTH: Final = 32
_READ: Final = 10_000
"""Characters of a message in which wishes are looked for; who wants a person says so early."""


def subject_words(subject: str | None) -> tuple[str, ...]:
    """Return the first dozen different words of a subject line, without Re: and the like, in lower case."""
    words = _WORD.findall(_PREFIX.sub("", subject or "", count=1).casefold())
    return tuple(word[:_WORD_LENGTH] for word in islice(dict.fromkeys(words), _SUBJECT_WORDS))


def clauses(text: str, cuts: Iterable[Cut]) -> Iterator[list[str]]:
    """Yield the words of each clause of what a customer wrote, without what was cut out: quotations, signatures."""
    kept, place = [], 0
    for cut in sorted(cuts, key=lambda cut: cut.start):
        kept.append(text[place : max(place, cut.start)])
        place = max(place, cut.end)
    own = "\n".join([*kept, text[place:]])[:_READ].casefold().replace("\u2019", "'")
    for clause in _CLAUSE_END.split(own):
        if words := _WORD.findall(clause):
            yield words
