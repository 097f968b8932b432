"""What a worker asks of whatever works on one partition of a stage: the step mechanism, or triage."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from streams.foundation.record import Delivered

QUIET_OFFSETS_S: Final = 1.0
"""How often offsets are written at most where nothing else is to be written with them."""


class StepResult(NamedTuple):
    """Offsets by full topic name after a step: what may be committed, and what was handled (never less).

    Where less may be committed than was handled, a step without records, so much later, writes what is owed.
    `more` says that records or timers are left that this step had no room for: step again, with no new records.
    """

    committable: Mapping[str, int]
    handled: Mapping[str, int]
    more: bool = False


class Engine(Protocol):
    """What works on one partition of a stage; every method blocks and is called by one thread at a time."""

    def open(self) -> Mapping[str, int]:
        """Make ready, and return where each input begins; nothing is handled before this has returned.

        Called again after `step` has raised LogicFailed; what it returns then may be before what was handled.
        """

    def step(self, delivered: Sequence[Delivered]) -> StepResult:
        """Handle records in order and return how far this came.

        Raises LogicFailed where something in them needs to be isolated: open again, then give them one by one.
        """

    def interrupt(self) -> None:
        """Stop waiting in `open`, if it waits for something; the one call that may come from another thread."""

    def close(self) -> None:
        """Give up the partition; called after the last step."""
