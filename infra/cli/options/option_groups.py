"""Options that several commands share."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Any], Any]


def with_options(command: Command, options: Sequence[Option]) -> Command:
    """Add click options to a command; its help shows them in the given order."""
    for option in reversed(options):
        command = option(command)
    return command
