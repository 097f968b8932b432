"""How many records a second the cases stage's logic takes, decoding and encoding included, Kafka not.

Run from the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/cases_logic.py`. It prints CPU time, not
wall time, so that a busy machine does not change the figure.
"""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from schemas.records.events import MessageAdded, TicketResolved, TicketUpdated
from schemas.vocabulary import Author
from streams.foundation.record import Record
from streams.foundation.settings import StreamSettings
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.partition import CasesPartition
from streams.stages.registry import STAGES
from streams.steps.step import PartitionLogic, Step
from tests.unit.schemas.ticket_facts import opened
from tests.unit.streams.logic_driver import PARTITIONS
from tests.unit.streams.ticket_records import enriched, scored

TICKETS = 4000
STEP_RECORDS = 256


def lives(tickets: int) -> Iterator[Record]:
    """Yield five records for each ticket: opening, agent, reply, answer, resolution, of up to 400 letters."""
    offsets = count()
    for number in range(tickets):
        ticket = f"ticket-{number:08d}"
        agent = MessageAdded(ticket_id=ticket, author=Author.AGENT, author_id="A-1", text="y " * 200)
        customer = MessageAdded(ticket_id=ticket, author=Author.CUSTOMER, author_id="C-1", text="z " * 50)
        yield scored(opened(ticket_id=ticket, subject="Where is it?", text="x " * 200), next(offsets))
        yield enriched(TicketUpdated(ticket_id=ticket, assignee="A-1"), next(offsets), at=1)
        yield enriched(agent, next(offsets), at=2)
        yield scored(customer, next(offsets), at=3)
        yield enriched(TicketResolved(ticket_id=ticket), next(offsets), at=4)


def main() -> None:
    """Measure and print a line without rules, and one with those that are packaged."""
    records = list(lives(TICKETS))
    bare = CasesPartition(Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=180)))
    packaged = STAGES["cases"].new_logic
    assert packaged is not None
    _measure("without rules", bare, records)
    _measure("with the packaged rules", packaged(StreamSettings()), records)


def _measure(name: str, partition: PartitionLogic, records: list[Record]) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    started = time.process_time()
    for first in range(0, len(records), STEP_RECORDS):
        step = Step(stage="cases", partition=0, number=first, partitions=PARTITIONS, next_offsets={}, now=now)
        for record in records[first : first + STEP_RECORDS]:
            partition.handle(record, step)
    seconds = time.process_time() - started
    sys.stdout.write(
        f"{name}: {len(records)} records in {seconds:.2f} s of one core: {len(records) / seconds:,.0f} a second\n"
    )


if __name__ == "__main__":
    main()
