"""How often records are fetched: a lone one at once, those that follow closely together."""

import asyncio
import inspect
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher

from streams.broker.fetch_spacing import FetchSpacing
from streams.runtime.step_cost import StepCost
from streams.stages.registry import STAGES

NODE = 1


class Broker:
    """Answers each fetch with what it is told; counts them."""

    def __init__(self, *, brings: list[bool]) -> None:
        self._brings = brings
        self.fetches = 0

    async def send(self, _assignment: Any, _node_id: int, _request: Any) -> bool:
        self.fetches += 1
        return self._brings.pop(0)


async def _turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_the_first_fetch_and_one_after_an_empty_answer_are_sent_at_once() -> None:
    """An open fetch is what lets a lone record come at once, so an idle consumer always has one."""

    async def scenario() -> None:
        broker = Broker(brings=[False, True])
        fetch = FetchSpacing(broker.send, lambda: 3600.0)
        assert not await fetch(None, NODE, None)
        assert await fetch(None, NODE, None)
        assert broker.fetches == 2

    asyncio.run(scenario())


def test_a_fetch_after_one_that_brought_records_lets_more_gather() -> None:
    """Each answer costs both sides, however little it brings; another node is asked meanwhile."""

    async def scenario() -> None:
        broker = Broker(brings=[True, True])
        fetch = FetchSpacing(broker.send, lambda: 3600.0)
        await fetch(None, NODE, None)
        waiting = asyncio.ensure_future(fetch(None, NODE, None))
        await _turns()
        assert broker.fetches == 1
        assert await fetch(None, NODE + 1, None)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scenario())


def test_the_next_fetch_comes_when_records_had_their_time_to_gather() -> None:
    """Where steps cost nothing there is nothing to wait for."""

    async def scenario() -> None:
        broker = Broker(brings=[True, True])
        fetch = FetchSpacing(broker.send, lambda: 0.0)
        await fetch(None, NODE, None)
        assert await fetch(None, NODE, None)

    asyncio.run(scenario())


def test_records_gather_for_as_long_as_a_step_takes_and_no_longer_than_told() -> None:
    """Cheap steps make the pipeline quick, dear ones make it frugal."""
    cost = StepCost(0.02)
    assert cost.spacing_s() == 0.02
    for _ in range(200):
        cost.took(0.005)
    assert cost.spacing_s() == pytest.approx(0.005)
    for _ in range(200):
        cost.took(0.2)
    assert cost.spacing_s() == 0.02


def test_records_of_stages_without_hurry_gather_longer() -> None:
    """Customers' pictures and agents' words took as many transactions as tickets."""
    cost = StepCost(0.02, 0.2)
    for _ in range(200):
        cost.took(0.005)
    assert cost.spacing_s() == 0.2
    assert {name for name, spec in STAGES.items() if not spec.hurried} == {"customers", "roster"}


def test_aiokafka_has_what_is_changed_of_it() -> None:
    """Both are private: without them fetches would come as ever, and nothing would say so."""
    assert inspect.iscoroutinefunction(Fetcher._proc_fetch_request)
    assert {"_prefetch_backoff", "_records"} <= set(Fetcher.__init__.__code__.co_names)
