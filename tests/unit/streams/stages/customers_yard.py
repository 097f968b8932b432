"""Cases and customers joined by queues that keep only a ticket's order: messages take their time and come again."""

from collections import deque
from datetime import timedelta
from random import Random

import msgspec

from casework.customers.rules import CustomerRules
from casework.rules import CaseRules
from schemas.records.derived import Origin
from schemas.records.events import CustomerUpdated, TicketEvent
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from schemas.triage import Triage
from streams.foundation.record import Emission, Record
from streams.stages.cases.clocks import Clocks
from streams.stages.customers.partition import CustomersPartition
from tests.unit.schemas.ticket_facts import minute
from tests.unit.streams.logic_driver import Driver, body_of, record_of
from tests.unit.streams.ticket_records import CasesRun, enriched

RULES = CustomerRules.load()
CLOCKS = Clocks(
    retire_after=timedelta(days=400), forget_after=timedelta(days=400), rules=CaseRules(customers=RULES)
)


class Yard:
    """One partition of each stage; `dying` is how often one is killed, and how often an outbox is sent again."""

    def __init__(self, random: Random, *, dying: float = 0.1) -> None:
        self.random = random
        self.dying = dying
        self.cases = CasesRun(CLOCKS)
        self.customers = Driver(CustomersPartition(RULES), "customers")
        self.on_the_way: dict[tuple[Topic, str], deque[Emission]] = {}
        self.delivered = 0
        self._offset = 0

    def publish(self, body: TicketEvent, at: float, triage: Triage | None = None) -> None:
        """Let an event reach cases."""
        self._offset += 1
        self._into_cases(enriched(body, self._offset, at=at, triage=triage))

    def update(self, body: CustomerUpdated, at: float) -> None:
        """Let an event about a customer reach customers."""
        self._offset += 1
        self._into_customers(
            record_of(
                Topic.CUSTOMERS_EVENTS, body, offset=self._offset, time=minute(at), arrived=minute(at + 1)
            )
        )

    def deliver(self) -> bool:
        """Let one queue move by one message; return whether there was any."""
        waiting = sorted(route for route, queue in self.on_the_way.items() if queue)
        if not waiting:
            return False
        sent = self.on_the_way[self.random.choice(waiting)].popleft()
        self._offset += 1
        self.delivered += 1
        origin = Origin(topic_id="t", partition=0, offset=self._offset, timestamp_ms=0)
        record = Record(topic=sent.topic, origin=origin, value=sent.value, headers=sent.headers)
        if sent.topic is Topic.CUSTOMERS_WORK:
            self._into_customers(record)
        else:
            self._into_cases(record)
        return True

    def settle(self) -> "Yard":
        """Deliver all; a loop of notes and pictures would never end."""
        while self.deliver():
            assert self.delivered < 20_000, "it does not come to an end"
        return self

    def rows(self) -> dict[str, TicketRow]:
        """Return the newest row of each ticket."""
        return {entry.ticket_id: entry.after for entry in self.cases.log()}

    def _into_cases(self, record: Record) -> None:
        seen = len(self.cases.sent)
        self.cases.step([record])
        self._send(self.cases.sent[seen:])
        if self.random.random() < self.dying:
            self.cases.restart()

    def _into_customers(self, record: Record) -> None:
        seen = len(self.customers.sent)
        self.customers.step([record])
        self._send(self.customers.sent[seen:])
        if self.random.random() < self.dying:
            self.customers.restart(CustomersPartition(RULES))

    def _send(self, emissions: list[Emission]) -> None:
        """Put the outbox of a step on its way, as a whole a second time where the stage died behind it."""
        times = 2 if self.random.random() < self.dying else 1
        for sent in [*emissions] * times:
            if sent.topic in {Topic.CUSTOMERS_WORK, Topic.TICKETS_DECISIONS, Topic.TICKETS_ENRICHED}:
                about = body_of(sent)
                assert isinstance(
                    about, TicketEvent
                )  # each ticket's messages keep their order, and no two tickets'
                self.on_the_way.setdefault((sent.topic, about.ticket_id), deque()).append(sent)


def known_of(row: TicketRow) -> dict[str, object]:
    """Return what a row says by the customers stage."""
    fields = msgspec.structs.asdict(row)
    names = ("open_tickets_of_customer", "repeat_of", "merge_proposals", "merge_reasons", "customer_tier")
    return {name: fields[name] for name in names}
