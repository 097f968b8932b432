"""Errors that end a worker, and the exit codes by which the supervisor knows what to do."""

from typing import Final

from schemas.errors import Permanent, PipelineError, Transient

EXIT_RESTART: Final = 70
"""EX_SOFTWARE: starting again may help; nothing that was not finished has been acknowledged."""

EXIT_STAY_DOWN: Final = 78
"""EX_CONFIG: starting again cannot help, a person must act first."""


NEVER_GROW: Final = (
    "Keys would go to other partitions than their state, so counts never change under stored state: make topics of the "
    "new count under another TICKETYARD_TOPIC_PREFIX, and send the events there"
)
"""What to do where a topic was given more partitions; Kafka cannot take them away again."""

BEGIN_ANEW: Final = (
    "let the stages that keep state read all inputs again, all four, as each counts on what the others remember: stop "
    "their workers, run `ticketyard stream reset cases --from-scratch --yes`, the same with routing, roster and "
    "customers, and start them. docs/bad-input.md says what is lost"
)
"""The last resort where what a stage has kept is no more."""


class TopicMismatch(Permanent):
    """A topic is missing, was created again, or has another number of partitions than the stage needs."""


class StateLost(Permanent):
    """A stage has read its inputs before, yet its state topic is empty."""


class StateUnreadable(Permanent):
    """A stage's state was written by a newer version of the product, or is damaged."""


class LogWentBack(Permanent):
    """An input ends before what was read of it: Kafka has lost records that it had acknowledged."""


class NothingFires(PipelineError):  # noqa: N818 - what is wrong with the timer
    """A stage sets a timer that nothing will ever make due."""


class OwnershipLost(Transient):
    """Another worker has taken over this partition; this one must stop writing at once."""


class GivenUp(Transient):
    """A partition was taken away while its state was being restored; nothing of it was touched."""


class BrokerFailed(Transient):
    """Kafka refused or timed out beyond what the client retries by itself."""
