"""The encoder's budget over a simulated queue: it gives way before records wait too long, and comes back calmly."""

import itertools
import random
import statistics
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from schemas.triage import ENCODER_BUDGET, Triage
from streams.runtime.backlog import Backlog
from streams.stages.triage.pressure.encoder_budget import EncoderBudget, EncoderCost
from streams.stages.triage.pressure.pressure import NO_QUEUE
from streams.stages.triage.pressure.pressure_metrics import DELAY, LAG_GROWS, SHARE, PressureMetrics

BOUND_S = 0.25
BY_ENCODER = Triage(model_version="m", decided_by="encoder", team="t")
LEFT_OUT = Triage(model_version="m", decided_by="ngrams", team="t", reasons=(ENCODER_BUDGET,))
SURE = Triage(model_version="m", decided_by="ngrams", team="t")
WITHOUT_TEXT = Triage(model_version="m", decided_by="source", team="t")


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Costs(NamedTuple):
    """Seconds of a worker: each step, each record, each text, each text that the encoder reads."""

    encoder: float
    text: float = 0.0012
    record: float = 0.0003
    step: float = 0.008


class Step(NamedTuple):
    """What one simulated step did; `waits` are its records' seconds from arrival to result."""

    at: float
    share: float
    asked: int
    read: int
    waits: list[float]


class Worker:
    """One queue and one worker that takes what waits, of four partitions, in one call.

    One record in five has a text, of which `asking` ask for the encoder.
    """

    def __init__(self, costs: Costs, *, asking: float, enabled: bool = True, seed: int = 1) -> None:
        self.clock = Clock()
        self.registry = CollectorRegistry()
        self.queue: deque[tuple[float, bool]] = deque()
        self.budget = EncoderBudget(
            backlog=lambda: Backlog(
                len(self.queue), self.clock.now - self.queue[0][0] if self.queue else 0.0
            ),
            bound_s=BOUND_S,
            enabled=enabled,
            metrics=PressureMetrics(self.registry),
            clock=self.clock,
        )
        self._costs = costs
        self._asking = asking
        self._random = random.Random(seed)
        self._next_arrival = self._next_step = 0.0

    def run(self, until: float, rate: Callable[[float], float]) -> Iterator[Step]:
        """Work until a time, while records come at a rate."""
        while self.clock.now < until:
            self._arrive(rate)
            if not self.queue:
                self.clock.now = self._next_arrival
                continue
            if len(self.queue) < NO_QUEUE:
                self.clock.now = max(self.clock.now, self._next_step)
                self._arrive(rate)
            self._next_step = self.clock.now + 0.02  # the spacing of steps
            yield self._step()

    def metric(self, name: str) -> float:
        return self.registry.get_sample_value(name) or 0.0

    def _arrive(self, rate: Callable[[float], float]) -> None:
        while self._next_arrival <= self.clock.now:
            self.queue.append((self._next_arrival, self._random.random() < 0.2))
            self._next_arrival += self._random.expovariate(rate(self._next_arrival))

    def _step(self) -> Step:
        taken = list(self.queue)[: 4 * NO_QUEUE]
        texts = sum(has_text for _, has_text in taken)
        asked = sum(self._random.random() < self._asking for _ in range(texts))
        with self.budget.working(len(taken)):
            budget = self.budget.for_call(texts)
            share = self.metric(SHARE)
            read = asked if budget is None else min(asked, budget)
            scoring = self._costs.text * texts + self._costs.encoder * read
            self.clock.now += self._costs.step + self._costs.record * len(taken) + scoring
            results = [BY_ENCODER] * read + [LEFT_OUT] * (asked - read) + [SURE] * (texts - asked)
            self.budget.decided(results, {"m": None}, seconds=scoring * self._random.uniform(0.8, 1.3))
            for _ in taken:
                self.queue.popleft()
        return Step(self.clock.now, share, asked, read, [self.clock.now - arrived for arrived, _ in taken])


def longest_wait(steps: list[Step]) -> float:
    return max(wait for step in steps for wait in step.waits)


