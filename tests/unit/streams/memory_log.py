"""A state topic and an outbox in memory, for engines without Kafka."""

from collections.abc import Mapping, Sequence

from streams.foundation.record import Emission
from streams.steps.state_log import Restored
from streams.steps.step_header import StepHeader


class MemoryLog:
    """The state of one partition, and what its steps sent."""

    def __init__(self) -> None:
        self.header: StepHeader | None = None
        self.entries: dict[str, bytes] = {}
        self.sent: list[Emission] = []

    def fence(self) -> None:
        """Nobody else writes."""

    def restore(self) -> Restored:
        return Restored(header=self.header, outbox=[], entries=dict(self.entries))

    def commit(
        self, changes: Mapping[str, bytes | None], outbox: Sequence[Emission], header: StepHeader
    ) -> None:
        self.header = header
        self.entries = {
            key: value for key, value in (self.entries | dict(changes)).items() if value is not None
        }

    def send(self, emissions: Sequence[Emission]) -> None:
        self.sent += emissions

    def close(self) -> None:
        """Nothing is held."""
