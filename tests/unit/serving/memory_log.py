"""The served topics in memory: what the tail's thread reads in tests without a broker."""

from collections.abc import Iterable, Mapping

import msgspec

from schemas.records.topics import SERVED, Topic
from serving.tail.kafka_log import OutOfBounds
from serving.tail.progress import Bounds, LiveTopic, Place
from serving.tail.rows import TailRecord


class MemoryLog:
    """A log that a test writes while the tail reads it; it can lose, cut and recreate topics as Kafka can."""

    def __init__(self, partitions: int = 2) -> None:
        self.ids: dict[str, str] = {topic.value: f"{topic.value}-1" for topic in SERVED}
        self.partitions = tuple(range(partitions))
        self.records: dict[Place, list[TailRecord]] = {}
        self.earliest: dict[Place, int] = {}
        self._next: dict[Place, int] = {}
        self.closed = 0

    def add(self, record: TailRecord) -> None:
        """Append a record to its partition; its offset becomes the next one."""
        held = self.records.setdefault((record.topic.value, record.partition), [])
        held.append(msgspec.structs.replace(record, offset=len(held)))

    def recreate(self, topic: Topic) -> None:
        """Delete a topic and create it again, empty."""
        self.ids[topic.value] += "-again"
        self.records = {place: held for place, held in self.records.items() if place[0] != topic.value}

    def expire(self, topic: Topic, partition: int, earliest: int) -> None:
        """Let retention remove what lies below `earliest`."""
        self.earliest[topic.value, partition] = earliest

    def describe(self) -> dict[str, LiveTopic]:
        """Return the topics."""
        return {name: LiveTopic(topic_id, self.partitions) for name, topic_id in self.ids.items()}

    def bounds(self, places: Iterable[Place]) -> dict[Place, Bounds]:
        """Return first and next offsets."""
        return {place: Bounds(self.earliest.get(place, 0), self._end(place)) for place in places}

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return next offsets."""
        return {place: self._end(place) for place in places}

    def seek(self, nexts: Mapping[Place, int]) -> None:
        """Read from there on."""
        self._next = dict(nexts)

    def poll(self, timeout_ms: int, limit: int) -> list[TailRecord]:
        """Return what is there, at once."""
        del timeout_ms
        found: list[TailRecord] = []
        for place, start in self._next.items():
            if not self.earliest.get(place, 0) <= start <= self._end(place):
                raise OutOfBounds(f"{place} has no offset {start}")
            taken = self.records.get(place, [])[start:][: limit - len(found)]
            found += taken
            self._next[place] = start + len(taken)
        return found

    def positions(self) -> dict[Place, int]:
        """Return where reading goes on."""
        return dict(self._next)

    def close(self) -> None:
        """Count it."""
        self.closed += 1

    def _end(self, place: Place) -> int:
        return len(self.records.get(place, []))
