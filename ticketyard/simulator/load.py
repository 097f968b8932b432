"""Load for benchmarks: an endless, evenly spaced stream of tickets, each resolved after a while."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from math import ceil
from typing import Final

from schemas.errors import Permanent
from schemas.records.events import AgentUpdated, TicketOpened, TicketResolved
from schemas.taxonomy import Taxonomy
from schemas.vocabulary import AgentStatus
from ticketyard.simulator.case import CaseBook
from ticketyard.simulator.config import SimulationConfig
from ticketyard.simulator.grammar import write_request
from ticketyard.simulator.roster import teams_of
from ticketyard.simulator.timed import TimedEvent
from ticketyard.simulator.truth import truth_of

_CAPACITY: Final = 25
_CASES_TO_SIZE_BY: Final = 2000
_CUSTOMERS: Final = SimulationConfig(tickets=25_000)


def load(
    seed: int,
    rate: float,
    start: datetime,
    taxonomy: Taxonomy,
    *,
    hold: timedelta | None = timedelta(seconds=20),
    crew: float = 1.2,
) -> Iterator[TimedEvent]:
    """Yield agents, then for ever `rate` TicketOpened a second, each resolved `hold` later, in time order.

    Event times are the schedule for an open-loop producer: ticket n at `start + n / rate`. Agents hold
    `crew` times what is open at once. With `hold` None nothing is resolved and nobody works: for benchmarks
    of triage alone.
    """
    if rate <= 0:
        raise Permanent(f"a load needs a rate above 0 tickets a second, not {rate}")
    cases = CaseBook(_CUSTOMERS, seed, storm=lambda _: False)
    if hold is not None:
        yield from _agents(seed, cases, start, taxonomy, crew * rate * hold.total_seconds())
    waiting: deque[TimedEvent] = deque()
    for number in count():
        at = start + timedelta(seconds=number / rate)
        while waiting and waiting[0].at <= at:
            yield waiting.popleft()
        opened = _opened(cases, number, at, taxonomy)
        yield opened
        if hold is not None and opened.truth is not None:
            ticket_id = opened.truth.ticket_id
            waiting.append(TimedEvent(at + hold, f"{ticket_id}:1", TicketResolved(ticket_id=ticket_id)))


def _agents(
    seed: int, cases: CaseBook, start: datetime, taxonomy: Taxonomy, open_at_once: float
) -> Iterator[TimedEvent]:
    """Share out the capacity by what a sample of the tickets is about."""
    sampled = teams_of(taxonomy, (cases.case(number).intent for number in range(_CASES_TO_SIZE_BY)))
    for team in taxonomy.teams():
        capacity = open_at_once * sampled[team] / _CASES_TO_SIZE_BY
        for number in range(max(1, ceil(capacity / _CAPACITY))):
            agent = AgentUpdated(
                agent_id=f"L{seed}-{team}-{number:04d}",
                home_team=team,
                status=AgentStatus.AVAILABLE,
                capacity=_CAPACITY,
                languages=("en",),
            )
            yield TimedEvent(start, f"{agent.agent_id}:0", agent)


def _opened(cases: CaseBook, number: int, at: datetime, taxonomy: Taxonomy) -> TimedEvent:
    case = cases.case(number)
    subject, text = write_request(
        cases.rng(number, "life"),
        case.customer,
        language=case.language,
        intent=case.intent,
        channel=case.channel,
        personal=0.3,
    )
    event = TicketOpened(
        ticket_id=case.ticket_id,
        customer_id=case.customer.id,
        channel=case.channel,
        subject=subject,
        text=text,
        customer_tier=case.customer.tier,
    )
    return TimedEvent(at, f"{case.ticket_id}:0", event, truth_of(case, taxonomy, [event]))
