"""Asking a running serving layer over HTTP, and waiting until it has what was published."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import msgspec

from schemas.errors import Permanent, Transient

_PATIENCE_S = 120.0


class ServingUnreachable(Transient):
    """Serving does not answer at its address."""


class ServingRefused(Permanent):
    """Serving refuses a statement."""


class NotServedInTime(Transient):
    """Serving stopped short of all that was published."""


class ServingClient:
    """SQL over HTTP: rows as lists of JSON values."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise Permanent(f"serving's address must begin with http:// or https://, not {url!r}")
        self._url = url.rstrip("/")

    def rows(self, sql: str, *params: Any) -> list[list[Any]]:
        """Return the rows of a statement; raises as `answer` does."""
        found: list[list[Any]] = self.answer(sql, *params)["rows"]
        return found

    def answer(self, sql: str, *params: Any) -> dict[str, Any]:
        """Return the whole answer: rows, run, boundary, watermark, freshness.

        Raises ServingUnreachable, or QueryRefused with what serving said.
        """
        body = msgspec.json.encode({"sql": sql, "params": params})
        request = urllib.request.Request(  # noqa: S310 - the constructor lets only HTTP through
            f"{self._url}/v1/sql", data=body, headers={"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as response:  # noqa: S310 - as above
                answer = msgspec.json.decode(response.read())
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            kind = ServingUnreachable if error.code >= 500 else ServingRefused  # noqa: PLR2004 - HTTP's own classes
            raise kind(f"{self._url} answered {error.code}: {said:.500}") from error
        except OSError as error:
            raise ServingUnreachable(f"serving does not answer at {self._url}: {error}; start it") from error
        if answer["truncated"]:
            raise ServingRefused(f"the answer to {sql!r:.200} was cut off; ask for less at once")
        return dict(answer)

    def count(self, sql: str, *params: Any) -> int:
        """Return the one number that a statement answers."""
        return int(self.rows(sql, *params)[0][0])

    def wait_for_count(
        self,
        least: int,
        sql: str,
        *params: Any,
        stalled_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask until the number is at least `least`, however long it takes, as long as it grows.

        Where it has not for `stalled_s`, NotServedInTime says how far it came, and the dead letters.
        """
        most, grew_at = 0, clock()
        while (found := self._count_if_up(sql, *params)) < least:
            if found > most:
                most, grew_at = found, clock()
            if clock() - grew_at > stalled_s:
                dead = self.count("SELECT count(*) FROM dead_letters")
                raise NotServedInTime(
                    f"serving has {found:,} of {least:,}, no more since {stalled_s:.0f} s, and {dead:,} dead letters; "
                    "see `ticketyard dead` and the workers' logs"
                )
            sleep(0.5)

    def _count_if_up(self, sql: str, *params: Any) -> int:
        """Count; a server that is busy starting counts as having nothing yet."""
        try:
            return self.count(sql, *params)
        except ServingUnreachable:
            return 0
