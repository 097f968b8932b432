"""A Kafka that keeps topics in another way than the pipeline relies on: nothing starts, and all say what to run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, KafkaAdminClient

from infra.checks.check import CheckStatus
from infra.checks.services import kafka_check
from infra.foundation.settings import InfraSettings
from infra.foundation.topics import TopicMismatch, admin_client, ensure_topics, specs_of, topic_states
from infra.local.kafka import LocalKafka
from schemas.records.topics import Topic
from streams.foundation.errors import EXIT_STAY_DOWN
from tests.stage_harness import StageHarness, wait_for


@pytest.fixture
def harness(kafka: LocalKafka, tmp_path: Path) -> Iterator[StageHarness]:
    """Topics and workers of this test alone."""
    harness = StageHarness(kafka.bootstrap_servers, tmp_path)
    yield harness
    harness.stop()


def _alter(admin: KafkaAdminClient, name: str, **settings: str) -> None:
    changed = {key.replace("_", "."): value for key, value in settings.items()}
    admin.alter_configs([ConfigResource("TOPIC", name, changed)])
    wait_for(lambda: _told(admin, name).items() >= changed.items(), "the change to be known")


def _told(admin: KafkaAdminClient, name: str) -> dict[str, str]:
    kept = topic_states(admin, [name])[name].kept
    return dict(kept.settings) if kept else {}


def test_what_would_stop_or_lose_is_refused_at_the_start(harness: StageHarness) -> None:
    """Worker, `up` and doctor name each topic, what is wrong with it and the command that mends it."""
    options = harness.settings.kafka_python_options()
    log, state = harness.names[Topic.TICKETS_LOG], harness.names[Topic.ROSTER_STATE]
    with admin_client(options) as admin:
        _alter(admin, log, max_message_bytes="1048588")
        _alter(admin, state, cleanup_policy="delete", min_insync_replicas="2")
    worker = harness.start("-m", "streams", "roster")
    wait_for(lambda: worker.poll() is not None, "the worker to refuse")
    settings = InfraSettings.model_validate(
        harness.settings.model_dump(include=set(InfraSettings.model_fields))
    )
    with pytest.raises(TopicMismatch) as refused:
        ensure_topics(options, specs_of(settings))
    check = kafka_check(settings)
    assert (worker.returncode, check.verdict) == (EXIT_STAY_DOWN, CheckStatus.FAIL)
    for told in (harness.log(), str(refused.value), check.detail):
        assert f"Topic {log} takes records of 1,048,588 bytes at most" in told
        assert f"--entity-name {state} --add-config cleanup.policy=compact" in told
        assert f"--entity-name {state} --add-config min.insync.replicas=1" in told
