"""Ticket logs made up for tests, and what the views must say about them, counted by plain Python."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa

from schemas.records.derived import SourceEvent, TicketLogged
from schemas.records.envelope import encode_body
from schemas.records.events import MessageAdded, TicketEvent
from schemas.records.sla_clock import CLOCK_COLUMNS, SlaMetric, values_by_metric
from schemas.records.ticket_row import NESTED, TicketRow, Work
from schemas.records.topics import Topic
from schemas.views.tables import VIEWS
from schemas.vocabulary import Author, Category, Channel, Priority, Status
from serving.tail.rows import ARROW_SCHEMAS, TailRecord

START = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
_WEEK = timedelta(days=7)
Row = dict[str, Any]


def at(minutes: int) -> datetime:
    """A moment so many minutes after the start."""
    return START + timedelta(minutes=minutes)


def ticket_row(ticket_id: str, life: int, revision: int, **fields: Any) -> TicketRow:
    """A ticket's row with the fields that matter to a test."""
    usual: dict[str, Any] = {
        "routing_revision": revision,
        "status": Status.NEW,
        "opened_at": at(0),
        "last_event_at": at(revision),
    }
    return TicketRow(ticket_id=ticket_id, life=life, revision=revision, **(usual | fields))


def logged(after: TicketRow, body: TicketEvent | None = None) -> TicketLogged:
    """The log's event that made a row: an agent wrote something, unless `body` says what happened."""
    body = body or MessageAdded(
        ticket_id=after.ticket_id, author=Author.AGENT, author_id="agent-1", text=f"reply {after.revision}"
    )
    return TicketLogged(
        ticket_id=after.ticket_id,
        life=after.life,
        revision=after.revision,
        event=SourceEvent(
            id=f"{after.ticket_id}/{after.life}/{after.revision}",
            type=type(body).__name__,
            source="test",
            time=after.last_event_at,
            body=msgspec.Raw(msgspec.json.encode(body)),
        ),
        after=after,
    )


def record(row: TicketRow, partition: int, offset: int, body: TicketEvent | None = None) -> TailRecord:
    """A record of tickets.log, of what `logged` makes; each arrives a second after the one before."""
    return TailRecord(
        topic=Topic.TICKETS_LOG,
        partition=partition,
        offset=offset,
        timestamp_ms=START_MS + offset * 1000,
        headers=[],
        value=encode_body(logged(row, body)),
    )


class Log:
    """tickets.log as a test writes it: rows by partition; the offset is the place in the list."""

    def __init__(self, partitions: Mapping[int, list[TicketRow]]) -> None:
        self.rows = {number: list(rows) for number, rows in partitions.items()}

    def records(self, partition: int, start: int, end: int) -> list[TailRecord]:
        """The records of a partition from `start` up to `end`."""
        return [
            record(row, partition, offset)
            for offset, row in enumerate(self.rows[partition][start:end], start=start)
        ]

    def ends(self) -> dict[int, int]:
        """The offset after the last record of each partition."""
        return {number: len(rows) for number, rows in self.rows.items()}

    def below(self, ends: Mapping[int, int]) -> list[tuple[int, int, TicketRow]]:
        """(partition, offset, row) of every record below `ends`."""
        return [
            (number, offset, row)
            for number, rows in sorted(self.rows.items())
            for offset, row in enumerate(rows[: ends.get(number, 0)])
        ]


class Recount:
    """What the views must hold of a set of records, without any SQL."""

    def __init__(self, records: Iterable[tuple[int, int, TicketRow]]) -> None:
        first: dict[tuple[str, int, int], tuple[int, int, TicketRow]] = {}
        for partition, offset, row in records:
            first.setdefault((row.ticket_id, row.life, row.revision), (partition, offset, row))
        newest: dict[str, tuple[int, int, TicketRow]] = {}
        for key in sorted(first):
            newest[key[0]] = first[key]
        self.rows = [row for _, _, row in newest.values()]
        self.tickets = {ticket: _shown(*found) for ticket, found in newest.items()}
        self.ticket_events = {key: _event(*found) for key, found in first.items()}

    @property
    def daily_analytics(self) -> dict[tuple[Any, ...], Row]:
        """Measures by (day, category, intent, team, channel, priority, tier, language)."""
        sums: dict[tuple[Any, ...], Row] = defaultdict(lambda: defaultdict(int))
        for row in self.rows:
            if row.merged_into is None:
                group = sums[_dimensions(row)]
                for name, value in _measures(row).items():
                    group[name] += value
        return {key: dict(group) for key, group in sums.items()}

    @property
    def queues(self) -> dict[tuple[Any, Any], Row]:
        """What waits, what is offered and what is held by (team, priority)."""
        found: dict[tuple[Any, Any], Row] = {}
        for row in self.rows:
            if row.work == Work.NONE:
                continue
            start: Row = {"waiting": 0, "offered": 0, "held": 0, "oldest_waiting_since": None}
            group = found.setdefault((row.team, row.priority.value), start)
            if row.work in (Work.HELD, Work.OFFERED):
                group[row.work.value] += 1
                continue
            group["waiting"] += 1
            known = [moment for moment in (group["oldest_waiting_since"], row.waiting_since) if moment]
            group["oldest_waiting_since"] = min(known, default=None)
        return found

    def tables(self) -> dict[str, pa.Table]:
        """The views that a batch run holds, as Parquet will."""
        daily = [dict(zip(_DIMENSIONS, key, strict=True)) | row for key, row in self.daily_analytics.items()]
        return {
            "tickets": pa.Table.from_pylist(list(self.tickets.values()), schema=ARROW_SCHEMAS["tickets"]),
            "ticket_events": pa.Table.from_pylist(
                list(self.ticket_events.values()), schema=ARROW_SCHEMAS["ticket_events"]
            ),
            "daily_analytics": pa.Table.from_pylist(daily, schema=_DAILY_SCHEMA),
        }


