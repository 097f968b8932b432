"""The customers stage's logic for one partition of customers."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from casework.customers.noting import Known, Rank, notes, rank, repeat_contact
from casework.customers.rules import CustomerRules
from schemas.records.derived.customer_events import CustomerNoted, CustomerWorkChanged
from schemas.records.envelope import Envelope, EventDecoder, decode_envelope, encode_body
from schemas.records.events import CustomerLeft, CustomerUpdated, TicketEvent
from schemas.records.identity import derived_id
from schemas.records.topics import INPUT_BYTES, Topic
from streams.foundation.record import Record
from streams.foundation.size_limit import require_size
from streams.stages.customers.entries import REMEMBERED_IDS, CustomerEntry, Entry, Order, TicketEntry
from streams.steps.forgetting import Forgetting
from streams.steps.step import Step

STAGE: Final = "customers"

_DECODERS: Final = {
    Topic.CUSTOMERS_WORK: EventDecoder({"CustomerWorkChanged": CustomerWorkChanged}),
    Topic.CUSTOMERS_EVENTS: EventDecoder({"CustomerUpdated": CustomerUpdated, "CustomerLeft": CustomerLeft}),
}
_ENTRIES: Final = msgspec.json.Decoder(Entry)


class CustomersPartition:
    """The customers of one partition, each with the tickets that were opened last. A PartitionLogic.

    `rules` say how many tickets are kept and what follows from them. An event of more than `largest` bytes is refused.
    """

    def __init__(self, rules: CustomerRules, *, largest: int = INPUT_BYTES) -> None:
        self._rules = rules
        self._largest = largest
        self._customers: dict[str, CustomerEntry] = {}
        self._tickets: defaultdict[str, dict[str, TicketEntry]] = defaultdict(dict)
        self._forgetting = Forgetting()
        self._heard: dict[str, datetime] = {}

    def restore(self, key: str, value: bytes) -> None:  # noqa: ARG002 - the value names itself
        """Take back one entry of the state."""
        entry = _ENTRIES.decode(value)
        if isinstance(entry, CustomerEntry):
            self._customers[entry.customer_id] = entry
        else:
            self._hold(entry)

    def handle(self, record: Record, step: Step) -> None:
        """Do what one record of customers.work or customers.events asks for. Raises EventError (Permanent)."""
        if record.topic is Topic.CUSTOMERS_EVENTS:
            require_size(record, self._largest)
        envelope = decode_envelope(record.headers)
        body = _DECODERS[record.topic].decode(envelope, record.value)
        self._forget(step)
        match body:
            case CustomerLeft():  # views and training read it; no ticket is told
                step.count("departures")
            case CustomerUpdated():
                self._updated(body, envelope, _order(envelope, record), step)
            case CustomerWorkChanged():
                self._heard_of(body, envelope, step)

    def _updated(self, body: CustomerUpdated, envelope: Envelope, order: Order, step: Step) -> None:
        entry = self._customers.get(body.customer_id) or CustomerEntry(customer_id=body.customer_id)
        event = derived_id(envelope.source, envelope.id)  # two sources may use the same ids
        if event in entry.update_ids:
            step.count("duplicates")
            return
        entry = replace(entry, update_ids=(*entry.update_ids, event)[-REMEMBERED_IDS:])
        if body.tier is not UNSET and (entry.tier_told is None or order > entry.tier_told):
            entry = replace(entry, tier=body.tier, tier_told=order)
        self._customers[body.customer_id] = entry
        step.put(entry.key, entry)
        self._tell(body.customer_id, envelope, None, step)

    def _heard_of(self, body: CustomerWorkChanged, envelope: Envelope, step: Step) -> None:
        tickets = self._tickets[body.customer_id]
        known = tickets.get(body.ticket_id)
        if known is not None and (body.life, body.revision) <= (known.ticket.life, known.ticket.revision):
            step.count("stale")
            return
        if known is None and len(tickets) >= self._rules.keep_tickets:
            oldest = min(tickets.values(), key=lambda entry: rank(entry.ticket))
            if rank(body) < rank(oldest.ticket):
                step.count("older_tickets")
                return
            self._drop(oldest, step)
        entry = TicketEntry(ticket=body, heard_at=step.now)
        if known is not None:
            entry = replace(known, ticket=body, heard_at=step.now)
        self._put(entry, step)
        self._tell(body.customer_id, envelope, rank(body), step)

    def _tell(self, customer_id: str, cause: Envelope, since: Rank | None, step: Step) -> None:
        """Say to each ticket of a customer what is new for it; nothing opened before `since` has changed."""
        entries = sorted(self._tickets.get(customer_id, {}).values(), key=lambda entry: rank(entry.ticket))
        customer = self._customers.get(customer_id)
        known = Known(None if customer is None else customer.tier, [entry.ticket for entry in entries])
        told = {entry.ticket.ticket_id: entry.told for entry in entries if entry.told is not None}
        for place, note in enumerate(notes(known, self._rules, told, since)):
            entry = entries[place]
            if note is entry.told or note == entry.told:
                continue
            if not _knows(entry, note):
                self._say(note, cause, step)
                step.count("noted")
            entry = replace(entry, told=note)
            if note.repeat_of is not None and note.repeat_of not in entry.alerted and entry.ticket.open:
                entry = replace(entry, alerted=(*entry.alerted, note.repeat_of))
                self._alert(entry.ticket, known.tickets[:place], cause, step)
            self._put(entry, step)

    def _alert(
        self, ticket: CustomerWorkChanged, earlier: Sequence[CustomerWorkChanged], cause: Envelope, step: Step
    ) -> None:
        found = repeat_contact(ticket, earlier, self._rules)
        if found is not None:
            self._say(found, cause, step)
            step.count("repeat_contacts")

    def _say(self, body: TicketEvent, cause: Envelope, step: Step) -> None:
        """Send what a ticket is told; its content belongs to the id, as after a reset a cause may lead to another."""
        content = encode_body(body).decode()
        identity = derived_id(cause.source, cause.id, STAGE, type(body).__name__, body.ticket_id, content)
        step.emit(Topic.TICKETS_DECISIONS, body.ticket_id, body, id=identity, time=cause.time)

    def _hold(self, entry: TicketEntry) -> None:
        customer_id = entry.ticket.customer_id
        self._tickets[customer_id][entry.ticket.ticket_id] = entry
        known = self._heard.get(customer_id)
        if (
            known is None
        ):  # each customer waits to be forgotten once, and is looked at again if heard of since
            self._forgetting.remember_until((customer_id,), self._forgotten_at(entry.heard_at))
        self._heard[customer_id] = entry.heard_at if known is None else max(known, entry.heard_at)

    def _put(self, entry: TicketEntry, step: Step) -> None:
        self._hold(entry)
        step.put(entry.key, entry)

    def _drop(self, entry: TicketEntry, step: Step) -> None:
        del self._tickets[entry.ticket.customer_id][entry.ticket.ticket_id]
        step.delete(entry.key)

    def _forgotten_at(self, heard_at: datetime) -> datetime:
        return heard_at + timedelta(days=self._rules.forget_after_days)

    def _forget(self, step: Step) -> None:
        """Let go of the tickets of customers who are long silent, unless one is open still."""
        for (customer_id,) in self._forgetting.pop_due(step.now):
            entries = list(self._tickets[customer_id].values())
            working = any(entry.ticket.open for entry in entries)
            due = self._forgotten_at(step.now if working else self._heard[customer_id])
            if due > step.now:
                self._forgetting.remember_until((customer_id,), due)
                continue
            for entry in entries:
                self._drop(entry, step)
            del self._tickets[customer_id], self._heard[customer_id]
            step.count("forgotten")


def _knows(entry: TicketEntry, note: CustomerNoted) -> bool:
    """Tell whether a ticket knows what a note says: by itself, by the last note, or as it let go of that at its end."""
    told = entry.told
    if told is None:
        told = CustomerNoted(
            ticket_id=note.ticket_id,
            customer_id=note.customer_id,
            life=note.life,
            rules=note.rules,
            open_tickets=1,
        )
    if told.life != note.life:
        return False
    if not entry.ticket.open:
        told = replace(told, open_tickets=0, merge_proposals=())
    return replace(told, rules=note.rules) == note


def _order(envelope: Envelope, record: Record) -> Order:
    """An event from the future must not win for ever, so it counts as said when the broker took it."""
    arrived = datetime.fromtimestamp(record.origin.timestamp_ms / 1000, UTC)
    return min(envelope.time, arrived), record.origin.offset
