"""The door over a Kafka in memory, for tests of what it answers."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from schemas.records.partitioning import partition_for
from streams.foundation.settings import StreamSettings
from streams.intake.app import build_app
from streams.intake.checking import Ready
from streams.intake.errors import IntakeError, NotDelivered
from streams.intake.memory import Outcome, Receipt
from streams.intake.service import Intake

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
Client = TestClient[Litestar]


class MemorySender:
    """Acknowledges at once, or as `next_failure` says; keeps what was sent by topic and partition."""

    def __init__(self) -> None:
        self.sent: list[Ready] = []
        self.problem: str | None = None
        self.next_failure: Callable[[], IntakeError | None] = lambda: None
        self.held: list[Callable[[], None]] | None = None

    def send(self, event: Ready) -> Outcome:
        """Keep an event; while `held` is a list, its acknowledgement waits there to be called."""
        if self.problem is not None:
            raise NotDelivered(self.problem)
        outcome: Outcome = asyncio.get_running_loop().create_future()
        failure = self.next_failure()
        self.sent.append(event)
        partition = partition_for(event.key.decode(), 4)
        offset = sum(partition_for(one.key.decode(), 4) == partition for one in self.sent) - 1

        def acknowledge() -> None:
            if failure is not None:
                outcome.set_exception(failure)
                return
            outcome.set_result(
                Receipt(id=event.id, type=event.type, topic=event.topic, partition=partition, offset=offset)
            )

        if self.held is None:
            acknowledge()
        else:
            self.held.append(acknowledge)
        return outcome


def settings(**others: Any) -> StreamSettings:
    """Return settings that name a Kafka which nobody asks."""
    return StreamSettings(bootstrap_servers="nowhere:1", **others)


def client_of(sender: MemorySender, **others: Any) -> Client:
    """Return a client of a door that sends to `sender`; its clock stands."""
    intake = Intake(settings(**others), sender, clock=lambda: NOW)
    return TestClient(build_app(intake), base_url="http://127.0.0.1")
