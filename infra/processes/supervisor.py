"""Start the parts in order, keep them running, stop them all; no process outlives the supervisor."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from random import Random
from typing import Self

from infra.processes.part import Part, PartSpec, PartState, PartStatus
from infra.processes.restart_policy import RestartPolicy
from schemas.errors import Permanent

_TICK_S = 0.05
_OBSERVED_EVERY_S = 1.0


class PartNotReady(Permanent):
    """A part failed, or did not get ready in time, while everything was being started."""


def _unseen(_statuses: tuple[PartStatus, ...]) -> None:
    """Show the parts to nobody."""


def _silent(_sentence: str) -> None:
    """Report nothing."""


class Supervisor:
    """Keeps parts running in a thread of its own; usable as a context manager.

    `report` gets one sentence for each event worth telling, `observe` how every part is, each second. All methods may
    be called from any thread.
    """

    def __init__(
        self,
        parts: Iterable[PartSpec] = (),
        *,
        report: Callable[[str], None] = _silent,
        observe: Callable[[tuple[PartStatus, ...]], None] = _unseen,
        policy: RestartPolicy | None = None,
        random: Random | None = None,
    ) -> None:
        self._report = report
        self._observe = observe
        self._policy = policy or RestartPolicy()
        self._random = random or Random()  # noqa: S311 - jitter only
        self._parts: dict[str, Part] = {}
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._hurry = False
        self._watcher: threading.Thread | None = None
        for spec in parts:
            self.add(spec)

    def add(self, spec: PartSpec) -> None:
        """Make a part known without starting it; its name must be new."""
        with self._lock:
            if spec.name in self._parts:
                message = f"There is a part named {spec.name} already: give the second one another name."
                raise Permanent(message)
            self._parts[spec.name] = Part(spec, self._policy, self._report)

    def start(self) -> Self:
        """Start all parts, tier by tier, each tier once the one before is ready.

        Raises PartNotReady, after stopping everything, if a part fails or is late.
        """
        try:
            for _, tier in self._tiers(reverse=False):
                self.start_parts([part.spec.name for part in tier])
        except BaseException:
            self.stop()
            raise
        return self

    def start_parts(self, names: Iterable[str]) -> None:
        """Start these parts together and return once each is ready; raises PartNotReady."""
        self._watch()
        chosen = [self._part(name) for name in names]
        with self._lock:
            for part in chosen:
                if part.child is None:
                    self._report(f"starting {part.spec.name}")
                part.start(time.monotonic())
        started = time.monotonic()
        for part in chosen:
            self._wait_until_ready(part, started + part.spec.ready_timeout_s)

    def stop_part(self, name: str) -> None:
        """Stop one part in order; it is not started again until `start_parts` asks for it."""
        part = self._part(name)
        with self._lock:
            part.ask_to_stop()
            part.finish_stop(part.spec.grace_s)

    def kill(self, name: str) -> int:
        """`kill -9` a part, as a test of faults does; the supervisor restarts it. Returns the killed id."""
        with self._lock:
            child = self._part(name).child
            if child is None:
                message = f"{name} has no process to kill: it is {self._part(name).state}."
                raise Permanent(message)
            child.kill()
            return child.pid

    def restarts(self, name: str) -> int:
        """Return how often the part was started again after it had ended by itself."""
        return self._part(name).restarts

    def status(self) -> tuple[PartStatus, ...]:
        """Return a snapshot of every part, in the order they were added."""
        with self._lock:
            return tuple(part.status() for part in self._parts.values())

    def stop(self) -> None:
        """Stop everything, the highest tier first, by force after each part's grace period; idempotent."""
        if any(status.pid for status in self.status()):
            self._report("stopping")
        self._closing.set()
        if self._watcher is not None and self._watcher is not threading.current_thread():
            self._watcher.join()
            self._watcher = None
        for _, tier in self._tiers(reverse=True):
            parts = list(tier)
            for part in parts:
                part.ask_to_stop()
            for part in parts:
                part.finish_stop(self._grace_s(part))

    def run_until_signal(self) -> None:
        """Block until SIGINT or SIGTERM, then stop everything, by force on a second one; main thread only."""
        asked = threading.Event()

        def on_signal(_number: int, _frame: object) -> None:
            self._hurry = asked.is_set()
            asked.set()

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        self._report("everything runs; Ctrl-C stops it, a second one by force")
        try:
            while not asked.wait(1.0):  # a timeout lets Python run the handler
                pass
            self.stop()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _part(self, name: str) -> Part:
        if name not in self._parts:
            message = f"There is no part named {name}: there are {', '.join(self._parts) or 'none'}."
            raise Permanent(message)
        return self._parts[name]

    def _tiers(self, *, reverse: bool) -> Iterator[tuple[int, Iterable[Part]]]:
        def tier(part: Part) -> int:
            return part.spec.tier

        parts = list(self._parts.values())
        ordered = sorted(reversed(parts) if reverse else parts, key=tier, reverse=reverse)
        return groupby(ordered, key=tier)

    def _grace_s(self, part: Part) -> float:
        return 0.0 if self._hurry else part.spec.grace_s

    def _watch(self) -> None:
        with self._lock:
            if self._watcher is None:
                self._closing.clear()
                self._watcher = threading.Thread(target=self._watch_loop, name="supervisor", daemon=True)
                self._watcher.start()

    def _watch_loop(self) -> None:
        observed_at, observed = float("-inf"), tuple[PartStatus, ...]()
        while not self._closing.wait(_TICK_S):
            with self._lock:
                for part in self._parts.values():
                    part.step(time.monotonic(), self._random.random())
            found = self.status()
            if found != observed or time.monotonic() - observed_at >= _OBSERVED_EVERY_S:
                observed_at, observed = time.monotonic(), found
                self._observe(found)

    def _wait_until_ready(self, part: Part, deadline: float) -> None:
        while part.state is not PartState.RUNNING:
            late = time.monotonic() > deadline
            if part.state is PartState.FAILED or late:
                why = f"was not ready within {part.spec.ready_timeout_s:.0f} s" if late else "cannot run"
                lines = part.child.last_lines() if part.child is not None else ""
                message = f"{part.spec.name} {why}; see {part.spec.child.log_file}\n{lines}".rstrip()
                raise PartNotReady(message)
            time.sleep(_TICK_S)
