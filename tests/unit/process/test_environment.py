"""Variables that hold for a block and are afterwards as they were."""

import os
from contextlib import suppress

import pytest

from process.environment import environment_with


def test_variables_are_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was set, and one that was not, also where the block fails."""
    monkeypatch.setenv("TICKETYARD_TEST_SET", "before")
    monkeypatch.delenv("TICKETYARD_TEST_UNSET", raising=False)
    held = {"TICKETYARD_TEST_SET": "during", "TICKETYARD_TEST_UNSET": "during"}
    with suppress(ZeroDivisionError), environment_with(held):
        assert {name: os.environ[name] for name in held} == held
        raise ZeroDivisionError
    assert os.environ["TICKETYARD_TEST_SET"] == "before"
    assert "TICKETYARD_TEST_UNSET" not in os.environ