def read_share(steps: list[Step]) -> float:
    return sum(step.read for step in steps) / max(1, sum(step.asked for step in steps))


@settings(max_examples=12, deadline=None)
@given(
    rate=st.integers(50, 1000),
    encoder=st.floats(0.002, 0.013),
    asking=st.floats(0.05, 1.0),
    seed=st.integers(0, 1000),
)
def test_no_record_waits_beyond_the_bound_where_giving_way_suffices(
    rate: int, encoder: float, asking: float, seed: int
) -> None:
    """Whatever the encoder costs and however often it is asked: from the first record on, and the share settles."""
    worker = Worker(Costs(encoder), asking=asking, seed=seed)
    steps = list(worker.run(25, lambda _: rate))
    assert longest_wait(steps[20:]) < 1.1 * BOUND_S  # no cost is known in the first calls
    settled = [step.share for step in steps if step.at > 15]
    assert statistics.pstdev(settled) < 0.1


def test_a_constant_overload_settles() -> None:
    """Twice what the encoder can read: a steady part is read, as much as there is room for, and nothing swings."""
    worker = Worker(Costs(0.013), asking=0.6)
    steps = [step for step in worker.run(60, lambda _: 800) if step.at > 20]
    thirds = [steps[part::3] for part in range(3)]
    seconds = [[step for step in steps if int(step.at) == second] for second in range(21, 60)]
    each_second = [read_share(second) for second in seconds]
    assert longest_wait(steps) < BOUND_S
    assert 0.25 < read_share(steps) < 0.5
    assert max(map(read_share, thirds)) - min(map(read_share, thirds)) < 0.05
    assert statistics.pstdev(each_second) < 0.08
    assert statistics.pstdev([step.share for step in steps]) < 0.08


def test_the_first_call_after_a_start_is_bounded() -> None:
    """Nobody knows yet what a text costs, and a worker that was down finds hundreds: one call read all."""
    budget = Worker(Costs(0.003), asking=1.0).budget
    assert budget.for_call(5) == 5
    assert budget.for_call(500) == 32


def test_light_work_is_read_whole() -> None:
    """What ordinary steps take is no pressure, also where the encoder is slow."""
    worker = Worker(Costs(0.013), asking=0.6)
    steps = list(worker.run(30, lambda _: 100))
    assert {step.share for step in steps} == {1.0}
    assert read_share(steps) > 0.99


def test_a_spike_is_over_soon_and_the_encoder_comes_back_once() -> None:
    """Nine times the load for ten seconds: nobody waits too long, and the share rises without falling again."""
    worker = Worker(Costs(0.013), asking=0.6)
    steps = list(worker.run(60, lambda now: 900 if 20 < now < 30 else 100))
    assert longest_wait(steps) < BOUND_S
    after = [step.share for step in steps if step.at > 31]
    assert max(before - now for before, now in itertools.pairwise(after)) < 0.05
    assert after[-1] == 1.0
    assert {step.share for step in steps if step.at > 55} == {1.0}


def test_a_backlog_takes_the_encoder_away_at_once() -> None:
    """Thousands of records that waited in Kafka are decided by n-grams, until none waits; then the encoder is back."""
    worker = Worker(Costs(0.013), asking=0.6)
    list(worker.run(2, lambda _: 100))
    worker.queue.extend((worker.clock.now, number % 5 == 0) for number in range(4000))
    steps = list(worker.run(40, lambda _: 100))
    assert sum(step.read for step in steps[:12]) < 0.05 * sum(step.asked for step in steps[:12])
    assert steps[-1].share == 1.0


