"""What one snapshot holds: how far batch and tail reach, what is missing, and how an answer says so."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec

GapKind = Literal["expired", "recreated", "missing_topic", "undecodable"]


class Gap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that the answers lack; `message` says what and where, `act` what to do about it.

    `of_run` says that the batch run lacks it, so that it stays until another run is served.
    """

    kind: GapKind
    topic: str
    message: str
    act: str
    partition: int | None = None
    offset: int | None = None  # the last offset that the gap concerns
    records: int = 1
    of_run: bool = False


class PartitionState(msgspec.Struct, frozen=True, kw_only=True):
    """One partition: batch holds the offsets below `batch`, the tail those from there to below `next`.

    Everything that reached the broker up to `watermark_ms` is included; None while nothing is known of it.
    """

    batch: int = 0
    next: int = 0
    watermark_ms: int | None = None


class TopicState(msgspec.Struct, frozen=True, kw_only=True):
    """One served topic, by its id (None until it is known) and its partitions (as strings, for JSON)."""

    topic_id: str | None = None
    partitions: dict[str, PartitionState] = {}


class ServedState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a snapshot stands; kept in the database beside the rows that it describes.

    `caught_up` says that the tail has been read to its end since it last started at the boundary.
    """

    run_id: str | None = None
    topics: dict[str, TopicState] = {}
    gaps: tuple[Gap, ...] = ()
    caught_up: bool = False


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """The boundary in one partition: the first offset that is not in batch, and that not in the tail."""

    batch: int
    next: int


class AnswerMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer says about itself.

    `boundary` is by topic and partition. Everything up to `watermark` is included; `freshness_s` is its age.
    Where `complete` is false, `reasons` say what is missing and what to do.
    """

    run_id: str | None
    boundary: dict[str, dict[str, Reach]]
    watermark: datetime | None
    freshness_s: float | None
    complete: bool
    reasons: tuple[str, ...]


CATCHING_UP = "the realtime tail has not been read to its end yet; ask again in a moment"

STALE = (
    "nothing that came after {watermark:%Y-%m-%d %H:%M:%S} UTC is known to be included, {age_s:.0f} s ago; "
    "check that Kafka runs and is reached (GET /health says what the tail waits for)"
)


def watermark_ms(state: ServedState) -> int | None:
    """Return the time up to which every partition is included, or None where one of them is not known yet."""
    marks: list[int] = []
    for topic in state.topics.values():
        known = [part.watermark_ms for part in topic.partitions.values() if part.watermark_ms is not None]
        if not known or len(known) < len(topic.partitions):
            return None
        marks.extend(known)
    return min(marks, default=None)


def position(state: ServedState) -> str:
    """Return a short name of the rows that a snapshot holds, and of what it lacks.

    Two snapshots of one version of Ticketyard with the same name have the same rows, in whichever process and after
    whichever restart: they follow from the run, and from the records of each topic up to the next offsets. Time alone,
    which moves watermarks, changes nothing.
    """
    parts: list[object] = [state.run_id, state.caught_up, state.gaps]
    for name, topic in sorted(state.topics.items()):
        parts += (name, topic.topic_id)
        parts += [
            (number, part.batch, part.next)
            for number, part in sorted(topic.partitions.items(), key=lambda item: int(item[0]))
        ]
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=10).hexdigest()


def reasons(state: ServedState) -> tuple[str, ...]:
    """Return why an answer from `state` lacks something, whenever it is read; empty where it lacks nothing."""
    waiting = () if state.caught_up else (CATCHING_UP,)
    return (*waiting, *(f"{gap.message}; {gap.act}" for gap in state.gaps))


def has_all_of_tail(state: ServedState) -> bool:
    """Tell whether the tail was read to its end and lacks nothing, whatever the batch run lacks."""
    return state.caught_up and all(gap.of_run for gap in state.gaps)


def answer_metadata(state: ServedState, now: datetime, *, stale_after_s: float) -> AnswerMetadata:
    """Return what an answer from the snapshot `state` says about itself at `now`.

    A tail that cannot reach Kafka lacks whatever came since: with a watermark older than `stale_after_s` seconds the
    answer is not complete.
    """
    mark = watermark_ms(state)
    watermark = None if mark is None else datetime.fromtimestamp(mark / 1000, UTC)
    age_s = None if watermark is None else round(max(0.0, (now - watermark).total_seconds()), 3)
    why = reasons(state)
    if state.caught_up and age_s is not None and age_s > stale_after_s:
        why = (*why, STALE.format(watermark=watermark, age_s=age_s))
    return AnswerMetadata(
        run_id=state.run_id,
        boundary={
            name: {
                number: Reach(batch=part.batch, next=part.next) for number, part in topic.partitions.items()
            }
            for name, topic in state.topics.items()
        },
        watermark=watermark,
        freshness_s=age_s,
        complete=not why,
        reasons=why,
    )


def with_gap(state: ServedState, gap: Gap) -> ServedState:
    """Return `state` with `gap`; a second one of the same kind in the same place raises the count instead."""
    same = [old for old in state.gaps if _place(old) == _place(gap)]
    others = tuple(old for old in state.gaps if _place(old) != _place(gap))
    if same:
        gap = msgspec.structs.replace(gap, records=gap.records + sum(old.records for old in same))
    return msgspec.structs.replace(state, gaps=(*others, gap))


def without_gaps(state: ServedState, kinds: Iterable[GapKind]) -> ServedState:
    """Return `state` without the gaps of `kinds`."""
    gone = set(kinds)
    return msgspec.structs.replace(state, gaps=tuple(gap for gap in state.gaps if gap.kind not in gone))


def _place(gap: Gap) -> tuple[bool, GapKind, str, int | None]:
    return gap.of_run, gap.kind, gap.topic, gap.partition
