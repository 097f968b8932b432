"""Decides how many texts of a call the encoder may read: the share that pressure leaves it, within the time left."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from schemas.triage import ENCODER_BUDGET, Triage
from streams.runtime.backlog import Backlog
from streams.stages.triage.pressure.pressure import Pressure, PressureReading, ServiceRate
from streams.stages.triage.pressure.pressure_metrics import PressureMetrics
from understanding.manifest.manifest import Validation

_MOST_OWED: Final = 4.0
"""How many texts at most are carried over to later calls, either way."""

_BEFORE_IT_IS_KNOWN: Final = 32
"""How many texts the encoder reads in a call while nobody knows what one costs: after a start much may wait."""

_RECENT_TEXTS: Final = 100
"""Over about how many texts the part that asks for the encoder is averaged."""

_KEPT: Final = 0.9
"""What a call's weight is worth after the next one, where the cost of a text is learnt."""


class EncoderCost:
    """Seconds of the encoder a text, from calls of which only the whole time is known.

    A call takes `a x texts + b x texts read by the encoder`; b is found by least squares over the last calls.
    """

    def __init__(self) -> None:
        self._texts = self._both = self._read = self._texts_s = self._read_s = 0.0

    def called(self, texts: int, read: int, seconds: float) -> None:
        """Learn from one call."""
        self._texts = _KEPT * self._texts + texts * texts
        self._both = _KEPT * self._both + texts * read
        self._read = _KEPT * self._read + read * read
        self._texts_s = _KEPT * self._texts_s + texts * seconds
        self._read_s = _KEPT * self._read_s + read * seconds

    @property
    def per_text_s(self) -> float:
        """Seconds; 0 before the encoder has read anything."""
        if not self._read:
            return 0.0
        spread = self._texts * self._read - self._both**2
        if spread < 1e-3 * self._texts * self._read:  # calls alike: all of their time is laid on the encoder
            return self._read_s / self._read
        return max(0.0, (self._read_s * self._texts - self._texts_s * self._both) / spread)


class EncoderBudget:
    """Knows what waits and how fast it goes, and says of each call how many texts the encoder may read.

    The encoder reads exactly the current share of the texts that ask for it: a fraction left over by one call is
    carried to the next, so that calls of one text keep to the share too, without chance. With `enabled` false the
    encoder reads all, and what waits is only measured. May be used from any thread.
    """

    def __init__(
        self,
        *,
        backlog: Callable[[], Backlog],
        bound_s: float,
        enabled: bool,
        metrics: PressureMetrics,
        clock: Callable[[], float],
    ) -> None:
        self._backlog = backlog
        self._enabled = enabled
        self._metrics = metrics
        self._rate = ServiceRate(clock)
        self._pressure = Pressure(bound_s=bound_s, clock=clock)
        self._cost = EncoderCost()
        self._asking = 1.0
        self._owed = 0.5  # rounds to the nearest
        self._one_at_a_time = threading.Lock()
        self._last = PressureReading(1.0, bound_s, 0.0, exhausted=False)

    @property
    def calm(self) -> bool:
        """Whether nothing has to give way, so that work that can wait may be done."""
        return self._last.calm

    @contextmanager
    def working(self, records: int) -> Iterator[None]:
        """Measure a step of so many records; one without any still looks at what waits."""
        with self._one_at_a_time:
            self._look()
            if records:
                self._rate.began()
        try:
            yield
        finally:
            if records:
                with self._one_at_a_time:
                    self._rate.ended(records)

    def for_call(self, texts: int) -> int | None:
        """Return how many of a call's texts the encoder may read; None is as many as ask for it."""
        with self._one_at_a_time:
            look = self._look()
            if not self._enabled:
                return None
            if look.share == 0.0:
                return 0
            wanted = texts if look.calm else int(look.share * self._asking * texts + self._owed)
            cost_s = self._cost.per_text_s
            fitting = int(look.room_s / cost_s) if cost_s else _BEFORE_IT_IS_KNOWN
            # In calm one is always read: else a cost that was once measured too high would never be measured again.
            return max(min(wanted, fitting), 1 if look.calm else 0)

    def decided(
        self, results: Sequence[Triage], validations: Mapping[str, Validation | None], *, seconds: float
    ) -> None:
        """Learn from a call's results and from how long it took; `validations` of the models that decided."""
        texts = sum(result.decided_by != "source" for result in results)
        if not texts:
            return
        read = sum(result.decided_by == "encoder" for result in results)
        left_out = [result.model_version for result in results if ENCODER_BUDGET in result.reasons]
        asked = read + len(left_out)
        with self._one_at_a_time:
            share = self._last.share
            self._metrics.asked(asked, [validations[version] for version in left_out])
            self._cost.called(texts, read, seconds)
            self._asking += min(1.0, texts / _RECENT_TEXTS) * (asked / texts - self._asking)
            owed = 0.5 if share >= 1.0 else self._owed + share * asked - read
            self._owed = min(_MOST_OWED, max(-_MOST_OWED, owed))

    def _look(self) -> PressureReading:
        self._last = self._pressure.look(self._backlog(), self._rate.per_second)
        self._metrics.show(self._last, gives_way=self._enabled)
        return self._last
