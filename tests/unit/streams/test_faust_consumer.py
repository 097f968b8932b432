"""What our consumer makes of Faust's: the parts that need no broker."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import faust

from streams.faust_consumer import LONGEST_FETCH_MS, FinishedOffsetsConsumer, Progress, transport_for


def test_a_quiet_partition_does_not_hold_up_a_busy_one() -> None:
    """Faust lets the broker hold a fetch for 1.5 s, in which a busy partition is not asked for: decisions came late."""

    async def ignore(*_arguments: Any) -> None:
        """Nothing is delivered here."""

    async def longest_wait_ms() -> int:
        app = faust.App("stage", broker="kafka://127.0.0.1:1", autodiscover=False)
        progress = cast("Progress", SimpleNamespace(stamp=lambda _topic: "id"))
        transport = transport_for(progress)([app.conf.broker[0]], app)
        consumer = transport.create_consumer(
            ignore, on_partitions_revoked=ignore, on_partitions_assigned=ignore
        )
        assert isinstance(consumer, FinishedOffsetsConsumer)
        made = consumer._new_consumer_thread()._create_worker_consumer(transport)
        return int(made._fetch_max_wait_ms)

    assert asyncio.run(longest_wait_ms()) == LONGEST_FETCH_MS < 1500
