"""The logs of a simulated operation as the stages would have written them, without any engine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from casework.clocks import earliest
from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import load_sla_policies
from schemas.fold import to_fact
from schemas.records.derived import SourceEvent, TicketLogged
from schemas.records.envelope import Envelope, Headers, decode_envelope, encode_body, encode_headers
from schemas.records.events import (
    AgentUpdated,
    CustomerLeft,
    CustomerUpdated,
    Event,
    TicketEvent,
    TicketOpened,
    TicketUpdated,
)
from schemas.records.identity import derived_id
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from schemas.taxonomy import load_taxonomy
from schemas.triage import Triage
from serving.tail.rows import TailRecord
from streams.stages.cases.clocks import event_of
from tests.unit.serving.memory_log import MemoryLog
from ticketyard.simulator import SimulationConfig, TimedEvent, simulate

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class LogRecord(NamedTuple):
    """A record to publish: `topic` without prefix."""

    topic: Topic
    key: str
    headers: Headers
    value: bytes


_POLICIES = load_sla_policies()
RULES = CaseRules(clocks=(SlaDueClock(policies=_POLICIES),), progress=True, sla=_POLICIES)
"""By these the simulated tickets are folded: the packaged promises."""


class SimulatedLogs:
    """Iterates over the records of tickets.events, tickets.log, agents.events and customers.events.

    `rows` is, once all were taken, each ticket's row as the fold left it. Every third ticket is handed to an agent.
    """

    def __init__(self, tickets: int, seed: int = 1) -> None:
        self.rows: dict[str, TicketRow] = {}
        self.logged: list[TicketLogged] = []
        self._config = SimulationConfig(tickets=tickets, duration=timedelta(hours=20))
        self._seed = seed
        self._agents: list[str] = []

    def __iter__(self) -> Iterator[LogRecord]:
        for timed in simulate(self._config, self._seed, START, load_taxonomy()):
            event = timed.event
            if isinstance(event, AgentUpdated):
                self._agents.append(event.agent_id)
                yield _record(Topic.AGENTS_EVENTS, event.agent_id, timed.id, event, timed.at)
            elif isinstance(event, CustomerUpdated | CustomerLeft):
                yield _record(Topic.CUSTOMERS_EVENTS, event.customer_id, timed.id, event, timed.at)
            elif isinstance(event, TicketEvent):
                yield from self._of_ticket(timed, event)

    def _of_ticket(self, timed: TimedEvent, event: TicketEvent) -> Iterator[LogRecord]:
        triage = None
        if isinstance(event, TicketOpened) and timed.truth is not None:
            truth = timed.truth
            triage = Triage(
                model_version="first",
                decided_by="ngrams",
                team=truth.team,
                intent=truth.intent,
                category=truth.category,
                confidence=0.9,
            )
        yield from self._logged(timed.id, timed.at, event, triage)
        if triage is not None and len(self.rows) % 3 == 0:
            agent = self._agents[len(self.rows) % len(self._agents)]
            handed = TicketUpdated(ticket_id=event.ticket_id, assignee=agent)
            yield from self._logged(f"{timed.id}/handed", timed.at, handed, None)

    def _logged(
        self, event_id: str, at: datetime, event: TicketEvent, triage: Triage | None
    ) -> Iterator[LogRecord]:
        opened = _record(Topic.TICKETS_EVENTS, event.ticket_id, event_id, event, at)
        yield opened
        yield from self._reached(event.ticket_id, at)
        source = SourceEvent(
            id=event_id,
            type=type(event).__name__,
            source="simulation",
            time=at,
            body=msgspec.Raw(opened.value),
        )
        yield self._folded(event.ticket_id, source, triage)

    def _reached(self, ticket_id: str, at: datetime) -> Iterator[LogRecord]:
        """Yield what the ticket's clocks reach by then."""
        while (row := self.rows.get(ticket_id)) is not None:
            found = earliest(RULES.clocks, row)
            if found is None or found.due > at:
                return
            yield self._folded(
                ticket_id, event_of(found.clock.reached(row, found.due, at), row, found.due), None
            )

    def _folded(self, ticket_id: str, source: SourceEvent, triage: Triage | None) -> LogRecord:
        before = self.rows.get(ticket_id)
        after = RULES.fold(before, to_fact(source, triage, life=len(self.logged)))
        logged = TicketLogged(
            ticket_id=ticket_id,
            life=after.life,
            revision=after.revision,
            event=source,
            after=after,
            before=before,
            triage=triage,
        )
        self.rows[ticket_id] = after
        self.logged.append(logged)
        return _record(
            Topic.TICKETS_LOG, ticket_id, derived_id(source.id, "TicketLogged"), logged, source.time
        )


def served_until(logs: SimulatedLogs, log: MemoryLog, now: datetime) -> Iterator[LogRecord]:
    """Yield the records up to a moment that serving reads, after each was added to `log`."""
    for record in logs:
        at = decode_envelope(record.headers).time
        if at <= now and record.topic in (Topic.TICKETS_LOG, Topic.AGENTS_EVENTS):
            log.add(
                TailRecord(
                    topic=record.topic,
                    partition=0,
                    offset=0,
                    timestamp_ms=int(at.timestamp() * 1000),
                    headers=list(record.headers),
                    value=record.value,
                )
            )
            yield record


def _record(topic: Topic, key: str, event_id: str, event: Event, at: datetime) -> LogRecord:
    envelope = Envelope(id=event_id, type=type(event).__name__, source="simulation", time=at, subject=key)
    return LogRecord(topic, key, encode_headers(envelope), encode_body(event))
