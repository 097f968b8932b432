"""Sends what a step caused; returns only when all of it is acknowledged (invariant: outbox before offsets)."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, Producer

from schemas.records.topics import Topic
from streams.foundation.errors import BrokerFailed
from streams.foundation.fault_points import FaultPoint, Reached, never
from streams.foundation.metrics import Waited
from streams.foundation.record import Emission


class Outbox:
    """An idempotent producer of one partition's worker; blocking, used from one thread at a time."""

    def __init__(
        self,
        *,
        producer: Producer,
        topic_names: Mapping[Topic, str],
        timeout_s: float,
        waited: Waited,
        reached: Reached,
    ) -> None:
        self._producer = producer
        self._topic_names = topic_names
        self._timeout_s = timeout_s
        self._waited = waited
        self._reached = reached
        self._failed: KafkaError | None = None

    def send(self, emissions: Sequence[Emission]) -> None:
        """Send all and wait for all. Raises BrokerFailed if one of them was not acknowledged in time."""
        self._failed = None
        started = time.monotonic()
        for count, emission in enumerate(emissions, start=1):
            self._produce(emission)
            if self._reached is not never and count == (len(emissions) + 1) // 2:
                self._producer.flush(self._timeout_s)  # a kill here is to find half of it sent
                self._reached(FaultPoint.IN_OUTBOX)
        remaining = self._producer.flush(self._timeout_s)
        self._waited("outbox", time.monotonic() - started)
        if remaining or self._failed is not None:
            raise BrokerFailed(
                f"{remaining} of {len(emissions)} outputs were not acknowledged within {self._timeout_s:g} s: "
                f"{self._failed or 'no answer'}"
            )

    def _produce(self, emission: Emission) -> None:
        while True:
            try:
                self._producer.produce(
                    self._topic_names[emission.topic],
                    key=emission.key,
                    value=emission.value,
                    headers=list(emission.headers),
                    partition=emission.partition,
                    on_delivery=self._delivered,
                )
            except BufferError:
                self._producer.poll(0.05)  # the queue is full: let deliveries make room
            else:
                return

    def _delivered(self, error: KafkaError | None, _message: Any) -> None:
        if error is not None:
            self._failed = error
