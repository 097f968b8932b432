"""What to archive next: a pure comparison of what the archive has with what Kafka has."""

from collections.abc import Mapping
from typing import Final

import msgspec

from batch.foundation.errors import HistoryGap, OffsetsWentBack, TopicRecreated
from batch.history.commits import Archive, ArchivedTopic
from batch.history.log_extents import LogExtent

_START_AFRESH: Final = "To start afresh, move the folders of history, views and models away"


class TopicRange(msgspec.Struct, frozen=True, kw_only=True):
    """The part of one topic to read: per partition the offsets from `start` up to but not including `end`."""

    topic: str
    topic_id: str
    start: dict[int, int]
    end: dict[int, int]
    gaps: dict[int, tuple[int, int]]

    def to_read(self) -> dict[int, tuple[int, int]]:
        """Return the partitions that have something to read, with what."""
        first = {p: self.gaps[p][1] if p in self.gaps else start for p, start in self.start.items()}
        return {p: (first[p], end) for p, end in self.end.items() if first[p] < end}

    def records(self) -> int:
        """Return how many offsets there are to read."""
        return sum(end - first for first, end in self.to_read().values())


def plan_archive(
    archive: Archive, extents: Mapping[str, LogExtent], *, accept_gaps: bool
) -> tuple[TopicRange, ...]:
    """Return a slice for each topic that is new or has something new, in the order of `extents`.

    Raises TopicRecreated, OffsetsWentBack, or, unless gaps are accepted, HistoryGap.
    """
    slices = [_slice(name, archive.topics.get(name), extent) for name, extent in extents.items()]
    lost = [part for part in slices if part.gaps and part.topic in archive.topics]
    if lost and not accept_gaps:
        raise HistoryGap(_gap_message(lost))
    known = {name: topic.next_offsets for name, topic in archive.topics.items()}
    return tuple(part for part in slices if part.end != known.get(part.topic))


def _slice(name: str, archived: ArchivedTopic | None, extent: LogExtent) -> TopicRange:
    if archived is not None and archived.topic_id != extent.topic_id:
        raise TopicRecreated(
            f"topic {name} was created again: its id is {extent.topic_id}, the archive has "
            f"{archived.topic_id}. {_START_AFRESH}; if it was not on purpose, point "
            "TICKETYARD_BOOTSTRAP_SERVERS or TICKETYARD_TOPIC_PREFIX at the right Kafka"
        )
    known = archived.next_offsets if archived else {}
    start = {p: known.get(p, 0) for p in extent.end}
    backwards = [p for p, end in extent.end.items() if end < start[p]]
    if backwards:
        raise OffsetsWentBack(
            f"topic {name}, partitions {backwards}: Kafka ends at {[extent.end[p] for p in backwards]}, "
            f"the archive at {[start[p] for p in backwards]}. Kafka lost records, or is another one: "
            f"repair Kafka. {_START_AFRESH}"
        )
    gaps = {p: (start[p], begin) for p, begin in extent.begin.items() if begin > start[p]}
    return TopicRange(topic=name, topic_id=extent.topic_id, start=start, end=dict(extent.end), gaps=gaps)


def _gap_message(lost: list[TopicRange]) -> str:
    places = "; ".join(
        f"{part.topic} partition {partition}: offsets {first} to {after - 1}"
        for part in lost
        for partition, (first, after) in sorted(part.gaps.items())
    )
    return (
        f"Kafka deleted records before they were archived: {places}. Run batch more often than the topics' "
        "retention. To go on without these records, run `ticketyard batch archive --accept-gaps` once; "
        "the commit names them"
    )
