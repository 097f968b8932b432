"""What serving refuses or cannot do, each with the HTTP status that says so."""

from typing import ClassVar

from schemas.errors import Permanent, PipelineError, Transient


class ServingError(PipelineError):
    """Root of the errors of serving; `status` is the HTTP status of the answer."""

    status: ClassVar[int] = 500


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


class Stopping(ServingError, Transient):  # noqa: N818 - as above
    """The server is stopping and takes no more queries."""

    status = 503


class RunUnusable(ServingError, Permanent):  # noqa: N818 - as above
    """A batch run cannot be served: its manifest or its files are not what they should be."""


class OutOfMemory(ServingError, Transient):  # noqa: N818 - as above
    """The writer of the merge found no memory; it tries again once queries have let go of theirs."""

    status = 503


class ViewsUnreadable(ServingError, Transient):  # noqa: N818 - as above
    """A file of the run that is served cannot be read."""

    status = 503


class TailFailed(ServingError, Transient):  # noqa: N818 - as above
    """The tail ended by an error that it cannot wait out; serving has to start again."""
