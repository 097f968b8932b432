"""Changes: a source of the rows of a log that came last, each told once to every listener, resumed by offsets.

An event's id names the next offset of each partition, so it means the same to every server and after every restart.
The newest rows are kept, and from which offset of each partition on they are all there: `floor`. Whoever comes from
below it is told that something was missed.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping
from typing import Final

import msgspec
from litestar.response.sse import ServerSentEventMessage

from serving.foundation.json_values import Json
from serving.foundation.state import AnswerMetadata, ServedState, TopicState
from serving.listing.filters import Filters
from serving.live.messages import Missed, Moved
from serving.live.pictures import NEVER

MOST_KEPT: Final = 1_000
"""How many changes are kept for those who come back or are slow."""

MOST_AT_ONCE: Final = 50
"""Rows that one event holds at most."""

_ID: Final = re.compile(r"([0-9a-f]{8}):((?:\d{1,9}\.\d{1,18},)*\d{1,9}\.\d{1,18})?")
Offsets = Mapping[int, int]
"""By partition the first offset that is meant."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What one reading found: rows from the offsets `since` on, by partition and offset; None where there are too many.

    `topic` is where the snapshot stands; `caught_up` says that the tail was read to its end once since it started.
    """

    topic: TopicState
    caught_up: bool
    about: AnswerMetadata
    since: Offsets
    rows: list[Json] | None


class Change(msgspec.Struct, frozen=True):
    """One row with its number among all that were read, its place in the log and its JSON."""

    number: int
    partition: int
    offset: int
    row: Json
    encoded: msgspec.Raw


class Changes:
    """The newest changes by `key`, of which a later one takes the place of an earlier one.

    `find` reads the rows of `topic` from the given offsets on, for None from where it sees fit. `mark` names the topic
    that stands there now; `reach` is how far it was read, in each partition. `epoch` grows whenever the log was made
    again or set back. `caught_up` is false while the tail may still be behind where it was before a restart.
    """

    anew_s = NEVER
    least_rest_s = 0.1

    def __init__(self, topic: str, key: str, find: Callable[[Offsets | None], Awaitable[Found]]) -> None:
        self._topic, self._key, self._find = topic, key, find
        self.floor: dict[int, int] = {}
        self.reach: dict[int, int] = {}
        self.number, self.epoch, self.caught_up = 0, 0, False
        self.about: AnswerMetadata | None = None
        self.mark: str | None = None
        self._kept: dict[str, Change] = {}

    def place(self, state: ServedState) -> Hashable:
        """Return the topic's id, how far each of its partitions has been read, and whether that was once to the end."""
        topic = state.topics[self._topic]
        nexts = tuple(sorted((number, part.next) for number, part in topic.partitions.items()))
        return topic.topic_id, nexts, state.caught_up

    async def read(self) -> None:
        """Take over what has come; begin again where the log is another, or was set back."""
        found = await self._find(None if self.mark is None else self.reach)
        ends, mark = _ends(found.topic), _mark(found.topic)
        anew = mark != self.mark or any(ends.get(number, 0) < end for number, end in self.reach.items())
        if anew and self.mark is not None:
            found = await self._find(None)
            ends, mark = _ends(found.topic), _mark(found.topic)
        if anew:
            self._kept, self.floor, self.epoch = {}, dict(found.since), self.epoch + 1
        if found.rows is None:
            self._kept, self.floor = {}, ends
        self._keep(found.rows or [])
        self.about, self.mark, self.reach, self.caught_up = found.about, mark, ends, found.caught_up

    def after(self, number: int) -> list[Change]:
        """Return the changes that were read after the one of that number, oldest first."""
        newer: list[Change] = []
        for change in reversed(self._kept.values()):
            if change.number <= number:
                break
            newer.append(change)
        return newer[::-1]

    def identity(self, offsets: Offsets) -> str:
        """Return the id of an event after which `offsets` come next."""
        return f"{self.mark}:" + ",".join(f"{number}.{next_}" for number, next_ in sorted(offsets.items()))

    def offsets_of(self, identity: str) -> dict[int, int] | None:
        """Return the offsets that an id names; None where it is of another topic, or no id of this source."""
        found = _ID.fullmatch(identity)
        if found is None or found[1] != self.mark:
            return None
        pairs = (pair.split(".") for pair in (found[2] or "").split(",") if pair)
        return {int(number): int(offset) for number, offset in pairs}

    def _keep(self, rows: list[Json]) -> None:
        for row in rows:
            self.number += 1
            self._kept.pop(row[self._key], None)
            self._kept[row[self._key]] = Change(
                self.number,
                row["log_partition"],
                row["log_offset"],
                row,
                msgspec.Raw(msgspec.json.encode(row)),
            )
        while len(self._kept) > MOST_KEPT:
            oldest = self._kept.pop(next(iter(self._kept)))
            self.floor[oldest.partition] = max(self.floor.get(oldest.partition, 0), oldest.offset + 1)


