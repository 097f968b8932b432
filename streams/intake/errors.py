"""What the door refuses, each with the HTTP status that says so."""

from typing import ClassVar

from schemas.errors import Permanent, PipelineError, Transient


class IntakeError(PipelineError):
    """Root of what the door refuses; `status` is the HTTP status of the answer."""

    status: ClassVar[int] = 500
    retry_after_s: int | None = None


class NotAccepted(IntakeError, Permanent):  # noqa: N818 - named as clients see it in `error.type`
    """Events of a batch do not fit the contract; nothing of it was sent."""

    status = 400


class KeyMissing(IntakeError, Permanent):  # noqa: N818 - as above
    """The request carries no key, or not the right one."""

    status = 401


class BodyTooSlow(IntakeError, Transient):  # noqa: N818 - as above
    """The body did not arrive in time."""

    status = 408


class IdTaken(IntakeError, Permanent):  # noqa: N818 - as above
    """An event of this id was sent before and said something else."""

    status = 409


class WrongMediaType(IntakeError, Permanent):  # noqa: N818 - as above
    """The body says that it is of a kind that this door does not read."""

    status = 415


class WrongHost(IntakeError, Permanent):  # noqa: N818 - as above
    """The request names a host that this server is not known by."""

    status = 421


class TooBusy(IntakeError, Transient):  # noqa: N818 - as above
    """As much waits for the broker as the door takes; send it again after `retry_after_s`."""

    status = 429

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotDelivered(IntakeError, Transient):  # noqa: N818 - as above
    """Kafka did not acknowledge the event in time; it may or may not be there, so send it again with its id."""

    status = 503
    retry_after_s = 5


class Stopping(IntakeError, Transient):  # noqa: N818 - as above
    """The door is stopping and takes no more events."""

    status = 503
    retry_after_s = 1
