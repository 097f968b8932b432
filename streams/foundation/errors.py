"""Errors that end a worker, and the exit codes by which the supervisor knows what to do."""

from typing import Final

from schemas.errors import Permanent, Transient

EXIT_RESTART: Final = 70
"""EX_SOFTWARE: starting again may help; nothing that was not finished has been acknowledged."""

EXIT_STAY_DOWN: Final = 78
"""EX_CONFIG: starting again cannot help, a person must act first."""


class TopicMismatch(Permanent):
    """A topic is missing, was created again, or has another number of partitions than the stage needs."""


class StateLost(Permanent):
    """A stage has read its inputs before, yet its state topic is empty."""


class OwnershipLost(Transient):
    """Another worker has taken over this partition; this one must stop writing at once."""


class BrokerFailed(Transient):
    """Kafka refused or timed out beyond what the client retries by itself."""
