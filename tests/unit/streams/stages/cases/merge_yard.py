"""The cases stage of several tickets that send each other what merges and links bring with them."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from msgspec.structs import replace

from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from streams.foundation.record import Emission, Record
from streams.stages.cases.clocks import Clocks
from tests.unit.schemas.ticket_facts import opened
from tests.unit.streams.logic_driver import body_of, record_of
from tests.unit.streams.ticket_records import CasesRun, scored


class Yard:
    """The cases stage of all tickets; what it sends to its own input arrives when `deliver` says so."""

    def __init__(self) -> None:
        self.run = CasesRun(Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=90)))
        self._taken = 0
        self._offset = 1000
        self.under_way: list[Emission] = []

    def step(self, records: Sequence[Record]) -> None:
        """Handle records, each by itself."""
        for record in records:
            self.run.step([record])
            sent = self.run.sent[self._taken :]
            self._taken = len(self.run.sent)
            self.under_way += [each for each in sent if each.topic is Topic.TICKETS_ENRICHED]

    def deliver(self, random: Random | None = None) -> None:
        """Let one record that is under way arrive: the first, or any."""
        sent = self.under_way.pop(0 if random is None else random.randrange(len(self.under_way)))
        self._offset += 1
        self.step([record_of(Topic.TICKETS_ENRICHED, body_of(sent), offset=self._offset)])

    def settle(self, random: Random | None = None) -> "Yard":
        """Let everything arrive; merges that walk for ever would never come to an end."""
        for _ in range(1000):
            if not self.under_way:
                return self
            self.deliver(random)
        raise AssertionError("it does not come to an end")

    def rows(self) -> dict[str, TicketRow]:
        """Return each ticket's newest row."""
        return {entry.ticket_id: entry.after for entry in self.run.log()}


def yard_of(*tickets: str) -> Yard:
    yard = Yard()
    yard.step([scored(replace(opened(), ticket_id=name), at) for at, name in enumerate(tickets)])
    return yard
