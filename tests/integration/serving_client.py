"""A client of a serving that runs in this process, over whatever log a test gives it."""

from collections.abc import Iterator
from contextlib import contextmanager

from litestar import Litestar
from litestar.testing import TestClient

from serving.assembly.service import Serving
from serving.http.app import build_app
from tests.unit.serving.waiting import wait_for


@contextmanager
def client_of(serving: Serving) -> Iterator[TestClient[Litestar]]:
    """Start it, yield a client once it has read its tail, and stop it."""
    serving.start()
    try:
        with TestClient(build_app(serving), base_url="http://127.0.0.1") as client:
            wait_for(lambda: client.get("/ready").status_code == 200, "the tail is read")
            yield client
    finally:
        serving.stop()