def test_where_even_none_is_not_enough_that_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Lag grows, one line says so and what to do, a metric is 1 until it is over, and another line ends it."""
    worker = Worker(Costs(0.013), asking=0.6)
    during = list(worker.run(20, lambda _: 3000))
    assert (during[-1].share, worker.metric(LAG_GROWS)) == (0.0, 1.0)
    assert worker.metric(DELAY) > 10 * BOUND_S
    after = list(worker.run(60, lambda _: 100))
    assert (after[-1].share, worker.metric(LAG_GROWS)) == (1.0, 0.0)
    told = capsys.readouterr().out
    assert (told.count("triage.lag_grows"), told.count("triage.lag_is_over")) == (1, 1)
    assert "another worker of triage" in told


def test_switched_off_the_encoder_reads_all_and_lag_is_told() -> None:
    """Live results must then equal offline ones, whatever waits."""
    worker = Worker(Costs(0.013), asking=0.6, enabled=False)
    steps = list(worker.run(10, lambda _: 900))
    assert read_share(steps) == 1.0
    assert worker.metric(SHARE) == 1.0
    assert worker.metric(LAG_GROWS) == 1.0


@pytest.mark.parametrize("texts", [1, 2, 7])
def test_small_calls_keep_to_the_share(texts: int) -> None:
    """A call of one text cannot read half of one: what is left over is carried to the next, without chance."""
    clock, waited, registry = Clock(), [BOUND_S], CollectorRegistry()
    budget = EncoderBudget(
        backlog=lambda: Backlog(0, waited[0]),
        bound_s=BOUND_S,
        enabled=True,
        metrics=PressureMetrics(registry),
        clock=clock,
    )

    def call() -> tuple[float, int]:
        clock.now += 0.02
        read = min(texts, budget.for_call(texts) or 0)
        budget.decided([BY_ENCODER] * read + [LEFT_OUT] * (texts - read), {"m": None}, seconds=0.001)
        return registry.get_sample_value(SHARE) or 0.0, read

    while call()[0] > 0.1:
        pass
    waited[0] = 0.3 * BOUND_S  # what the share is steered to: it rises once and stays
    calls = [call() for _ in range(200)]
    assert 0.2 < min(share for share, _ in calls) < 0.8
    assert sum(read for _, read in calls) == pytest.approx(texts * sum(share for share, _ in calls), abs=4)


def test_one_slow_call_does_not_shut_the_encoder_out() -> None:
    """A machine that stood still for seconds made the encoder look dear once; in calm it is measured again."""
    worker = Worker(Costs(0.003), asking=0.6)
    list(worker.run(5, lambda _: 100))
    worker.budget.decided([BY_ENCODER] * 2, {"m": None}, seconds=60.0)
    steps = list(worker.run(40, lambda _: 100))
    assert read_share([step for step in steps if step.at > 20]) > 0.99


@pytest.mark.parametrize("jump_s", [3600.0, 86_400.0])
def test_a_process_that_was_suspended_goes_on(jump_s: float) -> None:
    """Even a monotonic clock may leap while records wait: the encoder gives way for seconds, not for ever."""
    worker = Worker(Costs(0.003), asking=0.6)
    list(worker.run(5, lambda _: 100))
    worker.queue.append((worker.clock.now, True))
    worker.clock.now += jump_s
    worker._next_arrival = worker.clock.now
    steps = list(worker.run(worker.clock.now + 30, lambda _: 100))
    assert steps[-1].share == 1.0


def test_a_text_costs_what_calls_of_different_kinds_say() -> None:
    """The encoder's part of a call's time is found although only the whole is known."""
    cost = EncoderCost()
    assert cost.per_text_s == 0.0
    for texts, read in [(10, 1), (3, 3), (20, 0), (8, 4)] * 5:
        cost.called(texts, read, 0.001 * texts + 0.004 * read)
    assert cost.per_text_s == pytest.approx(0.004)


def test_calls_all_alike_lay_all_time_on_the_encoder() -> None:
    """Where nothing tells the parts apart, too much is better than too little: nobody waits for it."""
    cost = EncoderCost()
    for _ in range(5):
        cost.called(4, 4, 0.02)
    assert cost.per_text_s == pytest.approx(0.005)


def test_what_has_no_text_teaches_nothing() -> None:
    """A call in which nothing was scored says nothing of the encoder."""
    worker = Worker(Costs(0.003), asking=0.6)
    worker.budget.decided([WITHOUT_TEXT], {"m": None}, seconds=5.0)
    assert worker.budget.for_call(3) == 3
