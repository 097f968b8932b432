"""What serving refuses or cannot do, each with the HTTP status that says so."""

from typing import ClassVar

from schemas.errors import Permanent, PipelineError, Transient


class ServingError(PipelineError):
    """Root of the errors of serving; `status` is the HTTP status of the answer."""

    status: ClassVar[int] = 500
    retry_after_s: int | None = None


class QueryRefused(ServingError, Permanent):  # noqa: N818 - named as clients see it in `error.type`
    """A statement is not one that readers may run, or it does not fit the views."""

    status = 400


class NotFound(ServingError, Permanent):  # noqa: N818 - as above
    """There is no such ticket, view or route."""

    status = 404


class QueryTookTooLong(ServingError, Transient):  # noqa: N818 - as above
    """A query was interrupted at the time limit."""

    status = 504


class QueryTooLarge(ServingError, Transient):  # noqa: N818 - as above
    """A query needs more memory than serving may use."""

    status = 503


class TooManyQueries(ServingError, Transient):  # noqa: N818 - as above
    """As many queries run and wait as this server lets; ask again after `retry_after_s`."""

    status = 429
    retry_after_s = 1


class TooManyListeners(ServingError, Transient):  # noqa: N818 - as above
    """As many listen to what moves as this server lets."""

    status = 503
    retry_after_s = 10


class QueryEndedItsProcess(ServingError, Transient):  # noqa: N818 - as above
    """A query ended the process that ran it, other than by time; the next one gets a new process."""

    status = 503


class TailTooLong(ServingError, Transient):  # noqa: N818 - as above
    """A process of SQL could not take over what has come since the last batch run: not the caller's fault."""

    status = 503


class CallerLeft(ServingError, Transient):  # noqa: N818 - as above
    """Whoever asked has gone; the answer goes nowhere."""

    status = 499


class WrongHost(ServingError, Permanent):  # noqa: N818 - as above
    """The request names a host that this server is not known by."""

    status = 421


class NotJson(ServingError, Permanent):  # noqa: N818 - as above
    """A body came without saying that it is JSON."""

    status = 415


class Stopping(ServingError, Transient):  # noqa: N818 - as above
    """The server is stopping and takes no more queries."""

    status = 503


class RunUnusable(ServingError, Permanent):  # noqa: N818 - as above
    """A batch run cannot be served: its manifest or its files are not what they should be."""


class ExplanationsOff(ServingError, Permanent):  # noqa: N818 - as above
    """This server does not explain: it is switched off, or what scores is not installed here."""

    status = 501


class ModelUnusable(ServingError, Transient):  # noqa: N818 - as above
    """There is no current model, or it cannot be loaded."""

    status = 503


class TooManyExplanations(ServingError, Transient):  # noqa: N818 - as above
    """More explanations wait than this server lets."""

    status = 503


class OutOfMemory(ServingError, Transient):  # noqa: N818 - as above
    """The writer of the merge found no memory; it tries again once queries have let go of theirs."""

    status = 503


class ViewsUnreadable(ServingError, Transient):  # noqa: N818 - as above
    """A file of the run that is served cannot be read."""

    status = 503


class TailFailed(ServingError, Transient):  # noqa: N818 - as above
    """The tail ended by an error that it cannot wait out; serving has to start again."""


class SignInNeeded(ServingError, Permanent):  # noqa: N818 - as above
    """Nobody has signed in, or their session is over; what is written needs a name."""

    status = 401


class KeyTakenAway(SignInNeeded):
    """The session was begun by a key that no longer holds."""


class NameRefused(ServingError, Permanent):  # noqa: N818 - as above
    """Nobody can be called that on a page."""

    status = 400


class WrongKey(ServingError, Permanent):  # noqa: N818 - as above
    """Whoever signs in gave no key, or another one."""

    status = 403


class TooManyKeys(ServingError, Transient):  # noqa: N818 - as above
    """Too many wrong keys were tried lately; nobody signs in from there before `retry_after_s`."""

    status = 429

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TokenMissing(ServingError, Permanent):  # noqa: N818 - as above
    """A write does not come from a page of this server."""

    status = 403


class ActRefused(ServingError, Permanent):  # noqa: N818 - as above
    """What somebody means to do to a ticket or the models cannot be done so; the message says why."""

    status = 400


class OtherName(ServingError, Permanent):  # noqa: N818 - as above
    """An act was written by somebody else than who is signed in now."""

    status = 403


class IntakeAway(ServingError, Transient):  # noqa: N818 - as above
    """The door for events is not known, does not answer, or cannot reach Kafka; nothing was lost."""

    status = 503
    retry_after_s = 5


class ModelsAway(ServingError, Transient):  # noqa: N818 - as above
    """A change of which model decides could not be finished for now; asked again by its id it goes on from there."""

    status = 503
    retry_after_s = 5


class IntakeBusy(ServingError, Transient):  # noqa: N818 - as above
    """The door for events takes no more for the moment."""

    status = 429

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class IntakeKeyRefused(ServingError, Permanent):  # noqa: N818 - as above
    """The door for events does not take this server's key."""

    status = 502


class SignInOff(ServingError, Permanent):  # noqa: N818 - as above
    """Nobody can sign in here: strangers reach the pages, and there is no key."""

    status = 403


class OtherSite(ServingError, Permanent):  # noqa: N818 - as above
    """A page of another site sent a write."""

    status = 403