class ChangesReader:
    """Takes what changed after `last_id`, or from now on, as events `name`; `door` lists what is missed."""

    def __init__(
        self,
        changes: Changes,
        name: str,
        filters: Filters,
        last_id: str | None,
        *,
        door: str,
        gone: str | None,
    ) -> None:
        self._changes, self._name, self._filters, self._door, self._gone = changes, name, filters, door, gone
        self._last_id, self._epoch = last_id, changes.epoch
        self._offsets: dict[int, int] | None = None
        self._number = 0

    def take(self) -> Iterator[ServerSentEventMessage]:
        """Yield an event where it was told to begin, then one for every fifty changes."""
        changes, first = self._changes, self._offsets is None
        if changes.about is None or changes.mark is None:
            return  # nothing could be read yet
        before = self._begin() if self._offsets is None else self._offsets
        missed = before is None or self._epoch != changes.epoch or self._is_out_of_reach(before)
        offsets: dict[int, int] = dict(changes.reach) if before is None or missed else before
        fresh = [one for one in changes.after(self._number) if one.offset >= offsets.get(one.partition, 0)]
        after = self._last_id or ""
        # From here on the reader stands at the end: whoever takes the events may take long, and is then behind.
        self._epoch, self._number = changes.epoch, changes.number
        self._offsets = {number: max(end, offsets.get(number, 0)) for number, end in changes.reach.items()}
        self._last_id = changes.identity(self._offsets)
        yield from self._events(fresh, offsets, self._last_id, changes.about, begins=first and not missed)
        if missed:
            yield self._missed(after, self._last_id)

    def _begin(self) -> dict[int, int] | None:
        self._epoch = self._changes.epoch
        return dict(self._changes.reach) if self._last_id is None else self._changes.offsets_of(self._last_id)

    def _is_out_of_reach(self, offsets: Offsets) -> bool:
        """Return whether what comes from `offsets` on is not kept any more, or they are beyond the log's end."""
        below = any(offsets.get(number, 0) < least for number, least in self._changes.floor.items())
        reach = self._changes.reach
        beyond = any(offset > reach.get(number, 0) for number, offset in offsets.items())
        return below or (beyond and self._changes.caught_up)  # a tail that has just started gets there yet

    def _events(
        self, fresh: list[Change], offsets: dict[int, int], end: str, about: AnswerMetadata, *, begins: bool
    ) -> Iterator[ServerSentEventMessage]:
        if begins and not fresh:
            yield self._event([], end, about)
        for start in range(0, len(fresh), MOST_AT_ONCE):
            part = fresh[start : start + MOST_AT_ONCE]
            offsets |= {one.partition: one.offset + 1 for one in part}
            last = start + MOST_AT_ONCE >= len(fresh)
            yield self._event(part, end if last else self._changes.identity(offsets), about)

    def _event(self, part: list[Change], identity: str, about: AnswerMetadata) -> ServerSentEventMessage:
        passing = [self._filters.passes(one.row) for one in part]
        moved = Moved(
            rows=[one.encoded for one, passes in zip(part, passing, strict=True) if passes],
            gone=[
                one.row[self._gone]
                for one, passes in zip(part, passing, strict=True)
                if not passes and self._gone is not None
            ],
            complete=about.complete,
            reasons=about.reasons,
        )
        return ServerSentEventMessage(data=msgspec.json.encode(moved), event=self._name, id=identity)

    def _missed(self, after: str, identity: str) -> ServerSentEventMessage:
        message = (
            f"what changed after the id {after[:80]!r} is not at hand any more; read {self._door} again, "
            "then go on with what comes"
        )
        missed = Missed(after=after[:80], door=self._door, message=message)
        return ServerSentEventMessage(data=msgspec.json.encode(missed), event="missed", id=identity)


def _ends(topic: TopicState) -> dict[int, int]:
    return {int(number): part.next for number, part in topic.partitions.items()}


def _mark(topic: TopicState) -> str:
    return hashlib.blake2b((topic.topic_id or "").encode(), digest_size=4).hexdigest()
