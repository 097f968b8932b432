"""Where a webhook may go: not to this machine nor into a private network, unless the file says so.

Whoever may edit an address, or the name behind it, could otherwise make this process call what only it can reach
(server-side request forgery). So a name is resolved once, what it resolves to is checked, and the connection goes to
exactly that.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx

from schemas.errors import Permanent

Networks = Sequence[IPv4Network | IPv6Network]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns what a host name stands for. Raises OSError."""

_NAT64: Final = ip_network("64:ff9b::/96")
_UNICAST6: Final = ip_network("2000::/3")
"""All of IPv6 that is given out to reach others by; outside lie old and local ways to write an IPv4 or private address.

Source: IANA, Internet Protocol Version 6 Address Space.
"""


class AddressRefused(Permanent):
    """A webhook's address leads where webhooks may not go."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system knows of a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]


def checked_target(host: str, found: Sequence[str], allowed: Networks, *, secure: bool) -> str:
    """Return the first of the found addresses that a webhook may go to; in clear (http) only into allowed networks.

    Raises AddressRefused.
    """
    for text in found:
        address = _plain(ip_address(text))
        if _is_within(address, allowed) or (secure and _is_public(address)):
            return text
    listed = ", ".join(dict.fromkeys(found)) or "nothing"
    how = "no public address" if secure else "reached in clear (http), which is for allowed_networks alone"
    raise AddressRefused(
        f"{host} is {listed}: {how}. If that is meant, add its network to allowed_networks in the file of webhooks"
    )


def literal_refusal(parts: httpx.URL, allowed: Networks) -> str | None:
    """Return why an address is refused as the file is read; None where that is not known before it is resolved."""
    host, secure = parts.host, parts.scheme == "https"
    try:
        ip_address(host)
    except ValueError:  # a name: what it stands for is checked at each attempt
        return (
            None
            if secure or allowed
            else "http goes into allowed_networks alone, and there are none: use https"
        )
    try:
        checked_target(host, [host], allowed, secure=secure)
    except AddressRefused as refused:
        return str(refused)
    return None


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does: through it the private one would be reached."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    given_out = isinstance(address, IPv4Address) or address in _UNICAST6
    return given_out and address.is_global and not address.is_multicast


def _is_within(address: IPv4Address | IPv6Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
