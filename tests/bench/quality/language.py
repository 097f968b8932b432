"""lid_lingua: words, pairs and sentences of 75 languages; a language that is not supported counts as wrong.

Nothing is trained. Constants were chosen on half of the rows, by a hash of the text; the other half is reported too.
"""

import csv
import gzip
import time
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

import psutil
from lingua import LanguageDetectorBuilder

from tests.bench.quality.context import BenchContext
from tests.bench.quality.registry import Row, at_least, reported
from understanding.language import identify
from understanding.language.identify import LEAST_PROBABLE
from understanding.scoring.text import split_of

KINDS: Final = {
    "single-words": ("words", 0.74),
    "word-pairs": ("pairs", 0.89),
    "sentences": ("sentences", 0.96),
}
"""Kind of the data -> its name here and its bar."""

SPEED_BAR: Final = 5_000
_ROUNDS: Final = 5
_SALT: Final = "language"


class _Measured(NamedTuple):
    right: bool
    named: bool
    held_out: bool


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure accuracy by kind, precision of the languages that are named, speed and memory."""
    samples = _samples(context)
    before, began = psutil.Process().memory_info().rss, time.monotonic()
    load_everything()
    loading = time.monotonic() - began
    speed = _sentences_per_second([text for _, text in samples["sentences"]])
    rows = [row for kind in KINDS for row in _accuracy_rows(kind, samples[kind])]
    memory = psutil.Process().memory_info().rss - before
    return [
        *rows,
        at_least("language, sentences/s on one core", SPEED_BAR, speed, digits=0),
        reported("language, loading all models", f"{loading:.1f} s, {memory / 2**20:,.0f} MB"),
    ]


def load_everything() -> None:
    """Load the models of all languages now (seconds, 1.2 GB), which else the first text that needs one waits for."""
    LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models().build()


def _samples(context: BenchContext) -> dict[str, list[tuple[str, str]]]:
    """Return (language, text) by kind."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    file = context.file("lid_lingua/lingua_testdata.csv.gz")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found[row["kind"]].append((row["lang"], row["text"]))
    return found


def _accuracy_rows(kind: str, samples: Sequence[tuple[str, str]]) -> list[Row]:
    name, bar = KINDS[kind]
    answers = [_answer(language, text) for language, text in samples]
    named = [answer for answer in answers if answer.named]
    quick = [_answer(language, text, thorough=False) for language, text in samples]
    quickly_named = [answer for answer in quick if answer.named]
    return [
        at_least(f"language, {name}", bar, _share(answers), digits=4),
        reported(f"{name}, the half not chosen on", f"{_share([a for a in answers if a.held_out]):.4f}"),
        reported(
            f"{name}, named at all", f"{len(named) / len(answers):.3f}, {_share(named):.4f} of them rightly"
        ),
        reported(
            f"{name}, by trigrams alone as tickets get it",
            f"{_share(quick):.4f}; named {len(quickly_named) / len(quick):.3f}, {_share(quickly_named):.4f} rightly",
        ),
    ]


def _answer(language: str, text: str, *, thorough: bool = True) -> _Measured:
    found = identify(text, thorough=thorough)
    held_out = split_of(text, val=0.0, test=0.5, salt=_SALT) == "test"
    return _Measured(found.code == language, found.probability >= LEAST_PROBABLE, held_out)


def _share(answers: Sequence[_Measured]) -> float:
    return sum(answer.right for answer in answers) / max(len(answers), 1)


def _sentences_per_second(texts: Sequence[str]) -> float:
    """Return the median over disjoint parts, so that no part finds its texts in a cache."""
    parts = [texts[start::_ROUNDS] for start in range(_ROUNDS)]
    speeds = []
    for part in parts:
        began = time.process_time()
        for text in part:
            identify(text)
        speeds.append(len(part) / (time.process_time() - began))
    return median(speeds)
