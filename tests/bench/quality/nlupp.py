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

from batch.training.encoder.vectors import Vectors, read_here
from batch.training.rows.label_sets import label_sets
from batch.training.rows.rows import LabelledRow
from batch.training.tiers.several_fit import fit_several
from schemas.vocabulary import OUT_OF_SCOPE
from tests.bench.quality.context import BARS, SEED, THREADS, BenchContext
from tests.bench.quality.registry import Row, at_least, reported
from understanding.arrays.probabilities import sigmoid
from understanding.bundle.bundle import head_from
from understanding.encoder.prepared_encoder import published_encoder
from understanding.scoring.text import clean_text
from understanding.tiers.ngrams import ngram_tier_from
from understanding.tiers.several import several_from

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
    encoder = published_encoder(context.encoder_folder, threads=THREADS)
    vectors = Vectors(read_here(encoder), lambda _what, _done: None)
    settings: dict[str, list[_Trial]] = {}
    for source, target in (DOMAINS, DOMAINS[::-1]):
        settings[f"{source}, one fold"] = list(_few(messages[source]))
        settings[f"{source}, eighteen folds"] = list(_many(messages[source]))
        settings[f"{source} to {target}"] = [_across(messages[source], messages[target])]
    rows: list[Row] = []
    for name, trials in settings.items():
        rows += _setting(vectors, name, trials)
        context.console.print(f"{name}: micro-F1 {rows[-1].measured}", highlight=False)
    return rows


def _few(messages: Sequence[_Message]) -> Iterator[_Trial]:
    for fold in range(FOLDS):
        train = [row for row in messages if row.fold == fold]
        yield _Trial(train, [row for row in messages if row.fold != fold])


def _many(messages: Sequence[_Message]) -> Iterator[_Trial]:
    for first in range(0, FOLDS, TESTED_TOGETHER):
        test = [row for row in messages if first <= row.fold < first + TESTED_TOGETHER]
        train = [row for row in messages if not first <= row.fold < first + TESTED_TOGETHER]
        yield _Trial(train, test)


def _across(train: list[_Message], test: list[_Message]) -> _Trial:
    both = frozenset.union(*(row.intents for row in train)) & frozenset.union(*(row.intents for row in test))
    return _Trial(train, test, both)


def _setting(vectors: Vectors, name: str, trials: Sequence[_Trial]) -> Iterator[Row]:
    ours = _mean(trials, lambda trial: _answers(vectors, trial))
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


def _answers(vectors: Vectors, trial: _Trial) -> Sets:
    """Return what a model answers that was trained on these rows, as `train` trains it; no text is read twice."""
    rows = [LabelledRow(row.text, tuple(sorted(row.intents)) or (OUT_OF_SCOPE,)) for row in trial.train]
    labels = sorted({label for row in rows for label in row.labels})
    sets = label_sets(rows, labels, seed=SEED)
    fitted = fit_several(sets, labels, vectors, options=BARS, progress=lambda _what, _done: None)
    texts = [clean_text(row.text).text or "" for row in trial.test]
    logits = ngram_tier_from(fitted.ngrams).logits(texts)
    chances = sigmoid(head_from(fitted.head).calibrated(vectors.of(texts), logits))
    outside = labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in labels else None
    by_encoder = np.ones(len(texts), dtype=np.bool_)
    chosen = several_from(fitted.several or {}).answered(chances, by_encoder, outside=outside)
    return [frozenset(labels[place] for place in np.flatnonzero(row)) - {OUT_OF_SCOPE} for row in chosen]


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
