"""nlupp: several intents a message, banking and hotels, in twenty folds; against a linear baseline of the same rows.

Few rows: trained on one fold, tested on the other nineteen. Many: trained on eighteen, tested on two. Across:
trained on one domain, tested on the other, over the intents of both. A row without an intent counts: what is
answered there is wrong.
"""

import csv
import gzip
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from batch.training.rows import LabelledRow
from schemas.model.bundle import load_bundle
from schemas.model.scoring import score
from schemas.triage import all_intents
from schemas.vocabulary import OUT_OF_SCOPE
from tests.bench.quality.context import THREADS, BenchContext
from tests.bench.quality.registry import Row, at_least, reported

DOMAINS: Final = ("banking", "hotels")
FOLDS: Final = 20
TESTED_TOGETHER: Final = 2
POINTS_ABOVE: Final = 5.0

Sets = list[frozenset[str]]


class _Message(NamedTuple):
    text: str
    intents: frozenset[str]
    fold: int


class _Trial(NamedTuple):
    """One training and its test; `counted` are the intents that are measured, None for all."""

    name: str
    train: list[_Message]
    test: list[_Message]
    counted: frozenset[str] | None = None

    def micro_f1(self, answers: Sets) -> float:
        """Return the micro-F1 of what was answered about the test rows."""
        pairs = [
            (self._counted(row.intents), self._counted(answer))
            for row, answer in zip(self.test, answers, strict=True)
        ]
        hits = sum(len(wanted & answered) for wanted, answered in pairs)
        return 2 * hits / max(1, sum(len(wanted) + len(answered) for wanted, answered in pairs))

    def _counted(self, intents: frozenset[str]) -> frozenset[str]:
        return intents if self.counted is None else intents & self.counted


def measure(context: BenchContext) -> Sequence[Row]:
    """Measure the micro-F1 of all intents in each setting, and of the baseline on the same rows."""
    messages = {domain: list(_messages(context, domain)) for domain in DOMAINS}
    rows: list[Row] = []
    for domain in DOMAINS:
        rows += _setting(context, f"{domain}, one fold", list(_few(domain, messages[domain])))
        rows += _setting(context, f"{domain}, eighteen folds", list(_many(domain, messages[domain])))
    for source, target in (DOMAINS, DOMAINS[::-1]):
        trial = _across(source, messages[source], messages[target])
        rows += _setting(context, f"{source} to {target}", [trial])
    return rows


def _few(domain: str, messages: Sequence[_Message]) -> Iterator[_Trial]:
    for fold in range(FOLDS):
        train = [row for row in messages if row.fold == fold]
        yield _Trial(f"nlupp-{domain}-{fold}", train, [row for row in messages if row.fold != fold])


def _many(domain: str, messages: Sequence[_Message]) -> Iterator[_Trial]:
    for first in range(0, FOLDS, TESTED_TOGETHER):
        test = [row for row in messages if first <= row.fold < first + TESTED_TOGETHER]
        train = [row for row in messages if not first <= row.fold < first + TESTED_TOGETHER]
        yield _Trial(f"nlupp-{domain}-without-{first}", train, test)


def _across(source: str, train: list[_Message], test: list[_Message]) -> _Trial:
    both = frozenset.union(*(row.intents for row in train)) & frozenset.union(*(row.intents for row in test))
    return _Trial(f"nlupp-from-{source}", train, test, both)


def _setting(context: BenchContext, name: str, trials: Sequence[_Trial]) -> Iterator[Row]:
    ours = _mean(trials, lambda trial: _answers(context, trial))
    plain = _mean(trials, lambda trial: _linear(trial, balanced=False))
    balanced = _mean(trials, lambda trial: _linear(trial, balanced=True))
    yield at_least(
        f"{name}: points of micro-F1 above the baseline", POINTS_ABOVE, 100 * (ours - plain), digits=1
    )
    yield reported(
        f"{name}: micro-F1", f"{ours:.1%}, baseline {plain:.1%}, with balanced classes {balanced:.1%}"
    )


def _mean(trials: Sequence[_Trial], answer: Callable[[_Trial], Sets]) -> float:
    return float(np.mean([trial.micro_f1(answer(trial)) for trial in trials]))


def _answers(context: BenchContext, trial: _Trial) -> Sets:
    rows = [LabelledRow(row.text, tuple(sorted(row.intents)) or (OUT_OF_SCOPE,)) for row in trial.train]
    model = load_bundle(context.bundle(trial.name, lambda: rows, encoder_choice="frozen"), threads=THREADS)
    results = score(model, [row.text for row in trial.test])
    return [frozenset(all_intents(result)) - {OUT_OF_SCOPE} for result in results]


def _linear(trial: _Trial, *, balanced: bool) -> Sets:
    """TF-IDF of words and a logistic regression for each intent, as scikit-learn comes, answered from 0.5 on."""
    binarizer = MultiLabelBinarizer()
    machine = LogisticRegression(class_weight="balanced" if balanced else None)
    model = make_pipeline(TfidfVectorizer(), OneVsRestClassifier(machine))
    model.fit(
        [row.text for row in trial.train], binarizer.fit_transform([row.intents for row in trial.train])
    )
    found = binarizer.inverse_transform(model.predict([row.text for row in trial.test]))
    return [frozenset(answer) for answer in found]


def _messages(context: BenchContext, domain: str) -> Iterator[_Message]:
    path = context.file(f"nlupp/{domain}.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            intents = frozenset(name for name in row["intents"].split("|") if name)
            yield _Message(row["text"], intents, int(row["fold"]))
