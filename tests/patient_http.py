"""Requests of tests to a real server, which may take long on a busy machine: how long says nothing about the code."""

from typing import Any, Final

import httpx

PATIENCE_S: Final = 60.0


def get(url: str, **asked: Any) -> httpx.Response:
    """Ask a server; wait a minute for it."""
    return httpx.get(url, timeout=PATIENCE_S, **asked)


def post(url: str, **sent: Any) -> httpx.Response:
    """Send something to a server; wait a minute for its answer."""
    return httpx.post(url, timeout=PATIENCE_S, **sent)
