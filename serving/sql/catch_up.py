"""What a process that answers SQL lacks of a snapshot: read from the merge in one transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import pyarrow as pa

from schemas.records.topics import Topic
from schemas.views.tables import BASE_VIEWS
from serving.foundation.state import ServedState
from serving.merge.answers import Snapshot
from serving.merge.view_sql import kept_rows_sql
from serving.sql.messages import CatchUp, Reached, TailRows

_LARGEST_PIECE: Final = 16 * 2**20
"""Bytes of rows that one message holds: either side keeps a few copies of it for a moment."""


def too_long(why: str) -> str:
    """Return the sentence for a tail that a process could not take over."""
    return (
        f"a process of SQL could not take over the records that have come since the last batch run ({why}); run "
        "`ticketyard batch run`, or raise TICKETYARD_DUCKDB_MEMORY or TICKETYARD_SQL_CATCH_UP_S"
    )


def follows(had: ServedState | None, state: ServedState) -> bool:
    """Return whether all that `state` has and `had` lacks are later records of the tail."""
    if had is None or had.run_id != state.run_id or had.topics.keys() != state.topics.keys():
        return False
    for name, topic in state.topics.items():
        before = had.topics[name]
        if (
            before.topic_id not in (None, topic.topic_id)
            or not before.partitions.keys() <= topic.partitions.keys()
        ):
            return False
        for number, part in before.partitions.items():
            now = topic.partitions[number]
            if now.batch != part.batch or now.next < part.next:
                return False
    return True


def send_missing(
    snapshot: Snapshot,
    had: ServedState | None,
    topics: Mapping[str, Topic],
    send: Callable[[CatchUp | TailRows | Reached], None],
) -> None:
    """Send what brings a process that stands at `had` to this snapshot; nothing where it is there.

    A row of the tail lies at the offset of the record that it came of, so what is new has the offsets from
    `had` on: also of a ticket, whose newest row replaces the older one.
    """
    if had == snapshot.state:
        return
    known = had if had is not None and follows(had, snapshot.state) else None
    send(CatchUp(anew=known is None, run=snapshot.run() if known is None else None))
    for view in BASE_VIEWS:
        offsets = _offsets(known, topics, view.topic)
        for piece in pieces(snapshot.batches(kept_rows_sql(view, offsets)), _LARGEST_PIECE):
            send(TailRows(view=view.name, table=_encoded(piece)))
    send(Reached(state=snapshot.state))


def read_rows(rows: TailRows) -> pa.Table:
    """Return the rows of a message."""
    return pa.ipc.open_stream(rows.table).read_all()


def _offsets(known: ServedState | None, topics: Mapping[str, Topic], wanted: Topic) -> dict[str, int]:
    if known is None:
        return {}
    return {
        number: part.next
        for name, topic in known.topics.items()
        if topics[name] == wanted
        for number, part in topic.partitions.items()
    }


def pieces(batches: Iterable[pa.RecordBatch], most: int) -> Iterator[pa.Table]:
    """Yield all rows in their order, in tables of `most` bytes at most, or of one row."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        for part in _halved(batch, most):
            if held and sum(one.nbytes for one in held) + part.nbytes > most:
                yield pa.Table.from_batches(held)
                held = []
            held.append(part)
    if held:
        yield pa.Table.from_batches(held)


def _halved(batch: pa.RecordBatch, most: int) -> Iterator[pa.RecordBatch]:
    if batch.nbytes <= most or batch.num_rows <= 1:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _halved(batch.slice(0, half), most)
    yield from _halved(batch.slice(half), most)


def _encoded(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())
