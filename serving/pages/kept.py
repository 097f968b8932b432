"""What a picture that is made again and again keeps of the time before: parts of which nothing has changed."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from schemas.records.topics import Topic
from serving.foundation.state import ServedState

Part = TypeVar("Part")


class Kept:
    """The newest of each part, with what it was made of. For one thread at a time."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[object, Any]] = {}

    def part(self, name: str, made_of: object, make: Callable[[], Part]) -> Part:
        """Return a part as it was made, or made anew where it was made of something else."""
        if name not in self._parts or self._parts[name][0] != made_of:
            self._parts[name] = made_of, make()
        part: Part = self._parts[name][1]
        return part


def read_from(state: ServedState, topic: Topic) -> Hashable:
    """Return what differs wherever the rows of one topic do."""
    return state.run_id, tuple(
        (
            name,
            found.topic_id,
            tuple((number, part.batch, part.next) for number, part in found.partitions.items()),
        )
        for name, found in state.topics.items()
        if name.endswith(topic)
    )
