"""What a ticket has to do with others: links by their relation, of which the last word by event time counts."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from schemas.fold.order import is_older, late
from schemas.records.events import TicketLinked, TicketSplit, TicketUnlinked
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Relation

MOST_LINKS: Final = 50
"""A row keeps the links that were said last; the others stay on the tickets at their other ends."""


def apply_linked(row: TicketRow, body: TicketLinked, time: datetime) -> TicketRow:
    """Link a ticket to another, unless a later word takes that back."""
    return _say(row, body.relation, body.to_ticket_id, time, stands=True)


def apply_unlinked(row: TicketRow, body: TicketUnlinked, time: datetime) -> TicketRow:
    """Take a link back, also one that is yet to arrive."""
    return _say(row, body.relation, body.to_ticket_id, time, stands=False)


def link_to_source(row: TicketRow, body: TicketSplit, time: datetime) -> TicketRow:
    """Link a new ticket to the one of whose messages it was made."""
    return _say(row, Relation.SPLIT_FROM, body.from_ticket_id, time, stands=True)


def _say(row: TicketRow, relation: Relation, other: str, time: datetime, *, stands: bool) -> TicketRow:
    """Set or clear one link; a ticket has nothing to do with itself."""
    if other == row.ticket_id:
        return row
    link = f"{relation}:{other}"
    times = dict(_said(entry) for entry in row.link_times)
    if is_older(time, times.get(link)):
        return late(row)
    times[link] = time
    kept = dict(sorted(times.items(), key=lambda said: (said[1], said[0]))[-MOST_LINKS:])
    standing = {*row.links, link} if stands else {*row.links} - {link}
    return replace(
        row,
        links=tuple(sorted(standing & kept.keys())),
        link_times=tuple(f"{name} {at.isoformat()}" for name, at in sorted(kept.items())),
    )


def _said(entry: str) -> tuple[str, datetime]:
    link, _, time = entry.rpartition(" ")
    return link, datetime.fromisoformat(time)
