"""Where the tail stands: pure functions from one state to the next."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from schemas.views.manifest import Manifest, TopicBoundary, ViewGap
from serving.foundation.state import (
    Gap,
    GapKind,
    PartitionState,
    ServedState,
    TopicState,
    with_gap,
    without_gaps,
)
from serving.tail.topic_ids import same_topic_id

Place = tuple[str, int]
"""A topic's full name and a partition."""

_ABOUT_TOPICS: Final[tuple[GapKind, ...]] = ("recreated", "missing_topic")
_ACKNOWLEDGE: Final = "once you know what is missing, say so by `ticketyard batch gaps --acknowledge REASON`"
_RUN_BATCH: Final = "run `ticketyard batch run`, whose views will hold it if the archive does"


class LiveTopic(msgspec.Struct, frozen=True):
    """A topic as Kafka has it now."""

    topic_id: str
    partitions: tuple[int, ...]


class Bounds(msgspec.Struct, frozen=True):
    """What Kafka has of a partition: the first offset, and the one after the last."""

    earliest: int
    end: int


def initial_state(names: Iterable[str]) -> ServedState:
    """Return the state before anything is known: the served topics by their names alone."""
    return ServedState(topics={name: TopicState() for name in names})


def state_for_run(
    state: ServedState, manifest: Manifest, live: Mapping[str, LiveTopic] | None
) -> ServedState:
    """Return the state at the switch to the run of `manifest`; the tail goes on from where it is.

    Where the run ends before the tail's start, or is of other topics, the tail starts again at the run's
    boundary. `live` is None while Kafka has not been asked.
    """
    kept = continues(state, manifest)
    topics = {
        name: _topic_for_run(topic, manifest.boundary.get(name), continues=kept)
        for name, topic in state.topics.items()
    }
    stay = tuple(gap for gap in state.gaps if _stays(gap, manifest, continues=kept))
    gaps = (*stay, *run_gaps(manifest))
    new = ServedState(run_id=manifest.run_id, topics=topics, gaps=gaps, caught_up=state.caught_up and kept)
    return new if live is None else with_topic_gaps(new, live)


def continues(state: ServedState, manifest: Manifest) -> bool:
    """Return whether the tail's rows above the boundary of `manifest` are all that lies above it so far."""
    for name, topic in state.topics.items():
        boundary = manifest.boundary.get(name, TopicBoundary(topic_id="", offsets={}))
        if topic.topic_id and boundary.topic_id and not same_topic_id(topic.topic_id, boundary.topic_id):
            return False
        if any(boundary.offsets.get(number, 0) < part.batch for number, part in topic.partitions.items()):
            return False
    return True


def _topic_for_run(was: TopicState, boundary: TopicBoundary | None, *, continues: bool) -> TopicState:
    new = boundary or TopicBoundary(topic_id=was.topic_id or "", offsets={})
    numbers = sorted({*was.partitions, *new.offsets}, key=int)
    return TopicState(
        topic_id=new.topic_id or was.topic_id,
        partitions={
            number: _partition_for_run(
                was.partitions.get(number, PartitionState()) if continues else PartitionState(),
                new.offsets.get(number, 0),
                new.watermarks_ms.get(number),
            )
            for number in numbers
        },
    )


def _partition_for_run(old: PartitionState, batch: int, mark: int | None) -> PartitionState:
    return PartitionState(batch=batch, next=max(old.next, batch), watermark_ms=_later(old.watermark_ms, mark))


def _stays(gap: Gap, manifest: Manifest, *, continues: bool) -> bool:
    """Return whether a gap is still one: of a tail that goes on, where the run does not reach over it."""
    return gap.kind in _ABOUT_TOPICS or (continues and not gap.of_run and not _covered(gap, manifest))


def run_gaps(manifest: Manifest) -> tuple[Gap, ...]:
    """Return what a run says that its views lack, one of a kind and partition, but for what was acknowledged."""
    places: dict[tuple[str, str, int], list[ViewGap]] = {}
    for gap in manifest.gaps:
        if not gap.acknowledged:
            places.setdefault((gap.kind, gap.topic, gap.partition), []).append(gap)
    return tuple(map(_of_run, places.values()))


def _of_run(gaps: Sequence[ViewGap]) -> Gap:
    one, records, last = gaps[0], sum(gap.records for gap in gaps), gaps[-1].last_offset
    place, offsets = f"{one.topic} partition {one.partition}", f"offsets {one.first_offset} to {last}"
    if one.kind == "expired":
        message = (
            f"{place}: Kafka deleted {records} of {offsets} before batch archived them, so no view has them"
        )
        act = _ACKNOWLEDGE
    else:
        message = f"{place}: {records} records of {offsets} cannot be read ({one.error}), so no view has them"
        act = f"run batch with the version that wrote them, or {_ACKNOWLEDGE}"
    return Gap(
        kind=one.kind,
        topic=one.topic,
        partition=one.partition,
        offset=last + 1,
        records=records,
        of_run=True,
        message=message,
        act=act,
    )


