"""Triage on a real broker with more waiting than its encoder can read: it gives way, says so, and comes back."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infra.local.kafka import LocalKafka
from schemas.records.derived import TicketTriaged
from schemas.records.partitioning import partition_for
from schemas.records.topics import Topic
from schemas.triage import ENCODER_BUDGET, Triage
from tests.integration.broken_records import headers_for, opened
from tests.stage_harness import Reading, StageHarness, wait_for

WAITING = 1000
UNSURE = "my card refund rice fish and password, boots"


@pytest.fixture
def harness(kafka: LocalKafka, small_bundle: Path, tmp_path: Path) -> Iterator[StageHarness]:
    """A thousand tickets wait for a worker of triage that starts."""
    harness = StageHarness(kafka.bootstrap_servers, tmp_path, models_uri=str(small_bundle.parent))
    for number in range(WAITING):
        open_ticket(harness, f"T-{number}")
    harness.flush()
    harness.announce_model(small_bundle)
    harness.start("-m", "streams", "triage")
    yield harness
    harness.stop()


def open_ticket(harness: StageHarness, ticket: str) -> None:
    headers = [(name, value or b"") for name, value in headers_for("TicketOpened", ticket)]
    body = opened(ticket, text=f"{UNSURE} {ticket}")
    harness.send(Topic.TICKETS_EVENTS, ticket, body, partition=partition_for(ticket, 4), headers=headers)


def results(enriched: Reading) -> list[Triage]:
    """Return what triage has said so far."""
    bodies = (
        msgspec.json.decode(record.value(), type=TicketTriaged)
        for record in enriched.more()
        if dict(record.headers())["ce_type"] == b"TicketTriaged"
    )
    return [body.triage for body in bodies if body.triage is not None]


def test_the_encoder_gives_way_to_what_waits_in_kafka_and_comes_back(harness: StageHarness) -> None:
    """Most of what waited is decided by n-grams, and the results say why; tickets that come alone get the encoder."""
    with harness.reading(Topic.TICKETS_ENRICHED) as enriched:
        wait_for(lambda: len(results(enriched)) == WAITING, "all that waited to be decided")
        found = Counter((result.decided_by, ENCODER_BUDGET in result.reasons) for result in results(enriched))
        assert found["ngrams", True] > WAITING // 2, found
        alone = iter(range(10_000))

        def encoder_is_back() -> bool:
            number = next(alone)
            open_ticket(harness, f"A-{number}")
            harness.flush()
            expected = WAITING + number + 1
            wait_for(lambda: len(results(enriched)) == expected, "one ticket to be decided")
            return (
                sum(result.decided_by == "encoder" for result in results(enriched)) > found["encoder", False]
            )

        wait_for(encoder_is_back, "the encoder to come back")
