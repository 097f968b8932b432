"""A stage for tests of the mechanism: counts the records of each key and says each count once.

Run as a program, it is one worker; it knows nothing but what its settings say.
"""

import msgspec

from process.logs import configure_logs
from schemas.errors import Permanent
from schemas.records.derived import AgentReleased
from schemas.records.identity import derived_id
from schemas.records.topics import Topic
from streams.foundation.record import Record
from streams.foundation.settings import StreamSettings
from streams.runtime.stage_spec import StageSpec
from streams.steps.step import Step
from streams.worker import Worker, run_workers


class Count(msgspec.Struct):
    """How many records of a key there were."""

    value: int


class CountingPartition:
    """Says, for every record, how many of its key there have been; `poison` dies, `bomb` raises half-way."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def restore(self, key: str, value: bytes) -> None:
        """Take back a count."""
        self._counts[key] = msgspec.json.decode(value, type=Count).value

    def handle(self, record: Record, step: Step) -> None:
        """Count, and say so."""
        if record.value == b"poison":
            raise Permanent("this one is poison")
        key = (record.key or b"").decode()
        count = self._counts[key] = self._counts.get(key, 0) + 1
        step.put(key, Count(count))
        if record.value == b"bomb":
            raise ZeroDivisionError("this one went off")
        origin = record.origin
        body = AgentReleased(agent_id=key, team=f"step-{step.number}", roster_revision=count)
        identity = derived_id(origin.topic_id, origin.partition, origin.offset, "counting")
        step.emit(Topic.AGENTS_ROSTER, key, body, id=identity, time=step.now)


SPEC = StageSpec(
    name="counting",
    inputs=(Topic.AGENTS_EVENTS, Topic.AGENTS_HOLDINGS),
    state=Topic.ROSTER_STATE,
    new_logic=lambda _settings: CountingPartition(),
)

if __name__ == "__main__":
    configure_logs("counting")
    run_workers([Worker(SPEC, StreamSettings())], metrics_port=0)
