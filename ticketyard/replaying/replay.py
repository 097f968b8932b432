"""The replay itself: rows in order, events on schedule, progress only for what Kafka has acknowledged."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import msgspec

from schemas.records.events import Event
from ticketyard.errors import InvalidEvent
from ticketyard.producer import Receipt
from ticketyard.record import to_record
from ticketyard.replaying.mapper import MappedEvent, MappedRow, Mapper
from ticketyard.replaying.mapping import Mapping, MappingError
from ticketyard.replaying.pacing import Pace, Schedule
from ticketyard.replaying.progress import ProgressFile, RejectsFile, ReplayProgress
from ticketyard.replaying.rows import Row, RowFile
from ticketyard.replaying.values import text_of

EXIT_REJECTED: Final = 3
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Publisher(Protocol):
    """What a replay needs of TicketProducer."""

    def send(
        self,
        event: Event,
        *,
        id: str | None = None,  # noqa: A002 - CloudEvents' name
        time: datetime | None = None,
        source: str | None = None,
    ) -> "Future[Receipt]":
        """Hand over one event."""
        ...

    def flush(self) -> None:
        """Wait for all acknowledgements."""
        ...


class ReplaySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay did, with what earlier runs of it had done; rates are of this run."""

    rows: int
    published_rows: int
    events: int
    rejected: int
    without_event: int
    resumed_after: int
    seconds: float
    events_per_second: float
    worst_delay: timedelta
    rejects: Path | None

    @property
    def exit_code(self) -> int:
        """0 if every row could be used, 3 if some were rejected."""
        return EXIT_REJECTED if self.rejected else 0


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """One file, one mapping, and which of its rows to publish in which order.

    `where` keeps the rows whose columns have these texts; `limit` stops after so many of the file's rows.
    `by_time` sorts the whole file by the events' times first, which needs it in memory.
    """

    rows: RowFile
    mapping: Mapping
    file_sum: str
    where: dict[str, str] = {}
    limit: int | None = None
    by_time: bool = False

    def selection(self) -> str:
        """Name the rows and the order, for the progress to belong to; a limit may grow between runs."""
        chosen = ";".join(f"{name}={value}" for name, value in sorted(self.where.items()))
        return f"{'time' if self.by_time else 'file'}:{chosen}"

    def check(self) -> None:
        """Raise MappingError if the file lacks columns that the mapping or `where` names."""
        if self.rows.columns is not None:
            missing = sorted((self.mapping.columns() | set(self.where)) - set(self.rows.columns))
            if missing:
                has = ", ".join(self.rows.columns)
                raise MappingError(f"{self.rows.path} has no column {', '.join(missing)}; it has {has}")
        if self.by_time and self.mapping.time is None:
            raise MappingError("event time needs `time:` in the mapping, naming the column that says when")

    def mapped(self) -> Iterator[MappedRow]:
        """Yield what becomes of each row, in the order of publishing."""
        mapper = Mapper(self.mapping, file_name=self.rows.path.name, file_sum=self.file_sum)
        found = (mapper.map(row) for row in self._selected())
        return iter(sorted(found, key=_when)) if self.by_time else found

    def run(
        self,
        publisher: Publisher,
        pace: Pace,
        progress_file: ProgressFile,
        rejects: Path,
        *,
        on_row: Callable[[int, int], None] = lambda _rows, _events: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        progress_every_s: float = 1.0,
    ) -> ReplaySummary:
        """Publish what earlier runs have not, and return the sums. `on_row` hears of rows and events so far.

        Events without a time of their own get the moment for which they were scheduled.
        """
        self.check()
        before = progress_file.read()
        schedule = Schedule(pace, clock=clock, sleep=sleep)
        started = clock()
        with RejectsFile(rejects, keep_bytes=before.rejects_bytes) as rejected:
            run = _Run(
                publisher=publisher,
                schedule=schedule,
                progress_file=progress_file,
                rejects=rejected,
                before=before,
                source=self.mapping.source,
                progress_every_s=progress_every_s,
            )
            for position, mapped in enumerate(self.mapped(), start=1):
                if position > before.rows:
                    run.publish(mapped)
                    on_row(position, run.sent.events)
            after = run.finish()
            seconds = (clock() - started).total_seconds()
        return _summary(before, after, seconds, schedule.worst_delay, rejects if after.rejected else None)

    def _selected(self) -> Iterable[Row]:
        for row in self.rows:
            if self.limit is not None and row.number > self.limit:
                return
            if all(text_of(row.values, column) == text for column, text in self.where.items()):
                yield row


