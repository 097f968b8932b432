"""The root of every error that Ticketyard raises, and the two kinds that decide what happens next."""


class PipelineError(Exception):
    """Root of all errors of the pipeline; the message names what is wrong, where, and what to do next."""


class Permanent(PipelineError):  # noqa: N818 - the names say what to do
    """Trying again cannot help: the record goes to dead letters, the command ends with a message."""


class Transient(PipelineError):  # noqa: N818 - as above
    """Trying again may help: retried in place with back-off; nothing is acknowledged meanwhile."""
