"""Keywords: the most telling words and word pairs of one message, without a corpus.

RAKE's idea (candidates are runs of words between stop words and punctuation, scored by how often and in how
long runs their words stand) at a cost of some ten microseconds; the kept library of that family, yake, needs
2.4 ms for the same message and 1.7 s to import.
"""

from collections import defaultdict
from typing import Final

from understanding.signals.stop_words import STOP_WORDS

MOST_KEYWORDS: Final = 5
_MOST_WORDS: Final = 3  # a longer run is a sentence without stop words, not a term
_READ_TOKENS: Final = 400
_FEWEST_LETTERS: Final = 3
_LONGEST_WORD: Final = 40

_Run = tuple[str, ...]


def keywords_of(tokens: list[str]) -> tuple[str, ...]:
    """Return at most five words or terms, most telling first; never a token with a digit.

    A word's weight is the number of words that it stands together with, itself included; a term's score is the
    sum of its words' weights times how often it occurs; of equal scores the earlier stands first.
    """
    runs = _runs(tokens[:_READ_TOKENS])
    weights: dict[str, int] = defaultdict(int)
    scores: dict[_Run, int] = defaultdict(int)
    for run in runs:
        for word in run:
            weights[word] += len(run)
    for run in runs:
        scores[run] += sum(map(weights.__getitem__, run))
    best = sorted(scores, key=scores.__getitem__, reverse=True)
    return tuple(map(" ".join, best[:MOST_KEYWORDS]))


def _runs(tokens: list[str]) -> list[_Run]:
    runs: list[_Run] = []
    run: list[str] = []
    for token in tokens:
        if token in STOP_WORDS or not _is_word(token):
            if run:
                runs.append(tuple(run))
                run = []
        else:
            run.append(token)
            if len(run) == _MOST_WORDS:
                runs.append(tuple(run))
                run = []
    if run:
        runs.append(tuple(run))
    return runs


def _is_word(token: str) -> bool:
    return _FEWEST_LETTERS <= len(token) <= _LONGEST_WORD and (
        token.isalpha() or not any(map(str.isdigit, token))
    )
