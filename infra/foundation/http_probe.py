"""Whether an HTTP server answers."""

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