class _Run:
    """What one run has sent, and how much of it, from the front, has been acknowledged."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        schedule: Schedule,
        progress_file: ProgressFile,
        rejects: RejectsFile,
        before: ReplayProgress,
        source: str,
        progress_every_s: float,
    ) -> None:
        self._publisher = publisher
        self._schedule = schedule
        self._file = progress_file
        self._rejects = rejects
        self._source = source
        self._progress_every_s = progress_every_s
        self._waiting: deque[tuple[list[Future[Receipt]], ReplayProgress]] = deque()
        self._acknowledged = before
        self._written_at = time.monotonic()
        self.sent = before

    def publish(self, mapped: MappedRow) -> None:
        reason = mapped.rejected or self._problem(mapped)
        futures = [] if reason else [self._send(event) for event in mapped.events]
        if reason is not None:
            self._rejects.add(mapped.row, reason)
        self.sent = msgspec.structs.replace(
            self.sent,
            rows=self.sent.rows + 1,
            published_rows=self.sent.published_rows + (reason is None and bool(futures)),
            events=self.sent.events + len(futures),
            rejected=self.sent.rejected + (reason is not None),
            without_event=self.sent.without_event + (reason is None and not futures),
            rejects_bytes=self._rejects.bytes,
        )
        self._waiting.append((futures, self.sent))
        self._advance()

    def finish(self) -> ReplayProgress:
        self._publisher.flush()
        self._rejects.flush()
        self._file.write(self.sent)
        return self.sent

    def _problem(self, mapped: MappedRow) -> str | None:
        """Say why the contract refuses an event of this row (too large, say), before any of them is sent."""
        try:
            for event in mapped.events:
                to_record(event.event, id=event.id, time=event.time or _LAST, source=self._source)
        except InvalidEvent as error:
            return str(error)
        return None

    def _send(self, mapped: MappedEvent) -> "Future[Receipt]":
        scheduled = self._schedule.wait(mapped.time)
        return self._publisher.send(
            mapped.event, id=mapped.id, time=mapped.time or scheduled, source=self._source
        )

    def _advance(self) -> None:
        """Take what is acknowledged from the front; raise what failed, so that nothing is skipped."""
        while self._waiting and all(future.done() for future in self._waiting[0][0]):
            futures, self._acknowledged = self._waiting.popleft()
            for future in futures:
                future.result()
        if time.monotonic() - self._written_at >= self._progress_every_s:
            self._rejects.flush()
            self._file.write(self._acknowledged)
            self._written_at = time.monotonic()


def _when(mapped: MappedRow) -> datetime:
    return next((event.time for event in mapped.events if event.time is not None), _LAST)


def _summary(
    before: ReplayProgress,
    after: ReplayProgress,
    seconds: float,
    worst_delay: timedelta,
    rejects: Path | None,
) -> ReplaySummary:
    return ReplaySummary(
        rows=after.rows,
        published_rows=after.published_rows,
        events=after.events,
        rejected=after.rejected,
        without_event=after.without_event,
        resumed_after=before.rows,
        seconds=seconds,
        events_per_second=(after.events - before.events) / max(seconds, 1e-9),
        worst_delay=worst_delay,
        rejects=rejects,
    )
