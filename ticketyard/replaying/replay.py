"""The replay itself: rows in order, events on schedule, progress only for what Kafka has acknowledged."""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import msgspec

from schemas.records.events import Event
from ticketyard.mapping import MappedEvent, MappedRow, Mapper, Mapping, MappingError
from ticketyard.mapping.cells import as_text
from ticketyard.mapping.names import lacking
from ticketyard.producer import Receipt
from ticketyard.reading import Row, RowFile
from ticketyard.reading.paths import value_at
from ticketyard.replaying.pacing import Pace, Schedule
from ticketyard.replaying.progress import ProgressFile, RejectsFile, ReplayProgress

EXIT_REJECTED: Final = 3
_LAST: Final = datetime.max.replace(tzinfo=UTC)

OnProgress = Callable[[float, int, int], None]
"""Hears of the share that is done, and of rows and events so far."""


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
    unseen: tuple[str, ...]
    """Columns that the mapping names and no row had, other than optional ones."""

    @classmethod
    def of(
        cls,
        before: ReplayProgress,
        after: ReplayProgress,
        seconds: float,
        worst_delay: timedelta,
        *,
        rejects: Path,
        unseen: Collection[str],
    ) -> "ReplaySummary":
        """Return the sums of a run by the progress before it and after it."""
        return cls(
            rows=after.rows,
            published_rows=after.published_rows,
            events=after.events,
            rejected=after.rejected,
            without_event=after.without_event,
            resumed_after=before.rows,
            seconds=seconds,
            events_per_second=(after.events - before.events) / max(seconds, 1e-9),
            worst_delay=worst_delay,
            rejects=rejects if after.rejected else None,
            unseen=tuple(sorted(unseen)),
        )

    @property
    def exit_code(self) -> int:
        """0 if every row could be used, 3 if some were rejected."""
        return EXIT_REJECTED if self.rejected else 0


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """One file, one mapping, and which of its rows to publish in which order.

    `where` keeps the rows whose columns have these texts; `limit` stops after so many of the file's rows.
    `by_time` sorts the whole file by the events' times first, which needs it in memory. `zone` is of times without one.
    """

    rows: RowFile
    mapping: Mapping
    file_sum: str
    where: dict[str, str] = {}
    limit: int | None = None
    by_time: bool = False
    zone: str | None = None

    def selection(self) -> str:
        """Name the rows and the order, for the progress to belong to; a limit may grow between runs."""
        chosen = ";".join(f"{name}={value}" for name, value in sorted(self.where.items()))
        return f"{'time' if self.by_time else 'file'}:{chosen}" + (f" in {self.zone}" if self.zone else "")

    def mapper(self, now: datetime) -> Mapper:
        """Return what maps this file's rows; `now` is what times are compared with."""
        return Mapper(
            self.mapping,
            file_name=self.rows.path.name,
            file_sum=self.file_sum,
            now=now,
            zone=self.zone,
            columns=self.rows.columns or (),
        )

    def selected(self) -> Iterable[Row]:
        """Yield the rows that are wanted, in the file's order."""
        for row in self.rows:
            if self.limit is not None and row.number > self.limit:
                return
            if all(as_text(value_at(row.values, column)) == text for column, text in self.where.items()):
                yield row

    def run(
        self,
        publisher: Publisher,
        pace: Pace,
        progress_file: ProgressFile,
        rejects: Path,
        *,
        on_progress: OnProgress = lambda _share, _rows, _events: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        progress_every_s: float = 1.0,
    ) -> ReplaySummary:
        """Publish what earlier runs have not, and return the sums.

        Events without a time of their own get the moment for which they were scheduled.
        """
        check_names(self.mapping, self.rows, where=self.where, by_time=self.by_time)
        before, started = progress_file.read(), clock()
        schedule, mapper = Schedule(pace, clock=clock, sleep=sleep), self.mapper(started)
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
            for position, (share, mapped) in enumerate(self._steps(mapper, on_progress), start=1):
                if position > before.steps:
                    run.publish(mapped)
                    on_progress(share, run.sent.rows, run.sent.events)
            after = run.finish()
            seconds = (clock() - started).total_seconds()
        unseen = mapper.unseen - set(self.mapping.optional)
        return ReplaySummary.of(before, after, seconds, schedule.worst_delay, rejects=rejects, unseen=unseen)

    def _steps(self, mapper: Mapper, on_progress: OnProgress) -> Iterator[tuple[float, MappedRow]]:
        """Yield what to publish one after another, each with the share of the work that is done then."""
        if not self.by_time:
            yield from ((self.rows.done, mapper.map(row)) for row in self.selected())
            return
        read: list[MappedRow] = []
        for row in self.selected():
            read.append(mapper.map(row))
            on_progress(self.rows.done / 2, len(read), 0)
        steps = _by_time(read)
        for position, step in enumerate(steps, start=1):
            yield 0.5 + position / len(steps) / 2, step


def check_names(mapping: Mapping, rows: RowFile, *, where: Iterable[str] = (), by_time: bool = False) -> None:
    """Raise MappingError if a file lacks columns that the mapping or `where` names, or the mapping a time."""
    if rows.columns is not None:
        said = lacking(mapping.columns() | set(where), rows.columns, mapping.optional)
        if said:
            raise MappingError(f"{rows.path} has no column {said}")
    if by_time and mapping.time is None and not any(rule.time for rule in mapping.events):
        raise MappingError("event time needs `time:` in the mapping, naming the column that says when")


def _by_time(rows: Iterable[MappedRow]) -> Sequence[MappedRow]:
    """Return rows by time, those of several events taken apart; a row's own order holds where its times do not."""
    parts: list[tuple[datetime, MappedRow]] = []
    for mapped in rows:
        latest = datetime.min.replace(tzinfo=UTC)
        for number, event in enumerate(mapped.events):
            latest = max(latest, event.time or _LAST)
            rejected = mapped.rejected if number == 0 else None
            parts.append((latest, MappedRow(mapped.row, (event,), rejected, continues=number > 0)))
        if not mapped.events:
            parts.append((_LAST, mapped))
    return [part for _, part in sorted(parts, key=lambda part: part[0])]


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
        futures = [self._send(event) for event in mapped.events]
        if mapped.rejected is not None:
            self._rejects.add(mapped.row, mapped.rejected)
        begins = not mapped.continues
        self.sent = msgspec.structs.replace(
            self.sent,
            steps=self.sent.steps + 1,
            rows=self.sent.rows + begins,
            published_rows=self.sent.published_rows + (begins and bool(futures)),
            events=self.sent.events + len(futures),
            rejected=self.sent.rejected + (mapped.rejected is not None),
            without_event=self.sent.without_event + (mapped.rejected is None and not futures),
            rejects_bytes=self._rejects.bytes,
        )
        self._waiting.append((futures, self.sent))
        self._advance()

    def finish(self) -> ReplayProgress:
        self._publisher.flush()
        self._rejects.flush()
        self._file.write(self.sent)
        return self.sent

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
