"""From outcomes in the log to forecasts in the stage and back: Kafka, Spark's archive, the command line, a worker."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from pyspark.sql import SparkSession

from batch.foundation.settings import BatchSettings
from batch.foundation.spark import spark_session
from batch.history.archive import archive_logs
from batch.history.log_extents import read_log_extents
from infra.local.kafka import LocalKafka
from schemas.predictions import Basis
from schemas.records.derived import Origin, SourceEvent, TicketLogged, TicketTriaged
from schemas.records.envelope import Envelope, encode_body, encode_headers
from schemas.records.events import CustomerLeft, SurveyAnswered, TicketEvent, TicketResolved, TicketUpdated
from schemas.records.partitioning import partition_for
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import ARCHIVED, Topic
from tests.batch_home import nothing
from tests.stage_harness import ROOT, Reading, StageHarness, wait_for
from tests.unit.schemas.ticket_facts import opened
from understanding.manifest.pointer import PREDICTIONS_FOLDER, read_current

CUSTOMERS = 500
FIRST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=300)
"""Long enough ago that it is known of everybody whether they left within 90 days."""


class Desk:
    """The cases stage over topics of its own, and the batch layer of the same home."""

    def __init__(self, harness: StageHarness, log: Reading, spark: SparkSession) -> None:
        settings = harness.settings
        self._harness, self._log, self._spark = harness, log, spark
        self._sent = itertools.count()
        self._batch = BatchSettings(
            bootstrap_servers=settings.bootstrap_servers,
            home=settings.home,
            topic_prefix=settings.topic_prefix,
        )
        self.models = self._batch.models_folder / PREDICTIONS_FOLDER

    def say(self, body: TicketEvent, at: datetime) -> None:
        """Let an event happen, as triage passes it on."""
        name = f"e-{next(self._sent)}"
        event = SourceEvent(
            id=name, type=type(body).__name__, source="crm", time=at, body=msgspec.Raw(encode_body(body))
        )
        origin = Origin(topic_id="events", partition=0, offset=0, timestamp_ms=0)
        triaged = TicketTriaged(ticket_id=body.ticket_id, event=event, origin=origin)
        headers = encode_headers(Envelope(id=name, type="TicketTriaged", source="ticketyard/triage", time=at))
        self._send(Topic.TICKETS_ENRICHED, body.ticket_id, encode_body(triaged), headers)

    def leave(self, customer_id: str, at: datetime) -> None:
        """Let somebody tell that a customer has left."""
        body = CustomerLeft(customer_id=customer_id)
        envelope = Envelope(id=f"left-{customer_id}", type="CustomerLeft", source="crm", time=at)
        self._send(Topic.CUSTOMERS_EVENTS, customer_id, encode_body(body), encode_headers(envelope))

    def flush(self) -> None:
        """Wait until everything is with Kafka."""
        self._harness.flush()

    def _send(self, topic: Topic, key: str, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        self._harness.send(topic, key, value, partition=partition_for(key, 4), headers=headers)

    def rows(self) -> dict[str, TicketRow]:
        """Return the newest row of each ticket that is heard of in the log."""
        logged = [msgspec.json.decode(record.value(), type=TicketLogged) for record in self._log.more()]
        return {one.ticket_id: one.after for one in logged}

    def archive(self) -> None:
        """Archive what is new, as a batch cycle begins."""
        options = self._batch.kafka_python_options()
        archive_logs(
            lambda: self._spark,
            self._batch.history_folder,
            lambda: read_log_extents(options, [self._batch.topic_prefix + topic for topic in ARCHIVED]),
            self._batch.spark_kafka_options(),
            now=datetime.now(UTC),
            attempt=f"attempt{next(self._sent)}",
            accept_gaps=False,
            progress=nothing,
        )

    def train(self, *options: str) -> str:
        """Run `ticketyard train predictions`, and return what it says."""
        ran = subprocess.run(
            [sys.executable, "-m", "infra.cli", "train", "predictions", *options],
            env={**self._harness.environment(), "COLUMNS": "200", "TICKETYARD_BATCH_NICENESS": "0"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def version(self) -> str:
        """Return the version that the pointer names."""
        pointer = read_current(self.models)
        assert pointer is not None
        return pointer.version

    def foretold(self, wanted: Callable[[TicketRow], bool]) -> TicketRow:
        """Open tickets until one is foretold as wanted: a worker looks at the pointer every few seconds."""
        found: list[TicketRow] = []

        def comes() -> bool:
            ticket = f"new-{next(self._sent)}"
            self.say(opened(ticket_id=ticket, customer_id=ticket, team="slow"), datetime.now(UTC))
            self._harness.flush()
            wait_for(lambda: ticket in self.rows(), f"{ticket} in the log")
            found.append(self.rows()[ticket])
            return wanted(found[-1])

        wait_for(comes, "a ticket foretold by the model of now", 60)
        return found[-1]


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """One Spark for all that this process runs."""
    with spark_session(BatchSettings(spark_master="local[2]", spark_shuffle_partitions=2)) as session:
        yield session


@pytest.fixture
def desk(kafka: LocalKafka, tmp_path: Path, spark: SparkSession) -> Iterator[Desk]:
    harness = StageHarness(kafka.bootstrap_servers, tmp_path)
    try:
        harness.start("-m", "streams", "cases")
        with harness.reading(Topic.TICKETS_LOG) as log:
            yield Desk(harness, log, spark)
    finally:
        harness.stop()


def _live(desk: Desk) -> list[tuple[str, datetime]]:
    """Let 500 customers have a ticket each over 150 days; return who will leave, and when.

    The slow team passes tickets on, takes long and gets one star, and most of its customers leave.
    """
    random = np.random.default_rng(11)
    left = [("C-first", FIRST - timedelta(hours=1))]
    for number in range(CUSTOMERS):
        chance = random.random(4)
        slow, ticket, customer = number % 2 == 0, f"T-{number}", f"C-{number}"
        at = FIRST + timedelta(days=150 * number / CUSTOMERS)
        team = "slow" if slow else "quick"
        desk.say(opened(ticket_id=ticket, customer_id=customer, team=team), at)
        if chance[0] < (0.8 if slow else 0.1):
            desk.say(TicketUpdated(ticket_id=ticket, reassignments=1), at + timedelta(minutes=1))
        took = timedelta(minutes=(300 if slow else 20) * (0.5 + chance[1]))
        desk.say(TicketResolved(ticket_id=ticket), at + took)
        desk.say(SurveyAnswered(ticket_id=ticket, score=1 if slow else 5), at + took + timedelta(hours=1))
        if chance[2] < (0.7 if slow else 0.1):
            left.append((customer, at + timedelta(days=5 + 30 * chance[3])))
    return left


def test_outcomes_become_forecasts_and_a_rollback_takes_them_back(desk: Desk) -> None:
    """Nothing is known, then the course, then churn too; back at the model before, churn is not known again."""
    left = _live(desk)
    desk.flush()
    wait_for(lambda: _all_answered(desk.rows()), "the log of every ticket", 180)
    old = desk.rows()["T-0"]
    assert (old.predictions_basis, old.csat_basis) == (Basis.TOO_LITTLE_KNOWN, Basis.PRIOR)
    assert (old.churn_basis, old.churn_risk) == (Basis.TOO_LITTLE_KNOWN, None)

    desk.archive()
    said = desk.train()
    first = desk.version()
    assert f"model {first} is current" in said
    assert "no event says which customers have left" in said
    row = desk.foretold(lambda row: row.predictions_version == first)
    assert (row.predictions_basis, row.churn_basis) == (Basis.MODEL, Basis.TOO_LITTLE_KNOWN)
    assert row.reassignment_risk is not None
    assert row.reassignment_risk > 0.5

    for customer, at in left:
        desk.leave(customer, at)
    desk.flush()
    desk.archive()
    assert "churn" in desk.train().partition("is current: ")[2].splitlines()[0]
    second = desk.version()
    assert second != first
    row = desk.foretold(lambda row: row.predictions_version == second)
    assert (row.churn_basis, row.churn_version) == (Basis.MODEL, second)
    assert row.churn_risk is not None
    assert row.churn_risk > 0.4
    assert (desk.models / second / "card" / "card.html").exists()

    assert f"model {first} is current again" in desk.train("--roll-back", "worse for gold")
    row = desk.foretold(lambda row: row.predictions_version == first)
    assert (row.predictions_basis, row.churn_basis) == (Basis.MODEL, Basis.TOO_LITTLE_KNOWN)
    assert row.churn_risk is None
    assert "rolled back" in desk.train()
    assert desk.version() == first


def _all_answered(rows: dict[str, TicketRow]) -> bool:
    return sum(row.survey_score is not None for row in rows.values()) == CUSTOMERS
