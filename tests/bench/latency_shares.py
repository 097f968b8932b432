"""How long a ticket waits for its first decision, and which stage takes which share, by the broker's clock."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from infra.demo.observation import Latencies, records_of
from schemas.settings import CommonSettings
from schemas.topics import Topic

STEPS = ("to the broker", "triage", "cases", "routing")


class Journey(msgspec.Struct):
    """Milliseconds at which the opening of a ticket reached each topic."""

    scheduled: float
    event: float = 0.0
    enriched: float = 0.0
    work: float = 0.0
    decision: float = 0.0

    def steps(self) -> tuple[float, float, float, float]:
        """Return the time from the schedule to the broker, through triage, through cases, through routing."""
        return (
            self.event - self.scheduled,
            self.enriched - self.event,
            self.work - self.enriched,
            self.decision - self.work,
        )


def journeys(settings: CommonSettings, name: str, *, until: str = "decision") -> dict[str, Journey]:
    """Return the journeys of the tickets whose ids begin with `name`, those that came as far as `until`."""
    found: dict[str, Journey] = {}
    for record in records_of(settings, Topic.TICKETS_EVENTS):
        headers = dict(record.headers)
        if headers["ce_type"] == b"TicketOpened" and (ticket := record.key.decode()).startswith(name):
            at = datetime.fromisoformat(headers["ce_time"].decode()).timestamp() * 1000
            found[ticket] = Journey(scheduled=at, event=record.timestamp)
    _mark(found, settings, Topic.TICKETS_ENRICHED, "enriched")
    _mark(found, settings, Topic.TICKETS_WORK, "work")
    _mark(found, settings, Topic.TICKETS_DECISIONS, "decision")
    return {ticket: journey for ticket, journey in found.items() if getattr(journey, until)}


def _mark(found: Mapping[str, Journey], settings: CommonSettings, topic: Topic, field: str) -> None:
    """Note the first time that each ticket appears in a topic; the body names it where the key is the team."""
    for record in records_of(settings, topic):
        ticket = record.key.decode()
        if topic is Topic.TICKETS_WORK:
            ticket = msgspec.json.decode(record.value, type=_OfTicket).ticket_id
        journey = found.get(ticket)
        if journey is not None and not getattr(journey, field):
            setattr(journey, field, float(record.timestamp))


class _OfTicket(msgspec.Struct):
    ticket_id: str


def total(found: Mapping[str, Journey]) -> Latencies:
    """Return the waits from schedule to first decision."""
    return Latencies(tuple(sorted(journey.decision - journey.scheduled for journey in found.values())))


def by_step(found: Mapping[str, Journey]) -> dict[str, Latencies]:
    """Return the waits of each step."""
    columns = zip(*(journey.steps() for journey in found.values()), strict=True)
    return {step: Latencies(tuple(sorted(column))) for step, column in zip(STEPS, columns, strict=True)}
