"""Which hosts a server is, and which id a path names."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from process.http_names import given_id, is_known, known_hosts, path_to_route


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "10.0.0.7", "[::1]:8080", "[::1]", "yard.example:80"],
)
def test_addresses_and_own_names_are_known(host: str) -> None:
    """An address cannot be made to point elsewhere; a name counts where the operator gave it."""
    assert is_known(host, known_hosts("0.0.0.0", "yard.example, other.example"))


@pytest.mark.parametrize(
    "host", ["", "attacker.example", "attacker.example:8080", "127.0.0.1.attacker.example", "[x]"]
)
def test_other_names_are_not(host: str) -> None:
    """A page anywhere once read answers by letting its own name point to this machine."""
    assert not is_known(host, known_hosts("127.0.0.1", ""))


@given(st.text(min_size=1).filter(lambda text: not set(text) & set(map(chr, range(0xD800, 0xE000)))))
def test_any_id_goes_through_a_path(ticket_id: str) -> None:
    """An id with a slash was once not found, as its quoted slash ended the segment."""
    route = path_to_route(f"/v1/tickets/{quote(ticket_id, safe='')}/explanation?x=%2F".encode())
    _, version, door, segment, rest = route.split("/")
    assert (version, door, given_id(segment), rest) == ("v1", "tickets", ticket_id, "explanation")
