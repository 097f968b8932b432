"""What happens to the promises of a ticket besides alerts."""

from schemas.records.events import Label, Moment, TicketEvent


class SlaPolicyApplied(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """tickets.log, by cases: the file of policies has changed, and an open ticket's targets were set by today's.

    `version` is the sum of that file's content; `policy` is None where none of its policies fits the ticket. The time
    of the event is that of the last word on the ticket, `applied_at` the pipeline's when the file reached it.
    """

    version: Label
    policy: Label | None = None
    applied_at: Moment | None = None
