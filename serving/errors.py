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


class AnswerUnusable(ServingError, Permanent):  # noqa: N818 - as above
    """A server answered something that is not an answer of this API."""
