"""Leases: which runs a server reads, so that batch deletes none of them. One file a server, beside the runs.

A lease ends by itself: a server that died holds nothing for long, and whoever looks needs no more than the file's
content, so a lease works wherever whole files can be written, as in an object store.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

LEASES_FOLDER: Final = "leases"
"""Beside the runs; no run bears such a name."""

LEASE: Final = timedelta(minutes=5)
"""How long a lease holds; its server writes it again after a third of that."""


class RunLease(msgspec.Struct, frozen=True, kw_only=True):
    """The runs that a server reads until `expires_at`, by its own clock; `server` is its name."""

    server: str
    run_ids: tuple[str, ...]
    expires_at: datetime


def lease_file(views: Path, server: str) -> Path:
    """Return where the lease of a server lies."""
    return views / LEASES_FOLDER / f"{server}.json"
