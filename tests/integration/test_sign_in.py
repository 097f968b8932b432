"""Signing in over HTTP: a wrong key may be tried so often."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from pydantic import SecretStr

from serving.acting.attempts import OF_ONE
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.http.app import build_app
from tests.unit.serving.memory_log import MemoryLog


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    """A client of a server with a key."""
    settings = ServingSettings(home=tmp_path, intake_key=SecretStr("the key"))
    with TestClient(build_app(Serving(settings, connect=MemoryLog)), base_url="http://127.0.0.1") as client:
        yield client


def test_a_key_cannot_be_guessed_without_end(client: TestClient[Litestar]) -> None:
    """Any number of keys could be tried once; the right one is not even looked at while somebody guesses."""
    for _ in range(OF_ONE):
        assert client.post("/acting/session", json={"name": "Ann", "key": "guessed"}).status_code == 403
    answer = client.post("/acting/session", json={"name": "Ann", "key": "the key"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (429, "TooManyKeys")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "set-cookie" not in answer.headers


def test_a_name_that_is_refused_is_no_guess(client: TestClient[Litestar]) -> None:
    for _ in range(OF_ONE + 1):
        assert client.post("/acting/session", json={"name": " ", "key": "x"}).status_code == 400
    assert client.post("/acting/session", json={"name": "Ann", "key": "the key"}).status_code == 200