def _covered(gap: Gap, manifest: Manifest) -> bool:
    """Return whether batch holds everything below the offset at which `gap` ends."""
    boundary = manifest.boundary.get(gap.topic)
    if boundary is None or gap.partition is None or gap.offset is None:
        return False
    return boundary.offsets.get(str(gap.partition), 0) >= gap.offset


def with_topic_gaps(state: ServedState, live: Mapping[str, LiveTopic]) -> ServedState:
    """Return `state` with a gap for each served topic that Kafka lacks now or has recreated since."""
    new = without_gaps(state, _ABOUT_TOPICS)
    for name, topic in state.topics.items():
        found = live.get(name)
        if found is None:
            new = with_gap(new, _missing(name))
        elif topic.topic_id and not same_topic_id(topic.topic_id, found.topic_id):
            new = with_gap(new, _recreated(name, topic.topic_id, found.topic_id))
    return new


def _missing(name: str) -> Gap:
    return Gap(
        kind="missing_topic",
        topic=name,
        message=f"topic {name} does not exist",
        act="create it with `ticketyard topics`",
    )


def _recreated(name: str, was: str, now: str) -> Gap:
    return Gap(
        kind="recreated",
        topic=name,
        message=f"topic {name} was recreated: its id was {was} and is {now}, so its offsets mean others",
        act="stop the pipeline, restore the topic or start with an empty home, and serve again",
    )


def with_live_topics(state: ServedState, live: Mapping[str, LiveTopic]) -> ServedState:
    """Return `state` with the ids and partitions that Kafka names where the state does not know them yet."""
    topics = dict(state.topics)
    for name, found in live.items():
        old = topics.get(name, TopicState())
        numbers = {str(number): PartitionState() for number in found.partitions}
        topics[name] = TopicState(
            topic_id=old.topic_id or found.topic_id, partitions={**numbers, **old.partitions}
        )
    return msgspec.structs.replace(state, topics=topics)


def readable(state: ServedState) -> dict[Place, int]:
    """Return the next offset of each partition that can be read: of topics that exist and are the same."""
    closed = {gap.topic for gap in state.gaps if gap.kind in _ABOUT_TOPICS}
    return {
        (name, int(number)): part.next
        for name, topic in state.topics.items()
        if name not in closed
        for number, part in topic.partitions.items()
    }


def within_bounds(state: ServedState, bounds: Mapping[Place, Bounds]) -> ServedState:
    """Return `state` with a gap wherever the next offset is not in Kafka, going on at the nearest that is."""
    for (name, partition), bound in bounds.items():
        needed = state.topics[name].partitions[str(partition)].next
        if bound.earliest <= needed <= bound.end:
            continue
        nearest = bound.earliest if needed < bound.earliest else bound.end
        what = "has expired" if needed < bound.earliest else "is beyond the end of the log, which was cut"
        gap = Gap(
            kind="expired",
            topic=name,
            partition=partition,
            offset=max(needed, nearest),
            message=f"{name} partition {partition}: offset {needed} {what}; reading goes on at {nearest}",
            act=_RUN_BATCH,
        )
        state = advance(with_gap(state, gap), {(name, partition): nearest}, {})
    return state


def advance(state: ServedState, nexts: Mapping[Place, int], marks: Mapping[Place, int]) -> ServedState:
    """Return `state` with the tail read up to `nexts`, and everything up to `marks` (ms) included."""
    topics = dict(state.topics)
    for name in {name for name, _ in (*nexts, *marks)}:
        topic = topics[name]
        partitions = {
            number: PartitionState(
                batch=part.batch,
                next=nexts.get((name, int(number)), part.next),
                watermark_ms=_later(part.watermark_ms, marks.get((name, int(number)))),
            )
            for number, part in topic.partitions.items()
        }
        topics[name] = TopicState(topic_id=topic.topic_id, partitions=partitions)
    return msgspec.structs.replace(state, topics=topics)


def with_caught_up(state: ServedState, ends: Mapping[Place, int]) -> ServedState:
    """Return `state`, caught up for good once every partition that can be read was read up to `ends`."""
    nexts = readable(state)
    there = all(nexts[place] >= ends.get(place, nexts[place] + 1) for place in nexts)
    return msgspec.structs.replace(state, caught_up=state.caught_up or (bool(nexts) and there))


def with_undecodable(state: ServedState, place: Place, offset: int, error: str) -> ServedState:
    """Return `state` with a gap for a record that a stage of ours wrote and that cannot be read."""
    name, partition = place
    return with_gap(
        state,
        Gap(
            kind="undecodable",
            topic=name,
            partition=partition,
            offset=offset + 1,
            message=f"{name} partition {partition}: the record at offset {offset} cannot be read: {error}",
            act="start stages and serving with the same version, and if they are, report it",
        ),
    )


def _later(one: int | None, other: int | None) -> int | None:
    known = [mark for mark in (one, other) if mark is not None]
    return max(known) if known else None
