"""What follows a merge: messages that go on to the ticket in its place, and merges that form a circle.

Tickets of one chain lie in different partitions, so none sees the whole chain. A merge therefore walks along it, from
ticket to ticket, and says which it passed; whoever sees it come round knows the whole circle. All of pure functions.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from casework.clocks import SOURCE
from schemas.fold import to_fact
from schemas.records.derived import MergeFollowed, MergeLink, SourceEvent, TicketTriaged
from schemas.records.envelope import encode_body
from schemas.records.events import MessageAdded, TicketReopened
from schemas.records.identity import derived_id
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Author
from streams.stages.cases.intake import FoldInput


def sent_on(incoming: FoldInput, after: TicketRow) -> TicketTriaged | None:
    """Return a customer's message on a merged ticket for the ticket in its place, None where nothing is to be sent on.

    What has gone through that ticket before does not go there again: the merges are a circle, which is being undone.
    """
    body, triaged, target = incoming.fact.body, incoming.triaged, after.merged_into
    if target is None or triaged is None or target in triaged.through:
        return None
    if not (isinstance(body, MessageAdded) and body.author is Author.CUSTOMER and body.public):
        return None
    event = incoming.event
    fields: dict[str, Any] = msgspec.json.decode(event.body)  # whole: also what this version does not know
    sent = SourceEvent(
        id=derived_id(event.source, event.id, "cases", event.type, target),
        type=event.type,
        source=SOURCE,
        time=event.time,
        body=msgspec.Raw(msgspec.json.encode({**fields, "ticket_id": target})),
    )
    return replace(triaged, ticket_id=target, event=sent, through=(*triaged.through, after.ticket_id))


def walked(links: tuple[MergeLink, ...], row: TicketRow) -> tuple[MergeLink, ...]:
    """Return the way of a merge with the row's own as it is now at its end; what a circle has before it comes first."""
    ids = [link.ticket_id for link in links]
    if row.ticket_id in ids:
        own = ids.index(row.ticket_id)
        links = (*links[own + 1 :], *links[:own])
    return (*links, MergeLink(ticket_id=row.ticket_id, merged_at=row.merge_at or row.last_event_at))


def next_stop(way: tuple[MergeLink, ...], row: TicketRow) -> MergeFollowed | None:
    """Return where the merge goes from a merged row, None where it ends there: the row's own merge closes a circle.

    Of a circle's merges the latest is refused, whichever arrived first; of equal times that of the greatest id.
    """
    ids = [link.ticket_id for link in way]
    if row.merged_into is None:
        return None
    if row.merged_into not in ids:
        return MergeFollowed(ticket_id=row.merged_into, way=way)
    circle = way[ids.index(row.merged_into) :]
    refused = max(circle, key=lambda link: (link.merged_at, link.ticket_id))
    return (
        None if refused.ticket_id == row.ticket_id else MergeFollowed(ticket_id=refused.ticket_id, way=circle)
    )


def refusal(way: tuple[MergeLink, ...], row: TicketRow, *, life: int) -> FoldInput:
    """Return the reopening by which the merge of `row` is refused."""
    names = " > ".join([row.ticket_id, *(link.ticket_id for link in way)])
    merged_at = way[-1].merged_at
    body = TicketReopened(ticket_id=row.ticket_id, reason=f"merged in a circle: {names}"[:1000])
    event = SourceEvent(
        id=derived_id(
            row.ticket_id, row.life, row.merged_into or "", merged_at.isoformat(), "cases", "TicketReopened"
        ),
        type="TicketReopened",
        source=SOURCE,
        time=max(merged_at, row.status_at or merged_at),  # whatever closed it since did so as merged
        body=msgspec.Raw(encode_body(body)),
    )
    return FoldInput(event=event, fact=to_fact(event, life=life))
