"""What a Kafka that others keep must be changed in before anything runs on it."""

import pytest

from schemas.records.topic_settings import KeptTopic, cautions, faults
from schemas.records.topics import DERIVED_BYTES, Topic, TopicSpec, topic_specs

SPECS = {spec.topic: spec for spec in topic_specs(prefix="p.")}


def kept(spec: TopicSpec, replicas: int = 1, **changed: str) -> KeptTopic:
    """Return a topic as it was created, but for what is changed (dots are underscores)."""
    changes = {name.replace("_", "."): value for name, value in changed.items()}
    return KeptTopic(name=spec.name, replicas=replicas, settings={**spec.config, **changes})


def test_topics_as_they_are_created_are_right() -> None:
    """On one broker as on three."""
    for spec in SPECS.values():
        assert faults(spec, kept(spec)) == []
        assert faults(spec, kept(spec, 3, min_insync_replicas="2")) == []
        assert cautions(kept(spec)) == cautions(kept(spec, 3, min_insync_replicas="2")) == []
        assert faults(spec, KeptTopic(name=spec.name, replicas=1, settings={})) == [], "nothing is known"


@pytest.mark.parametrize("topic", [Topic.TICKETS_LOG, Topic.CASES_STATE, Topic.TICKETS_DEAD])
def test_a_topic_that_takes_too_little_is_named_with_what_to_run(topic: Topic) -> None:
    """Kafka's default of 1 MiB stopped a partition at the first larger record, days after everything had begun well."""
    (line,) = faults(SPECS[topic], kept(SPECS[topic], max_message_bytes="1048588"))
    assert line.startswith(f"Topic p.{topic} takes records of 1,048,588 bytes at most and needs 8,388,608")
    assert f"--entity-name p.{topic} --add-config max.message.bytes={DERIVED_BYTES}`" in line


def test_a_topic_of_producers_may_take_less() -> None:
    """They are told by Kafka at once, and nothing behind it grows."""
    spec = SPECS[Topic.TICKETS_EVENTS]
    assert faults(spec, kept(spec, max_message_bytes="1048588")) == []


@pytest.mark.parametrize(
    ("topic", "policy", "lost"),
    [
        (Topic.CASES_STATE, "delete", "state would be deleted"),
        (Topic.CASES_STATE, "compact,delete", "state would be deleted"),
        (Topic.TICKETS_LOG, "compact", "records of one key would be deleted"),
        (Topic.MODELS_PUBLISHED, "compact", "records of one key would be deleted"),
    ],
)
def test_a_cleanup_that_deletes_what_is_needed_is_refused(topic: Topic, policy: str, lost: str) -> None:
    """A state with retention lost its idle tickets after a week, without a word."""
    (line,) = faults(SPECS[topic], kept(SPECS[topic], cleanup_policy=policy))
    assert lost in line
    assert f"--add-config cleanup.policy={SPECS[topic].config['cleanup.policy']}`" in line


def test_more_in_sync_than_there_are_replicas_is_refused() -> None:
    """Nothing was ever acknowledged, and each worker ended after two minutes with a time-out."""
    spec = SPECS[Topic.TICKETS_WORK]
    (line,) = faults(spec, kept(spec, 1, min_insync_replicas="2"))
    assert "min.insync.replicas 2 and only 1 replicas" in line
    assert "--add-config min.insync.replicas=1`" in line


def test_one_in_sync_of_three_is_a_caution() -> None:
    """Everything runs; what is lost with that one broker was acknowledged."""
    spec = SPECS[Topic.TICKETS_WORK]
    assert faults(spec, kept(spec, 3, min_insync_replicas="1")) == []
    (line,) = cautions(kept(spec, 3, min_insync_replicas="1"))
    assert "--add-config min.insync.replicas=2`" in line
