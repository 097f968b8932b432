"""What a run's views lack of the logs: offsets that Kafka deleted too early, and records that cannot be read."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from batch.foundation.errors import NothingToAcknowledge
from batch.history.acknowledgements import (
    Acknowledgement,
    as_acknowledged,
    read_acknowledgements,
    write_acknowledgement,
)
from batch.history.commits import Archive
from batch.views.runs import served_run
from schemas.views.manifest import ViewGap

MOST_RANGES: Final = 10
"""So many ranges of unreadable records of a partition are told apart; the last has all the others."""


class UnreadableRange(NamedTuple):
    """Records without a readable one between them, by their offsets, both inclusive; the error is the first's."""

    partition: int
    first: int
    last: int
    error: str

    def records(self) -> int:
        """Return how many offsets the range has."""
        return self.last - self.first + 1


def joined(ranges: Iterable[UnreadableRange]) -> list[UnreadableRange]:
    """Return the ranges in order, those that touch or overlap as one: what Spark reads twice counts once."""
    found: list[UnreadableRange] = []
    for one in sorted(ranges):
        before = found[-1] if found else None
        if before is not None and one.partition == before.partition and one.first <= before.last + 1:
            found[-1] = before._replace(last=max(before.last, one.last))
        else:
            found.append(one)
    return found


def undecodable_gaps(topic: str, ranges: Iterable[UnreadableRange]) -> tuple[ViewGap, ...]:
    """Return the gaps that the unreadable records of a topic leave, at most MOST_RANGES a partition."""
    by_partition = groupby(joined(ranges), lambda one: one.partition)
    return tuple(gap for _, found in by_partition for gap in _of_partition(topic, list(found)))


def _of_partition(topic: str, ranges: list[UnreadableRange]) -> Iterator[ViewGap]:
    apart = len(ranges) if len(ranges) <= MOST_RANGES else MOST_RANGES - 1
    for some in (*([one] for one in ranges[:apart]), ranges[apart:]):
        if some:
            yield ViewGap(
                kind="undecodable",
                topic=topic,
                partition=some[0].partition,
                first_offset=some[0].first,
                last_offset=some[-1].last,
                records=sum(one.records() for one in some),
                error=some[0].error,
            )


def expired_gaps(archive: Archive, topics: Iterable[str]) -> tuple[ViewGap, ...]:
    """Return the gaps that Kafka's retention left in the archive of these topics, by full name."""
    return tuple(
        ViewGap(
            kind="expired",
            topic=name,
            partition=partition,
            first_offset=first,
            last_offset=after - 1,
            records=after - first,
        )
        for name in topics
        if (archived := archive.topics.get(name)) is not None
        for partition, holes in sorted(archived.gaps.items())
        for first, after in holes
    )


def undecodable_of(gaps: Iterable[ViewGap], topic: str) -> tuple[ViewGap, ...]:
    """Return the unreadable records of a topic among the gaps of a run."""
    return tuple(gap for gap in gaps if gap.kind == "undecodable" and gap.topic == topic)


def known_gaps(views: Path, history: Path) -> tuple[ViewGap, ...]:
    """Return what the served run lacks, marked by what has been acknowledged until now; nothing before the first run.

    Raises ViewsDamaged or HistoryDamaged.
    """
    run = served_run(views)
    return as_acknowledged(run.manifest.gaps if run else (), read_acknowledgements(history))


def acknowledge_gaps(history: Path, gaps: Iterable[ViewGap], *, reason: str, now: datetime) -> Path:
    """Keep that a person takes views without these for whole, and return where it is kept.

    Raises NothingToAcknowledge without a reason, or where no gap is left to acknowledge.
    """
    new = tuple(gap for gap in gaps if not gap.acknowledged)
    if not new or not reason.strip():
        what = "give a reason" if new else "every gap that the served run knows is acknowledged already"
        raise NothingToAcknowledge(f"nothing was acknowledged: {what}; `ticketyard batch gaps` lists them")
    return write_acknowledgement(history, Acknowledgement(at=now, reason=reason.strip(), gaps=new))


def sentence(gap: ViewGap) -> str:
    """Return what a gap is, in one line."""
    why = "deleted before batch archived them" if gap.kind == "expired" else f"not readable: {gap.error}"
    known = " (acknowledged)" if gap.acknowledged else ""
    offsets = f"offsets {gap.first_offset} to {gap.last_offset}"
    return f"{gap.topic} partition {gap.partition}: {gap.records} records of {offsets} {why}{known}"
