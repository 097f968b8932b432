"""Partitions share scoring calls: everyone gets their own results, an error reaches all who waited."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from schemas.triage import Triage
from streams.stages.triage.models.deployment import TicketMessage
from streams.stages.triage.shared_scoring import ScoreMessages, SharedScoring
from tests.patience import PATIENCE_S
from understanding.understand import CustomerMessage

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def texts_of(*texts: str) -> list[TicketMessage]:
    return [TicketMessage("T-1", CustomerMessage(text, NOW)) for text in texts]


def echo(messages: Sequence[TicketMessage]) -> list[Triage]:
    return [
        Triage(model_version="v", decided_by="ngrams", team="t", intent=message.said.text)
        for message in messages
    ]


@contextmanager
def sharing(score_messages: ScoreMessages, most: int = 100) -> Iterator[SharedScoring]:
    scoring = SharedScoring(score_messages, most=most)
    try:
        yield scoring
    finally:
        scoring.stop()


def test_everyone_gets_their_own_results_in_order() -> None:
    """However calls are put together, each caller's texts come back to that caller."""
    with sharing(echo) as scoring, ThreadPoolExecutor(8) as callers:
        asked = [[f"{caller}-{number}" for number in range(caller % 5)] for caller in range(200)]
        answers = list(callers.map(lambda texts: scoring.score(texts_of(*texts)), asked))
    assert asked == [[result.intent for result in answer] for answer in answers]


def test_what_waits_goes_into_one_call() -> None:
    """While both threads are busy requests gather, and the next call takes them together, up to its bound."""
    sizes: list[int] = []
    started, go_on = threading.Semaphore(0), threading.Event()

    def blocking(messages: Sequence[TicketMessage]) -> list[Triage]:
        sizes.append(len(messages))
        if messages == texts_of("block"):
            started.release()
            assert go_on.wait(PATIENCE_S)
        return echo(messages)

    with sharing(blocking, most=4) as scoring, ThreadPoolExecutor(8) as callers:
        for _ in range(2):
            callers.submit(scoring.score, texts_of("block"))
            assert started.acquire(timeout=PATIENCE_S)
        waiting = [callers.submit(scoring.score, texts_of("a", "b")) for _ in range(4)]
        while scoring._waiting.qsize() < 4:
            threading.Event().wait(0.001)
        go_on.set()
        assert [len(future.result(PATIENCE_S)) for future in waiting] == [2, 2, 2, 2]
    assert sorted(sizes) == [1, 1, 4, 4]


def test_an_error_reaches_all_who_waited() -> None:
    """A scorer that fails fails its callers, and the next call is served again."""

    def failing(messages: Sequence[TicketMessage]) -> list[Triage]:
        if texts_of("bad")[0] in messages:
            raise ValueError("bad text")
        return echo(messages)

    with sharing(failing) as scoring:
        with pytest.raises(ValueError, match="bad text"):
            scoring.score(texts_of("bad"))
        assert [result.intent for result in scoring.score(texts_of("good"))] == ["good"]
