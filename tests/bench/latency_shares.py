"""How long a ticket waits for its first decision, and which stage takes which share, by the broker's clock.

What a stage spends its share on, the workers tell themselves: their metrics note each part of each step.
"""

import math
import urllib.request
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import get_args

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from infra.demo.observation import Latencies, records_of
from schemas.records.topics import Topic
from schemas.settings import CommonSettings
from streams.foundation.metrics import StepPart

STEPS = ("to the broker", "triage", "cases", "routing")
PARTS = get_args(StepPart)
_PART_BUCKETS = "ticketyard_step_part_seconds_bucket"


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


class PartTimes:
    """What steps and their records have waited for since the start of the workers, by stage and part."""

    def __init__(self, pages: Iterable[str]) -> None:
        """Read workers' metrics pages (text)."""
        self._counts: dict[tuple[str, str], dict[float, float]] = {}
        for page in pages:
            for family in text_string_to_metric_families(page):
                for sample in family.samples:
                    if sample.name == _PART_BUCKETS:
                        labels = sample.labels
                        counts = self._counts.setdefault((labels["stage"], labels["part"]), {})
                        counts[float(labels["le"])] = sample.value

    def percentile_ms(self, stage: str, part: str, share: float) -> float:
        """Return a percentile in milliseconds, between a bucket's bounds by its share; nan where nothing was."""
        below, floor_s = 0.0, 0.0
        counts = sorted(self._counts.get((stage, part), {}).items())
        wanted = share * counts[-1][1] if counts else 0.0
        for limit_s, count in counts:
            if count and count >= wanted:
                within = (wanted - below) / (count - below)
                return 1000 * (floor_s + within * (limit_s - floor_s))
            below, floor_s = count, limit_s
        return math.nan

    def told(self, share: float = 0.5) -> str:
        """Return one line: each stage with its parts, in the order in which a record meets them."""
        stages = (
            f"{stage} " + ", ".join(f"{part} {self.percentile_ms(stage, part, share):.1f}" for part in PARTS)
            for stage in STEPS[1:]
        )
        return "; ".join(stages) + " ms"


def part_times(metrics_urls: Iterable[str]) -> PartTimes:
    """Read the pages of running workers."""
    pages = []
    for url in metrics_urls:
        with urllib.request.urlopen(url, timeout=5) as answer:
            pages.append(answer.read().decode())
    return PartTimes(pages)
