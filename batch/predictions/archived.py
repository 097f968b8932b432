"""The histories of tickets, and the departures of customers, as the archive has them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from batch.history.commits import HistoryFile
from batch.predictions.departures import Departure, Departures
from batch.predictions.examples import History, Moment
from schemas.fold import Fact, to_fact
from schemas.records.derived import TicketLogged
from schemas.records.envelope import EventDecoder, EventError, decode_envelope
from schemas.records.events import CustomerLeft

_LEFT = EventDecoder({"CustomerLeft": CustomerLeft})
_LOGGED = msgspec.json.Decoder(TicketLogged)


def histories_of(history: Path, files: Sequence[HistoryFile]) -> list[History]:
    """Return the tickets of the archived records of tickets.log, each with its events by life and revision.

    A record that cannot be read is in no view either, and teaches nothing; the views' gaps tell of it.
    """
    found: defaultdict[str, dict[tuple[int, int], Moment]] = defaultdict(dict)
    for logged, fact in _records(history, files):
        place = logged.life, logged.revision
        if place not in found[logged.ticket_id]:  # of equal ones the lowest offset counts
            found[logged.ticket_id][place] = Moment(fact.time, fact.body, logged.after)
    return [[moments[place] for place in sorted(moments)] for moments in found.values()]


def departures_of(history: Path, files: Iterable[HistoryFile]) -> Departures:
    """Return what the archived records of customers.events tell of departures; others of them teach nothing."""
    return Departures(_departures(history, files))


def _departures(history: Path, files: Iterable[HistoryFile]) -> Iterator[Departure]:
    for file in files:
        for batch in pq.ParquetFile(history / file.path).iter_batches(columns=["headers", "value"]):
            for record in batch.to_pylist():
                headers = [(header["key"], header["value"]) for header in record["headers"] or ()]
                if ("ce_type", CustomerLeft.__name__.encode()) not in headers:
                    continue
                try:
                    told = decode_envelope(headers)
                    left = _LEFT.decode(told, record["value"])
                except EventError:
                    continue
                assert isinstance(left, CustomerLeft)
                yield Departure(
                    left.customer_id, told.time, min(left.left_at or told.time, told.time), left.retracted
                )


def _records(history: Path, files: Iterable[HistoryFile]) -> Iterator[tuple[TicketLogged, Fact]]:
    for file in files:
        for batch in pq.ParquetFile(history / file.path).iter_batches(columns=["value"]):
            for value in batch.column("value"):
                try:
                    logged = _LOGGED.decode(value.as_py() or b"")
                    read = logged, to_fact(logged.event)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, EventError):
                    continue
                yield read
