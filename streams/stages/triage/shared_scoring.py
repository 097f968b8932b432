"""Scores for all partitions of a worker at once: what waits while one call runs goes together into the next.

Larger micro-batches cost less per text, and a text's result does not depend on its neighbours, so partitions may share
them. There are two threads: the n-grams of one call can be computed while the encoder, which needs no interpreter
lock, works on another.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, NamedTuple

from schemas.triage import Triage
from streams.stages.triage.models.deployment import TicketMessage

ScoreMessages = Callable[[Sequence[TicketMessage]], list[Triage]]
_THREADS: Final = 2


class _Request(NamedTuple):
    messages: Sequence[TicketMessage]
    result: "Future[list[Triage]]"


class SharedScoring:
    """Takes messages from any thread and returns their results to it; `most` bounds those of one call."""

    def __init__(self, score_messages: ScoreMessages, *, most: int) -> None:
        self._score_messages = score_messages
        self._most = most
        self._waiting: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"score-{number}", daemon=True)
            for number in range(_THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def score(self, messages: Sequence[TicketMessage]) -> list[Triage]:
        """Return one result a message, in order; blocks. Raises what scoring raises."""
        request = _Request(messages, Future())
        self._waiting.put(request)
        return request.result.result()

    def stop(self) -> None:
        """End the threads once what waits is scored."""
        for _ in self._threads:
            self._waiting.put(None)

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            requests, ended = self._take_more(first)
            self._answer(requests)
            if ended:
                return

    def _take_more(self, first: _Request) -> tuple[list[_Request], bool]:
        """Return the requests of the next call, and whether the sign to end came among them."""
        requests, size = [first], len(first.messages)
        while size < self._most:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return requests, True
            requests.append(more)
            size += len(more.messages)
        return requests, False

    def _answer(self, requests: Sequence[_Request]) -> None:
        try:
            results = iter(
                self._score_messages([message for request in requests for message in request.messages])
            )
            for request in requests:
                request.result.set_result([next(results) for _ in request.messages])
        except Exception as error:  # noqa: BLE001 - raised again in every thread that waits for this call
            for request in requests:
                if not request.result.done():
                    request.result.set_exception(error)
