"""What a link says to the ticket at its other end, which may lie in another partition; pure."""

import msgspec
from msgspec.structs import replace

from casework.clocks import SOURCE
from schemas.records.derived import SourceEvent, TicketTriaged
from schemas.records.envelope import encode_body
from schemas.records.events import TicketLinked, TicketSplit, TicketUnlinked
from schemas.records.identity import derived_id
from schemas.vocabulary import COUNTERPART, Relation
from streams.stages.cases.intake import FoldInput


def other_end(incoming: FoldInput) -> TicketTriaged | None:
    """Return the counterpart of a link for the ticket at its other end; None where it came from there itself."""
    triaged, body, event = incoming.triaged, incoming.fact.body, incoming.event
    if triaged is None or triaged.through:
        return None
    match body:
        case TicketLinked() | TicketUnlinked():
            other, relation = body.to_ticket_id, body.relation
        case TicketSplit():
            other, relation = body.from_ticket_id, Relation.SPLIT_FROM
        case _:
            return None
    if other == body.ticket_id:
        return None
    kind = TicketUnlinked if isinstance(body, TicketUnlinked) else TicketLinked
    said = kind(ticket_id=other, to_ticket_id=body.ticket_id, relation=COUNTERPART[relation])
    sent = SourceEvent(
        id=derived_id(event.source, event.id, "cases", kind.__name__, other),
        type=kind.__name__,
        source=SOURCE,
        time=event.time,
        body=msgspec.Raw(encode_body(said)),
    )
    return replace(triaged, ticket_id=other, event=sent, triage=None, through=(body.ticket_id,), withheld=())
