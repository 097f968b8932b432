"""The command by which pages change models: nothing that a person wrote is an option of it."""

import asyncio
import sys

import msgspec
import pytest

from infra import model_changes
from infra.model_changes import ModelsByCommand, command_of
from serving.acting.model_acts import ModelChange
from serving.foundation.errors import ActRefused, ModelsAway

CHANGE = ModelChange(kind="promote", version="--help", reason="--off", by="--to x", act="page-1", after=3)


def test_words_of_people_are_values() -> None:
    assert command_of(CHANGE)[3:] == [
        "models", "promote", "--reason=--off", "--by=--to x", "--act=page-1", "--after=3", "--", "--help",
    ]  # fmt: skip
    assert "--to=--help" in command_of(msgspec.structs.replace(CHANGE, kind="rollback"))


@pytest.mark.parametrize(("code", "error"), [(78, ActRefused), (2, ActRefused), (1, ModelsAway)])
def test_an_exit_code_says_whether_trying_again_can_help(
    monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception]
) -> None:
    """The last line is the sentence; what a log says before it is not for the page."""
    script = f"import sys; print('a log\\nv1: damaged', file=sys.stderr); sys.exit({code})"
    monkeypatch.setattr(model_changes, "command_of", lambda _: [sys.executable, "-c", script])
    with pytest.raises(error, match=r"^v1: damaged$"):
        asyncio.run(ModelsByCommand().make(CHANGE))