_DAILY_COLUMNS = VIEWS["daily_analytics"].columns
_DIMENSIONS = tuple(column.name for column in _DAILY_COLUMNS if column.type != "BIGINT")
_DAILY_SCHEMA = pa.schema(
    [
        (one.name, {"DATE": pa.date32(), "VARCHAR": pa.string(), "BIGINT": pa.int64()}[one.type])
        for one in _DAILY_COLUMNS
    ]
)


def _position(partition: int, offset: int) -> Row:
    arrived = datetime.fromtimestamp((START_MS + offset * 1000) / 1000, UTC)
    return {"logged_at": arrived, "log_partition": partition, "log_offset": offset}


def _shown(partition: int, offset: int, row: TicketRow) -> Row:
    values = {
        name: str(value) if isinstance(value, Status | Category | Channel | Priority | Work) else value
        for name, value in msgspec.structs.asdict(row).items()
    }
    lists = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
    columns = [f"sla_{metric}_{name}" for metric in SlaMetric for name in CLOCK_COLUMNS]
    clocks = dict(zip(columns, values_by_metric(row.sla), strict=True))
    shown = {name: value for name, value in (values | lists).items() if name not in NESTED}
    return shown | clocks | _position(partition, offset)


def _event(partition: int, offset: int, row: TicketRow) -> Row:
    return {
        "ticket_id": row.ticket_id,
        "life": row.life,
        "revision": row.revision,
        "event_id": f"{row.ticket_id}/{row.life}/{row.revision}",
        "event_type": "MessageAdded",
        "event_source": "test",
        "event_time": row.last_event_at,
        "status": row.status.value,
        "priority": row.priority.value,
        "intent": row.intent,
        "team": row.team,
        "assignee": row.assignee,
        "work": row.work.value,
        "author": "agent",
        "author_id": "agent-1",
        "public": True,
        "subject": None,
        "text": f"reply {row.revision}",
        "overrides": None,
        "sentiment": None,
        "entities": None,
        **dict.fromkeys(("rule", "cause", "level", "owner")),
    } | _position(partition, offset)


def _dimensions(row: TicketRow) -> tuple[Any, ...]:
    words = (row.category, row.intent, row.team, row.channel, row.priority, row.customer_tier, row.language)
    return (row.opened_at.date(), *(None if word is None else str(word) for word in words))


def _milliseconds(start: datetime, end: datetime | None) -> int:
    return 0 if end is None else (end - start) // timedelta(milliseconds=1)


def _measures(row: TicketRow) -> Row:
    resolved = row.status in (Status.RESOLVED, Status.CLOSED)
    settled = resolved and row.resolved_at is not None and row.resolved_at >= row.opened_at
    once = row.first_resolved_at is not None and row.agent_replies == 1
    stayed = row.first_reopened_at is None or (
        row.first_resolved_at is not None and row.first_reopened_at - row.first_resolved_at > _WEEK
    )
    overruled = row.corrected and row.predicted_intent is not None and row.intent is not None
    return {
        "tickets": 1,
        "open": int(not resolved),
        "resolved": int(resolved),
        "closed": int(row.status == Status.CLOSED),
        "reopened": int(row.reopenings > 0),
        "reassignments": row.reassignments,
        "first_contact_resolved": int(resolved and once and stayed),
        "resolved_with_time": int(settled),
        "resolution_ms": _milliseconds(row.opened_at, row.resolved_at) if settled else 0,
        "replied": int(row.first_replied_at is not None),
        "first_reply_ms": _milliseconds(row.opened_at, row.first_replied_at),
        "assigned": int(row.first_assigned_at is not None),
        "first_assignment_ms": _milliseconds(row.opened_at, row.first_assigned_at),
        "surveys": int(row.survey_score is not None),
        "survey_sum": row.survey_score or 0,
        "corrected": int(row.corrected),
        "overruled": int(overruled and row.predicted_intent != row.intent),
    }
