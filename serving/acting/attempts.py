"""How often a wrong key may be tried: a key that may be guessed without end keeps nobody out; pure."""

import ipaddress
import math
from collections import deque
from datetime import datetime, timedelta
from typing import Final

from serving.foundation.errors import TooManyKeys

WINDOW: Final = timedelta(minutes=1)
OF_ONE: Final = 5
"""Wrong keys of one address within the window; who has typed as many waits."""

OF_ALL: Final = 100
"""Wrong keys of all addresses together: whoever guesses from many is slowed down, too."""


class Attempts:
    """The wrong keys of the last minute. What it keeps is bounded, as no more of them are let through."""

    def __init__(self) -> None:
        self._wrong: deque[tuple[datetime, str]] = deque()

    def require_room(self, address: str, now: datetime) -> None:
        """Raise TooManyKeys where as many wrong keys have come as may; a right one is not tried either, then."""
        while self._wrong and not now - WINDOW < self._wrong[0][0] <= now:  # a clock may be set back
            self._wrong.popleft()
        own = [at for at, place in self._wrong if place == place_of(address)]
        for found, most, whose in (
            (own, OF_ONE, "from your address"),
            ([*self._times()], OF_ALL, "from anywhere"),
        ):
            if len(found) >= most:
                wait_s = math.ceil((found[-most] + WINDOW - now).total_seconds())
                raise TooManyKeys(
                    f"{most} wrong keys came {whose} within a minute; try again in {wait_s} s", wait_s
                )

    def note(self, address: str, now: datetime) -> None:
        """Keep that a wrong key came."""
        self._wrong.append((now, place_of(address)))

    def _times(self) -> list[datetime]:
        return [at for at, _ in self._wrong]


def place_of(address: str) -> str:
    """Return whom an address counts for: of IPv6 its network of 64 bits, in which one machine may take any."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        mapped = known.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)
