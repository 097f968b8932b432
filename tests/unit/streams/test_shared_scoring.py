"""Partitions share scoring calls: everyone gets their own results, an error reaches all who waited."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from schemas.triage import Triage
from streams.triage.shared_scoring import ScoreTexts, SharedScoring


def echo(texts: Sequence[str | None]) -> list[Triage]:
    return [Triage(model_version="v", decided_by="ngrams", team="t", intent=text) for text in texts]


@contextmanager
def sharing(score_texts: ScoreTexts, most: int = 100) -> Iterator[SharedScoring]:
    scoring = SharedScoring(score_texts, most=most)
    try:
        yield scoring
    finally:
        scoring.stop()


def test_everyone_gets_their_own_results_in_order() -> None:
    """However calls are put together, each caller's texts come back to that caller."""
    with sharing(echo) as scoring, ThreadPoolExecutor(8) as callers:
        asked = [[f"{caller}-{number}" for number in range(caller % 5)] for caller in range(200)]
        answers = list(callers.map(scoring.score, asked))
    assert asked == [[result.intent for result in answer] for answer in answers]


def test_what_waits_goes_into_one_call() -> None:
    """While both threads are busy requests gather, and the next call takes them together, up to its bound."""
    sizes: list[int] = []
    started, go_on = threading.Semaphore(0), threading.Event()

    def blocking(texts: Sequence[str | None]) -> list[Triage]:
        sizes.append(len(texts))
        if texts == ["block"]:
            started.release()
            assert go_on.wait(5)
        return echo(texts)

    with sharing(blocking, most=4) as scoring, ThreadPoolExecutor(8) as callers:
        for _ in range(2):
            callers.submit(scoring.score, ["block"])
            started.acquire(timeout=5)
        waiting = [callers.submit(scoring.score, ["a", "b"]) for _ in range(4)]
        while scoring._waiting.qsize() < 4:
            threading.Event().wait(0.001)
        go_on.set()
        assert [len(future.result(5)) for future in waiting] == [2, 2, 2, 2]
    assert sorted(sizes) == [1, 1, 4, 4]


def test_an_error_reaches_all_who_waited() -> None:
    """A scorer that fails fails its callers, and the next call is served again."""

    def failing(texts: Sequence[str | None]) -> list[Triage]:
        if "bad" in texts:
            raise ValueError("bad text")
        return echo(texts)

    with sharing(failing) as scoring:
        with pytest.raises(ValueError, match="bad text"):
            scoring.score(["bad"])
        assert [result.intent for result in scoring.score(["good"])] == ["good"]
