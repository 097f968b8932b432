"""Requests of tests to a real server, which may take long on a busy machine: how long says nothing about the code."""

from typing import Any

import httpx

from tests.patience import PATIENCE_S


def get(url: str, **asked: Any) -> httpx.Response:
    """Ask a server; wait long for it."""
    return httpx.get(url, timeout=PATIENCE_S, **asked)


def post(url: str, **sent: Any) -> httpx.Response:
    """Send something to a server; wait long for its answer."""
    return httpx.post(url, timeout=PATIENCE_S, **sent)
