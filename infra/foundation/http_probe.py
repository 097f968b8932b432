"""Whether an HTTP server answers, and what its metrics page says."""

import re
import urllib.error
import urllib.request

_TIMEOUT_S = 1.0


def responds(url: str, *, good: bool = False) -> bool:
    """Say whether an HTTP server answers at this address, with whatever status; where `good`, with a good one."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S):  # noqa: S310 - the scheme is ours
            return True
    except urllib.error.HTTPError:
        return not good
    except OSError:
        return False


def gauge_by_address(url: str, name: str) -> dict[str, float] | None:
    """Return a gauge of a Prometheus page by the label `address`; None where the page cannot be read."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:  # noqa: S310 - as above
            text = response.read().decode()
    except OSError:
        return None
    samples = re.findall(rf'^{re.escape(name)}{{address="([^"]*)"}} (\S+)$', text, flags=re.MULTILINE)
    return {address: float(value) for address, value in samples}
