"""Sentences of a text, and those that say most of it: by place, by questions and figures, by words that come again."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

READ_CHARACTERS: Final = 20_000
"""What is read of one text; hostile texts have megabytes."""

READ_SENTENCES: Final = 200
_ALL_SENTENCES: Final = 1_000
LONGEST: Final = 280
"""Characters of a sentence that a summary shows; a longer one is cut between words, if it has any."""

_END: Final = re.compile(r"(?<=[.!?\u061f\u0964])\s+|(?<=[\u3002\uff01\uff1f])|[\r\n\u2028\u2029]+")
"""Where a sentence ends: Western, Arabic and Indian marks before a blank, East Asian ones anywhere, and lines."""

_WORD: Final = re.compile(r"\w{3,}")
_QUESTION: Final = re.compile(r"[?\u061f\uff1f]")
_FIGURE: Final = re.compile(r"\d")
_SIGNATURE: Final = re.compile(r"^-- ?$", re.MULTILINE)
_JOINERS: Final = frozenset("\u200c\u200d")

_FEWEST_WORDS: Final = 3
_SHORT: Final = 16
"""Characters, for scripts that write no blanks between words."""

_SAME_SHARE: Final = 0.8
"""Two sentences that share so much of their words say the same."""


class Sentence(NamedTuple):
    """A sentence as it was written, its place in the whole story, and the words in it."""

    text: str
    place: int
    words: frozenset[str]

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        return _QUESTION.search(self.text) is not None


def sentences_of(text: str, *, start: int = 0) -> list[Sentence]:
    """Return the sentences of what somebody wrote, without what they quoted and signed, numbered from `start`."""
    own = _SIGNATURE.split(text[:READ_CHARACTERS], maxsplit=1)[0]
    kept = "\n".join(line for line in own.splitlines() if not line.lstrip().startswith(">"))
    found = (part.strip() for part in _END.split(kept))
    told = [part for part in found if any(map(str.isalnum, part))][:READ_SENTENCES]
    return [
        Sentence(shortened(part), start + place, frozenset(_WORD.findall(part.casefold())))
        for place, part in enumerate(told)
    ]


def telling(sentences: Sequence[Sentence], most: int) -> list[Sentence]:
    """Return the sentences that say most, in their order; of those that say the same the first."""
    common = Counter(word for sentence in sentences for word in sentence.words)
    full = [sentence for sentence in sentences if not _is_empty(sentence)] or sentences
    chosen: list[Sentence] = []
    for sentence in sorted(full, key=lambda one: (-_weight(one, common), one.place)):
        if len(chosen) == most:
            break
        if not any(_alike(sentence, other) for other in chosen):
            chosen.append(sentence)
    return sorted(chosen, key=lambda one: one.place)


def first_ask(sentences: Sequence[Sentence]) -> Sentence | None:
    """Return the first question, without one the sentence that says most; None where nothing is said."""
    asked = next((sentence for sentence in sentences if sentence.asks), None)
    return asked or next(iter(telling(sentences, 1)), None)


def shortened(text: str) -> str:
    """Return at most LONGEST characters of a text, cut between words and never within a letter of its reader."""
    if len(text) <= LONGEST:
        return text
    end = LONGEST - 1
    space = text.rfind(" ", LONGEST // 2, end)
    if space > 0:
        end = space
    while end > 0 and (
        unicodedata.combining(text[end]) or text[end] in _JOINERS or text[end - 1] in _JOINERS
    ):
        end -= 1
    return f"{text[:end]}…"


def _weight(sentence: Sentence, common: Counter[str]) -> float:
    """Return how much a sentence says: it comes early, asks, has figures, and its words come again elsewhere."""
    again = sum(common[word] - 1 for word in sentence.words) / max(len(sentence.words), 1)
    return (
        min(again, 2.0)
        + 1.0 / (1 + sentence.place)
        + 1.0 * sentence.asks
        + 0.5 * (_FIGURE.search(sentence.text) is not None)
    )


def _is_empty(sentence: Sentence) -> bool:
    """Tell whether a sentence only greets, thanks or signs: it is short, asks nothing and has no figure."""
    short = len(sentence.words) < _FEWEST_WORDS and len(sentence.text) < _SHORT
    return short and not sentence.asks and not _FIGURE.search(sentence.text)


def _alike(one: Sentence, other: Sentence) -> bool:
    if one.text == other.text:
        return True
    shared = len(one.words & other.words)
    return bool(shared) and shared / len(one.words | other.words) > _SAME_SHARE


def joined(texts: Iterable[str]) -> list[Sentence]:
    """Return the sentences of several texts, numbered through, as many as a summary is chosen from."""
    found: list[Sentence] = []
    for text in texts:
        if len(found) >= _ALL_SENTENCES:
            break
        found += sentences_of(text, start=len(found))
    return found
