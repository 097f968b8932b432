"""Keeps a partition's records in order: it skips repeated ones and reads from the log those that were not delivered."""

from collections.abc import Iterable, Iterator, Mapping

import structlog

from streams.broker.offsets import Positions
from streams.foundation.errors import TopicMismatch
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Delivered, Gap, Record, TopicRole

_log = structlog.get_logger(__name__)


class InputOrder:
    """The next offset of each input of one partition, by full topic name."""

    def __init__(
        self, *, partition: int, roles: Mapping[str, TopicRole], positions: Positions, metrics: StageMetrics
    ) -> None:
        self.roles = roles
        self.next: dict[str, int] = {}
        self._partition = partition
        self._names = {role.topic: name for name, role in roles.items()}
        self._positions = positions
        self._metrics = metrics

    def check_ids(self, known: Mapping[str, str]) -> None:
        """Refuse to go on where `known` (topic ids by name) are of topics that have since been created again."""
        for name, role in self.roles.items():
            if known.get(name, role.topic_id) not in ("", role.topic_id):
                raise TopicMismatch(
                    f"topic {name} was created again: its id is {role.topic_id}, what was read before had "
                    f"{known[name]}. Its offsets mean other records now: bring the old topic back, or let the stage "
                    f"read the new one from its beginning by `ticketyard stream reset {self._metrics.stage}`"
                )

    def start(self, offsets: Mapping[str, int]) -> None:
        """Begin at `offsets`; an input that is not among them begins where its log does."""
        for name in self.roles:
            known = offsets.get(name)
            self.next[name] = self._positions.begin(name, self._partition) if known is None else known

    def admit(self, delivered: Iterable[Delivered]) -> Iterator[Record]:
        """Yield each record of the log once and in order, whatever order and repetition it is delivered in."""
        for record in delivered:
            name = self._names[record.topic]
            expected = self.next[name]
            if isinstance(record, Gap):
                if record.start > expected:
                    yield from self._missing(name, expected, record.start)
                self.next[name] = max(expected, record.end)
                continue
            offset = record.origin.offset
            if offset < expected:
                self._metrics.repeated.inc()
                continue
            if offset > expected:
                yield from self._missing(name, expected, offset)
            self.next[name] = offset + 1
            yield record

    def _missing(self, name: str, start: int, end: int) -> list[Record]:
        """Offsets jumped: read what was not delivered; what is not in the log was control records or retention."""
        found = list(self._positions.between(name, self._partition, start, end))
        self._metrics.jumps.inc()
        _log.warning(
            "offsets.jumped", topic=name, partition=self._partition, start=start, end=end, read=len(found)
        )
        return found
