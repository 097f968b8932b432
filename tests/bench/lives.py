"""Whole ticket lives as an offered load: tickets open at given rates, and all that happens to them follows.

The simulator draws the lives. Its own arrivals have a daily rhythm; here the n-th ticket opens when the rate says so,
and its later events keep their distances from the opening. Agents come, pause and go as simulated.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final, NamedTuple

import msgspec

from schemas.records.events import (
    AgentUpdated,
    CustomerLeft,
    CustomerUpdated,
    Event,
    TicketEvent,
    TicketOpened,
)
from schemas.taxonomy import Taxonomy
from streams.stages.triage.intake import message_of
from ticketyard.simulator import SimulationConfig, simulate
from understanding.understand import CustomerMessage

HOUR_LASTS_S: Final = 3.0
"""How long an hour of the operation takes: as in the demo, an agent answers after one second, most lives end in ten."""

_START: Final = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday; only distances from it are used


class Phase(NamedTuple):
    """So many tickets a second for so many seconds."""

    rate: float
    seconds: float


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """An event, its id and key, and when it is due, in seconds after the start."""

    after_s: float
    id: str
    key: str
    event: Event

    @property
    def said(self) -> CustomerMessage | None:
        """What a customer says in it, None where it is not a customer's message."""
        found = message_of(self.event, _START) if isinstance(self.event, TicketEvent) else None
        return found if found is not None and found.text else None


def opening_times(phases: Iterable[Phase]) -> Iterator[float]:
    """Yield when tickets open, in seconds after the start: evenly within each phase."""
    began = 0.0
    for phase in phases:
        for number in count():
            if (after_s := number / phase.rate) >= phase.seconds:
                break
            yield began + after_s
        began += phase.seconds


def lives(phases: Sequence[Phase], seed: int, taxonomy: Taxonomy) -> list[Due]:
    """Return every event of the tickets that open in these phases, and of the agents, in due order.

    What would happen after the last phase does not happen. Ids begin with `S<seed>-`. Customers' own events are left
    out: no stage reads them.
    """
    opens = list(opening_times(phases))
    seconds = sum(phase.seconds for phase in phases)
    config = SimulationConfig(
        tickets=len(opens),
        duration=timedelta(seconds=seconds),
        operation=timedelta(hours=seconds / HOUR_LASTS_S),
        arriving=1.0,
        bursts=0,
        storm=False,
    )
    due: list[Due] = []
    moved_s: dict[str, float] = {}
    for timed in simulate(config, seed, _START, taxonomy):
        if isinstance(timed.event, CustomerUpdated | CustomerLeft):
            continue
        after_s = (timed.at - _START).total_seconds()
        key = _key(timed.event)
        if isinstance(timed.event, TicketEvent):
            if key not in moved_s:
                moved_s[key] = opens[len(moved_s)] - after_s
            after_s += moved_s[key]
        due.append(Due(after_s=after_s, id=timed.id, key=key, event=timed.event))
    return sorted((item for item in due if item.after_s < seconds), key=lambda item: item.after_s)


def openings(due: Iterable[Due]) -> dict[str, float]:
    """Return when each ticket that is opened, not imported, is due to open, by its id."""
    return {item.key: item.after_s for item in due if type(item.event) is TicketOpened}


def at_once(due: Iterable[Due]) -> list[Due]:
    """Return the tickets' events as a backlog, all due at the start, in the same order."""
    return [
        msgspec.structs.replace(item, after_s=0.0) for item in due if not isinstance(item.event, AgentUpdated)
    ]


def _key(event: Event) -> str:
    if isinstance(event, TicketEvent):
        return event.ticket_id
    assert isinstance(event, AgentUpdated), f"the simulator yields no {type(event).__name__}"
    return event.agent_id
