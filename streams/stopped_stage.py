"""A stage that no worker runs: what its state says of its inputs, and how a person makes it forget.

A writer takes ownership first, as a worker does. If a worker starts meanwhile, one of the two is fenced and ends.
"""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from streams.foundation.fault_points import never
from streams.foundation.metrics import StageMetrics
from streams.foundation.settings import StreamSettings
from streams.runtime.assembly import Assembly
from streams.runtime.stage_spec import StageSpec
from streams.steps.state_log import Restored, StateLog

_TRANSACTION_S = 300.0
"""A whole state is deleted in one transaction, for which a step's time is too short."""


class StoppedPartition(msgspec.Struct, frozen=True, kw_only=True):
    """What a partition's state says: how much it holds, and the ids of the inputs that it was made of.

    `topic_ids` (by full topic name) is None where no step was ever written.
    """

    entries: int
    topic_ids: Mapping[str, str] | None


class StoppedStage:
    """The inputs and the state of a stage. Raises TopicMismatch where its topics do not fit each other."""

    def __init__(self, spec: StageSpec, settings: StreamSettings) -> None:
        patient = settings.model_copy(update={"transaction_timeout_s": _TRANSACTION_S})
        self._assembly = Assembly(spec, patient, metrics=StageMetrics(spec.name), reached=never)
        self._state = spec.state
        self.state_topic = None if spec.state is None else self._assembly.names[spec.state]
        self.inputs = {name: role.topic_id for name, role in self._assembly.roles.items()}

    def states(self) -> list[StoppedPartition]:
        """Return what each partition's state says; nothing for a stage that keeps none."""
        return [
            StoppedPartition(
                entries=len(restored.entries),
                topic_ids=None if restored.header is None else restored.header.topic_ids,
            )
            for _log, restored in self._partitions(fence=False)
        ]

    def forget_inputs(self, names: Collection[str]) -> None:
        """Let the state no longer say how far these inputs were read; it stays as it is otherwise."""
        for log, restored in self._partitions(fence=True):
            header = restored.header
            if header is None or not header.topic_ids.keys() & set(names):
                continue
            kept = msgspec.structs.replace(
                header,
                offsets={name: offset for name, offset in header.offsets.items() if name not in names},
                topic_ids={name: id_ for name, id_ in header.topic_ids.items() if name not in names},
            )
            log.commit({}, restored.outbox, kept)  # the last step's outbox may not have been sent yet

    def clear_state(self) -> None:
        """Delete the whole state, partition by partition."""
        for log, restored in self._partitions(fence=True):
            log.clear(restored)

    def _partitions(self, *, fence: bool) -> Iterator[tuple[StateLog, Restored]]:
        if self._state is None:
            return
        for partition in range(self._assembly.partitions):
            log = self._assembly.state_log(self._state, partition)
            if fence:
                log.fence()
            yield log, log.restore()
