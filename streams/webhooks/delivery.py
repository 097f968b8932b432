"""Tries one address until it takes an alert or that is given up: with back-off and jitter, a breaker and a deadline."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
import stamina
from pybreaker import (
    STATE_CLOSED,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitBreakerListener,
    CircuitBreakerState,
)

from schemas.errors import Permanent, PipelineError, Transient
from streams.webhooks.addresses import WebhookAddress
from streams.webhooks.post import NotTaken, Poster
from streams.webhooks.signing import signed_headers


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How attempts follow each other, seconds; after so many failures in a row none is let through for `rest_s`."""

    first_s: float = 1.0
    most_s: float = 60.0
    jitter_s: float = 1.0
    failures: int = 5
    rest_s: float = 30.0


USUAL: Final = Pace()


class AtRest(Transient):
    """The address has failed so often in a row that it is left alone for a while."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How telling an address ended; `gave_up` is why, None where it took the alert."""

    attempts: int
    took_s: float
    status: int | None = None
    gave_up: PipelineError | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent: `delivery_id` is the same at each attempt, also by another process."""

    delivery_id: str
    body: bytes
    arrived_at: datetime


def _nobody(*_said: bool) -> None:
    """Tell nobody."""


class Watcher(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of attempts after the first, and of whether the address is left alone now."""

    retried: Callable[[], None] = _nobody
    circuit: Callable[[bool], None] = _nobody


class Deliverer:
    """Delivers to one address. Its breaker and its pace are its own, so it holds up no other."""

    def __init__(
        self,
        address: WebhookAddress,
        secrets: tuple[bytes, ...],
        poster: Poster,
        *,
        now: Callable[[], datetime],
        pace: Pace = USUAL,
        watcher: Watcher = Watcher(),  # noqa: B008 - it is frozen
    ) -> None:
        self._address, self._secrets, self._poster, self._now, self._pace = (
            address,
            secrets,
            poster,
            now,
            pace,
        )
        self._retried = watcher.retried
        self._breaker = CircuitBreaker(
            fail_max=pace.failures,
            reset_timeout=pace.rest_s,
            exclude=[Permanent],  # an answer, if an unkind one: the address is there
            throw_new_error_on_trip=False,
            listeners=[_CircuitListener(watcher.circuit)],
        )

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Return how it ended. An alert older than the deadline is tried once, unless the address rests."""
        started, tries = time.monotonic(), _Tries()
        age_s = (self._now() - delivery.arrived_at).total_seconds()
        left_s = self._address.deadline_s - age_s
        try:
            async with asyncio.timeout(max(left_s, self._address.timeout_s)):
                await self._until_taken(delivery, tries, left_s)
            gave_up = None
        except TimeoutError:
            gave_up = tries.last or NotTaken("no answer")
        except (Permanent, Transient) as error:
            gave_up = error
        return Outcome(
            attempts=tries.count, took_s=time.monotonic() - started, status=tries.status, gave_up=gave_up
        )

    async def _until_taken(self, delivery: Delivery, tries: "_Tries", left_s: float) -> None:
        pace = self._pace
        attempts = stamina.retry_context(
            on=self._again,
            attempts=1 if left_s <= 0 else None,
            timeout=None,  # deliver() ends it, also within an attempt or a pause
            wait_initial=pace.first_s,
            wait_max=pace.most_s,
            wait_jitter=pace.jitter_s,
        )
        async for attempt in attempts:
            with attempt:
                await self._attempt(delivery, tries)

    def _again(self, error: Exception) -> bool | float:
        """Return whether to try again, or after how many seconds."""
        if isinstance(error, AtRest):
            return self._pace.rest_s
        if isinstance(error, NotTaken) and error.after_s is not None:
            return min(error.after_s, self._pace.most_s)
        return isinstance(error, Transient)

    async def _attempt(self, delivery: Delivery, tries: "_Tries") -> None:
        address = self._address
        headers = signed_headers(
            self._secrets, delivery_id=delivery.delivery_id, now=self._now(), body=delivery.body
        )
        try:
            with self._breaker.calling():
                tries.count += 1
                if tries.count > 1:
                    self._retried()
                tries.status = await self._poster.post(
                    address.url, delivery.body, headers, timeout_s=address.timeout_s
                )
        except CircuitBreakerError as error:
            at_rest = AtRest(f"left alone after {self._pace.failures} failures in a row")
            tries.last = tries.last or at_rest
            raise at_rest from error
        except PipelineError as error:
            tries.last, tries.status = error, getattr(error, "status", None)
            raise


class _CircuitListener(CircuitBreakerListener):
    """Passes on whether the address is left alone; while one attempt tries whether it is back, it still is."""

    def __init__(self, circuit: Callable[[bool], None]) -> None:
        self._circuit = circuit

    def state_change(self, cb: CircuitBreaker, old_state: object, new_state: CircuitBreakerState) -> None:  # noqa: ARG002
        """See CircuitBreakerListener."""
        self._circuit(new_state.name != STATE_CLOSED)


class _Tries:
    """What is known of the attempts so far."""

    def __init__(self) -> None:
        self.count = 0
        self.status: int | None = None
        self.last: PipelineError | None = None
