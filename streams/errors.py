"""Errors that end a worker, and the exit codes by which the supervisor knows what to do."""

from typing import Final

from schemas.errors import Permanent, PipelineError, Transient

EXIT_RESTART: Final = 70
"""EX_SOFTWARE: starting again may help; nothing that was not finished has been acknowledged."""

EXIT_STAY_DOWN: Final = 78
"""EX_CONFIG: starting again cannot help, a person must act first."""


class TopicMismatch(PipelineError, Permanent):  # noqa: N818 - says what was found
    """A topic is missing, was created again, or has another number of partitions than the stage needs."""


class StateLost(PipelineError, Permanent):  # noqa: N818 - says what was found
    """A stage has read its inputs before, yet its state topic is empty."""


class OwnershipLost(PipelineError, Transient):  # noqa: N818 - says what happened
    """Another worker has taken over this partition; this one must stop writing at once."""


class BrokerFailed(PipelineError, Transient):  # noqa: N818 - says what happened
    """Kafka refused or timed out beyond what the client retries by itself."""
