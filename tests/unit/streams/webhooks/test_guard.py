"""Where a webhook may go."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.webhooks.guard import AddressRefused, checked_target

INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::",
    "::127.0.0.1", "::10.0.0.1", "::ffff:0:127.0.0.1", "::ffff:0:a9fe:a9fe", "64:ff9b:1::7f00:1", "64:ff9b:1:a00::1",
    "fec0::1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("inside", INSIDE)
def test_what_only_this_machine_can_reach_is_refused(inside: str) -> None:
    """Loopback, private, link-local (where clouds keep credentials), shared and their disguises in IPv6.

    Translated, compatible and site-local ones passed for public.
    """
    with pytest.raises(AddressRefused, match="add its network to allowed_networks"):
        checked_target("hooks.example.com", [inside], [], secure=True)


def test_a_name_that_stands_for_both_leads_to_the_public_one() -> None:
    """The connection goes to an address that was checked, so the other is never reached."""
    assert checked_target("h", ["10.0.0.1", "93.184.216.34"], [], secure=True) == "93.184.216.34"


def test_http_goes_into_allowed_networks_alone() -> None:
    """What is read on the way would be read by others."""
    allowed = [ip_network("10.0.0.0/8")]
    assert checked_target("h", ["93.184.216.34", "10.0.0.1"], allowed, secure=False) == "10.0.0.1"
    with pytest.raises(AddressRefused, match="in clear"):
        checked_target("h", ["93.184.216.34"], allowed, secure=False)


def test_a_name_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(AddressRefused, match="h is nothing"):
        checked_target("h", [], [], secure=True)


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_in_ipv6_as_in_ipv4(address: object) -> None:
    """No way of writing an IPv4 address makes it public, or private."""

    def is_let(text: str) -> bool:
        try:
            return bool(checked_target("h", [text], [], secure=True))
        except AddressRefused:
            return False

    number = int(ip_address(str(address)))
    disguises = [
        f"::ffff:{address}",
        str(ip_address((0x64FF9B << 96) | number)),
        str(ip_address((0x2002 << 112) | (number << 80))),
    ]
    assert [is_let(text) for text in disguises] == [is_let(str(address))] * 3
