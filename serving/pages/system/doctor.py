"""What `ticketyard doctor` says of what runs; whoever starts serving hands the checks over."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

ANEW: Final = timedelta(minutes=1)
"""The checks are made so often at most, however many look."""

_OWN: Final = frozenset({"disk"})
"""What serving looks at itself, each time."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line: what was looked at, how it is, and what to do where it is not right."""

    name: str
    verdict: Literal["ok", "warn", "fail"]
    detail: str
    mend: str = ""


Checks = Callable[[], Sequence[Finding]]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found `age_s` ago, None where nothing was yet; `looking` while it is being looked again."""

    findings: tuple[Finding, ...] = ()
    age_s: float | None = None
    looking: bool = False
    known: bool = True

    @property
    def wrong(self) -> list[str]:
        """A sentence for each thing that fails, beside what serving looks at itself."""
        return [
            f"{one.name}: {one.detail} {one.mend}".rstrip()
            for one in self.findings
            if one.verdict == "fail" and one.name not in _OWN
        ]


class Doctor:
    """Makes the checks on a thread of its own when somebody looks, once a minute at most."""

    def __init__(self, checks: Checks | None, now: Callable[[], datetime]) -> None:
        self._checks = checks
        self._now = now
        self._found: tuple[Finding, ...] = ()
        self._found_at: datetime | None = None
        self._looking = threading.Lock()

    def look(self) -> Report:
        """Return what was last found, at once; begin to look again where that is a minute ago."""
        if self._checks is None:
            return Report(known=False)
        at, now = self._found_at, self._now()
        due = at is None or not at <= now < at + ANEW  # a clock may be set back
        if due and self._looking.acquire(blocking=False):
            # A daemon: a server that stops does not wait for a doctor who waits for Kafka.
            threading.Thread(target=self._look, args=(self._checks,), name="doctor", daemon=True).start()
        age_s = None if at is None else max(0.0, (now - at).total_seconds())
        return Report(findings=self._found, age_s=age_s, looking=self._looking.locked())

    def _look(self, checks: Checks) -> None:
        try:
            found = tuple(checks())
            self._found, self._found_at = found, self._now()
        finally:
            self._looking.release()
