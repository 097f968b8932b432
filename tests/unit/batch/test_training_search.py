"""The search for settings: folds by the text, one standard error, the simplest of equals."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.training.examples import Examples
from batch.training.executor import Job, ThisProcess
from batch.training.progress import by_tenths
from batch.training.rows import TrainingError
from batch.training.search import FOLDS, HEAD_GRID, fold_of, mark_chosen, search_settings
from understanding.arrays.probabilities import Matrix
from understanding.manifest.fit_settings import FitSettings, HeadSettings, NgramSettings, Search, Trial


def _trial(strength: float, mean: float, error: float = 0.01) -> Trial:
    return Trial(
        head=HeadSettings(regularisation=strength), accuracies=(mean,), mean=mean, standard_error=error
    )


def _silent(_what: str, _done: float) -> None:
    """Show no progress."""


def test_the_simplest_within_one_standard_error_wins() -> None:
    """A little better within the noise is no reason for a more elaborate setting; surely better is."""
    table = [_trial(1, 0.895), _trial(3, 0.902), _trial(10, 0.91)]
    assert [trial.chosen for trial in mark_chosen(table)] == [False, True, False]
    sure = [_trial(1, 0.8), _trial(3, 0.85), _trial(10, 0.91)]
    assert [trial.chosen for trial in mark_chosen(sure)] == [False, False, True]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.2)), min_size=1, max_size=8))
def test_there_is_one_winner_and_never_a_later_one_than_the_best(found: list[tuple[float, float]]) -> None:
    """Whatever the table, exactly one wins, and none simpler than it is within the error."""
    table = [_trial(place + 1.0, mean, error) for place, (mean, error) in enumerate(found)]
    marked = mark_chosen(table)
    (winner,) = [place for place, trial in enumerate(marked) if trial.chosen]
    best = max(table, key=lambda trial: trial.mean)
    assert winner <= table.index(best)
    assert all(trial.mean < best.mean - best.standard_error for trial in table[:winner])
    assert mark_chosen([]) == []


def test_equal_texts_share_a_fold() -> None:
    """Case and white space make no other text, so nothing is tested on what it was taught."""
    assert fold_of("My  Invoice") == fold_of("my invoice")
    assert {fold_of(f"text {number}") for number in range(60)} == set(range(FOLDS))


def _two_topics(count: int) -> Examples:
    words = ("invoice", "login")
    return Examples([f"{words[n % 2]} {n}" for n in range(count)], np.arange(count) % 2)


def _read(texts: Sequence[str]) -> Matrix:
    return np.array([["invoice" in text, "login" in text] for text in texts], dtype=np.float32)


def _search(examples: Examples, *, read: bool) -> Search:
    return search_settings(
        examples,
        2,
        seed=1,
        executor=ThisProcess(),
        progress=_silent,
        read=_read if read else None,
        ngram_grid=[NgramSettings(words=(1, 1), characters=(2, 4)), NgramSettings()],
        head_grid=HEAD_GRID[:2],
    )


def test_a_search_tries_each_setting_on_each_fold() -> None:
    """Two settings of each tier give four lines of five accuracies, and a winner each."""
    found = _search(_two_topics(60), read=True)
    assert (found.folds, found.rows) == (FOLDS, 60)
    assert [len(trial.accuracies) for trial in found.trials] == [FOLDS] * 4
    assert [trial.chosen for trial in found.trials] == [True, False, True, False]
    assert found.chosen == FitSettings(
        ngrams=NgramSettings(words=(1, 1), characters=(2, 4)), head=HEAD_GRID[0]
    )
    assert msgspec.json.decode(msgspec.json.encode(found), type=Search) == found


def test_without_vectors_the_head_keeps_its_settings() -> None:
    """The head of a fine-tuned encoder is trained with it."""
    found = _search(_two_topics(60), read=False)
    assert all(trial.head is None for trial in found.trials)
    assert found.chosen.head == HeadSettings()


def test_too_few_rows_for_folds_are_one_sentence() -> None:
    """It says so, and what to do."""
    with pytest.raises(
        TrainingError, match="3 training rows are too few to search settings in 5 folds; train"
    ):
        _search(_two_topics(3), read=False)


def test_this_process_works_in_the_order_of_the_tasks() -> None:
    """Results stand in their order, and progress ends at 1."""
    told: list[float] = []
    job = Job("counting", lambda _folders, number: str(number).encode(), (Path("unused"),), 3)
    assert ThisProcess().run(job, lambda _what, done: told.append(done)) == [b"0", b"1", b"2"]
    assert told == [0, 1 / 3, 2 / 3, 1]


def test_a_log_gets_a_line_a_tenth() -> None:
    """Each step's begin, each tenth and its end; a step that begins again is told again."""
    told: list[tuple[str, float]] = []
    tell = by_tenths(lambda what, done: told.append((what, done)))
    for what, done in [("a", 0.0), ("a", 0.04), ("a", 0.11), ("b", 0.0), ("a", 1.0), ("a", 1.0), ("a", 0.0)]:
        tell(what, done)
    assert told == [("a", 0.0), ("a", 0.11), ("b", 0.0), ("a", 1.0), ("a", 0.0)]
