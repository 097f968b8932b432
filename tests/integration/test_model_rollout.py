"""A change of models under a stream: every worker follows within seconds, and no event is lost."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import msgspec
import pytest

from batch.releases.by_hand import ModelsInUse, StatedReason, end_trial, promote_version, try_beside
from infra.local.kafka import LocalKafka
from schemas.records.derived import TicketTriaged
from schemas.records.partitioning import partition_for
from schemas.records.topics import Topic
from streams.stages.triage.models.deployment import in_share
from tests.batch_home import nothing
from tests.integration.broken_records import headers_for, opened
from tests.small_model import small_rows, train_small
from tests.stage_harness import ROOT, Reading, StageHarness, wait_for

WHY = StatedReason("a test", datetime(2026, 3, 2, tzinfo=UTC))


class Traffic(threading.Thread):
    """Opens tickets until told to stop, some sixty a second."""

    def __init__(self, harness: StageHarness) -> None:
        super().__init__(daemon=True)
        self._harness = harness
        self._stopped = threading.Event()
        self.sent: list[str] = []

    def run(self) -> None:
        while not self._stopped.wait(0.015):
            ticket = f"T-{len(self.sent)}"
            headers = [(name, value or b"") for name, value in headers_for("TicketOpened", ticket)]
            partition = partition_for(ticket, 4)
            self._harness.send(
                Topic.TICKETS_EVENTS, ticket, opened(ticket), partition=partition, headers=headers
            )
            self.sent.append(ticket)

    def stop(self) -> None:
        self._stopped.set()
        self.join()
        self._harness.flush()


class Rollout:
    """Two workers of triage under traffic, and two models."""

    def __init__(self, harness: StageHarness, enriched: Reading, versions: tuple[str, str]) -> None:
        self.harness = harness
        self.traffic = Traffic(harness)
        self.first, self.second = versions
        self._enriched = enriched

    @property
    def in_use(self) -> ModelsInUse:
        settings = self.harness.settings
        options = settings.kafka_python_options()
        return ModelsInUse(settings.models_folder, options, settings.topic_prefix, nothing)

    def decided(self) -> dict[str, list[tuple[int, str]]]:
        """Return of each ticket the partition and model of every result so far."""
        found: dict[str, list[tuple[int, str]]] = {}
        for record in self._enriched.more():
            if dict(record.headers())["ce_type"] == b"TicketTriaged":
                body = msgspec.json.decode(record.value(), type=TicketTriaged)
                assert body.triage is not None
                results = found.setdefault(body.ticket_id, [])
                results.append((record.partition(), body.triage.model_version))
        return found

    def wait_for_models(self, *versions: str) -> None:
        """Wait until the last results of every partition are of these models, and of each of them."""
        wait_for(
            lambda: self._recent(last=30 if versions[1:] else 10, wanted=set(versions)),
            f"{versions} decide",
        )

    def _recent(self, *, last: int, wanted: set[str]) -> bool:
        by_partition: dict[int, list[str]] = {}
        for results in self.decided().values():
            for partition, version in results:
                by_partition.setdefault(partition, []).append(version)
        return len(by_partition) == 4 and all(
            set(versions[-last:]) == wanted for versions in by_partition.values()
        )


@pytest.fixture
def rollout(kafka: LocalKafka, small_bundle: Path, encoder_folder: Path, tmp_path: Path) -> Iterator[Rollout]:
    """The first model is current, the second is stored; two workers decide."""
    models = tmp_path / "models"
    models.mkdir()
    trained = train_small(models / "second", encoder_folder, rows=small_rows(2))
    shutil.copytree(small_bundle, models / "first", copy_function=lambda a, b: Path(b).hardlink_to(a))
    first = msgspec.json.decode((models / "first" / "bundle.json").read_bytes())["version"]
    harness = StageHarness(kafka.bootstrap_servers, tmp_path, models_uri=str(models))
    try:
        with harness.reading(Topic.TICKETS_ENRICHED) as enriched:
            run = Rollout(harness, enriched, (first, trained.version))
            promote_version(run.in_use, first, WHY)
            for worker in ("w1", "w2"):
                harness.start("-m", "streams", "triage", worker_id=worker)
            wait_for(lambda: _share_the_partitions(harness), "two workers to share the partitions")
            run.traffic.start()
            run.wait_for_models(first)
            yield run
            run.traffic.stop()
    finally:
        harness.stop()


def _share_the_partitions(harness: StageHarness) -> bool:
    """Whether both have some: one that gets its first later may decide with what was announced before."""
    lines = [line for line in harness.log().splitlines() if '"partitions.assigned"' in line]
    owned = [set(json.loads(line)["owned"]) for line in lines]
    return any(one and other and not one & other for one, other in combinations(owned, 2))


def test_every_worker_follows_and_nothing_is_lost(rollout: Rollout) -> None:
    """Shadow, canary, promotion, rollback, a damaged bundle: who decides is as told, every event is decided."""
    shadow_decides_nothing(rollout)
    canary_decides_its_tickets(rollout)
    rollback_reaches_all(rollout)
    damaged_challenger_stops_nobody(rollout)
    rollout.traffic.stop()
    wait_for(lambda: len(rollout.decided()) == len(rollout.traffic.sent), "every ticket decided")


def shadow_decides_nothing(run: Rollout) -> None:
    try_beside(run.in_use, "shadow", run.second, 1.0, WHY)
    wait_for(lambda: f'"shadow":"{run.second}"' in run.harness.log().replace(" ", ""), "a shadow loaded")
    wait_for_more(run)
    end_trial(run.in_use, "shadow", WHY)
    assert {version for found in run.decided().values() for _, version in found} == {run.first}


def canary_decides_its_tickets(run: Rollout) -> None:
    def in_canary(ticket: str) -> bool:
        return in_share(ticket, f"canary/{run.second}", 0.3)

    before = len(run.traffic.sent)
    try_beside(run.in_use, "canary", run.second, 0.3, WHY)
    run.wait_for_models(run.first, run.second)
    settled = wait_for_more(run)
    decided = run.decided()
    for place in range(before, len(decided)):
        _, version = decided.get(f"T-{place}", [(0, run.first)])[0]
        assert version == run.first or in_canary(f"T-{place}")
        assert place < settled or version == run.second or not in_canary(f"T-{place}")


def rollback_reaches_all(run: Rollout) -> None:
    promote_version(run.in_use, run.second, WHY)
    run.wait_for_models(run.second)
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "models", "rollback", "--reason", "too many wrong teams"],
        env=run.harness.environment(), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"rollback: champion {run.first}; too many wrong teams" in done.stdout
    run.wait_for_models(run.first)


def damaged_challenger_stops_nobody(run: Rollout) -> None:
    """A worker that starts finds the shadow's bundle damaged, after it was checked: it refuses it by name.

    It takes partitions from the others, so some events may be decided again: with the same id, and the first counts.
    """
    try_beside(run.in_use, "shadow", run.second, 0.1, WHY)
    victim = run.harness.settings.models_folder / "second" / "head.skops"
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    run.harness.start("-m", "streams", "triage", worker_id="w3")
    wait_for(lambda: "trial.left_out" in run.harness.log(), "the shadow refused by the new worker")
    assert "head.skops: its sha256 is" in run.harness.log()
    seen = wait_for_more(run)
    decided = run.decided()
    assert {decided[f"T-{place}"][0][1] for place in range(seen - 50, seen) if f"T-{place}" in decided} == {
        run.first
    }


def wait_for_more(run: Rollout) -> int:
    """Wait until a hundred tickets more have been decided; return how many had been sent before."""
    sent = len(run.traffic.sent)
    wait_for(lambda: len(run.decided()) > sent + 100, "a hundred tickets more")
    return sent
