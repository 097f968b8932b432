"""Names in a request: the host that it asks, and ids in its path. What every HTTP door of ours must agree on."""

from ipaddress import ip_address
from urllib.parse import quote, unquote


def known_hosts(own: str, given: str) -> frozenset[str]:
    """Return the names by which a server may be reached, beside addresses: its `own`, and those `given` by commas."""
    names = (name.strip().lower() for name in given.split(","))
    return frozenset({"localhost", own.lower(), *names} - {""})


def is_known(host: str, names: frozenset[str]) -> bool:
    """Return whether a header Host has one of `names` or an address; a page's name is neither."""
    name = host.strip().lower()
    name = name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0]
    if name in names:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def given_id(segment: str) -> str:
    """Return the id that stands in a path, where `path_to_route` left it quoted."""
    return unquote(segment)


def path_to_route(raw_path: bytes) -> str:
    """Return the path that doors are found by: a slash that came quoted stays so, as it belongs to an id.

    Everything in a segment is quoted in one way, whatever the caller quoted, so `given_id` finds what was meant.
    """
    segments = raw_path.partition(b"?")[0].decode("ascii", errors="replace").split("/")
    return "/".join(quote(unquote(segment), safe="") for segment in segments)
