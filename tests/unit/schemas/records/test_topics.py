"""Every topic: partitions, retention, size."""

import re

import pytest

from schemas.records.topics import (
    ARCHIVED,
    DERIVED_BYTES,
    INPUT_BYTES,
    SERVED,
    TEXT_RETENTION_DAYS,
    Topic,
    TopicSpec,
    topic_specs,
)

SPECS = {spec.topic: spec for spec in topic_specs(ticket_partitions=8, team_partitions=3, agent_partitions=2)}
STAGES = {
    "cases": (Topic.TICKETS_ENRICHED, Topic.TICKETS_DECISIONS, Topic.CASES_STATE),
    "routing": (Topic.TICKETS_WORK, Topic.AGENTS_ROSTER, Topic.ROUTING_STATE),
    "roster": (Topic.AGENTS_EVENTS, Topic.AGENTS_HOLDINGS, Topic.ROSTER_STATE),
    "customers": (Topic.CUSTOMERS_WORK, Topic.CUSTOMERS_EVENTS, Topic.CUSTOMERS_STATE),
}


def test_every_topic_is_described_once() -> None:
    """A topic without a specification would not be created."""
    assert set(SPECS) == set(Topic)
    assert len(topic_specs()) == len(Topic)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stages_inputs_and_state_have_equal_counts(stage: str) -> None:
    """Partition n of the state belongs to partition n of each input (invariant: explicit partitions)."""
    assert len({SPECS[topic].partitions for topic in STAGES[stage]}) == 1


def test_a_prefix_stands_before_every_name() -> None:
    """Several installations may share a broker."""
    assert {spec.name for spec in topic_specs(prefix="eu.")} == {f"eu.{topic}" for topic in Topic}


@pytest.mark.parametrize("topic", Topic)
def test_names_are_what_kafka_takes(topic: Topic) -> None:
    """Letters, digits, dots, at most 249 characters."""
    assert re.fullmatch(r"[a-z.]{1,249}", topic)


def test_dead_letters_and_derived_topics_take_four_times_an_input() -> None:
    """What wraps an input must hold the largest that there may be (invariant: dead letters)."""
    assert DERIVED_BYTES == 4 * INPUT_BYTES
    inputs = {Topic.TICKETS_EVENTS, Topic.CUSTOMERS_EVENTS, Topic.AGENTS_EVENTS}
    for topic, spec in SPECS.items():
        if "max.message.bytes" in spec.config:
            expected = INPUT_BYTES if topic in inputs else DERIVED_BYTES
            assert int(spec.config["max.message.bytes"]) == expected


@pytest.mark.parametrize("spec", [s for t, s in SPECS.items() if t.endswith(".state")], ids=lambda s: s.name)
def test_state_is_compacted(spec: TopicSpec) -> None:
    """A restore reads what is live, so state topics keep the last value of each key."""
    assert spec.config["cleanup.policy"] == "compact"


@pytest.mark.parametrize("topic", ARCHIVED)
def test_what_is_archived_is_never_compacted(topic: Topic) -> None:
    """History is made of logs, in which every record stays until batch has it (invariant: complete history)."""
    assert SPECS[topic].config["cleanup.policy"] == "delete"


def test_topics_with_text_keep_thirty_days() -> None:
    """Personal data does not lie around for ever."""
    kept = {SPECS[topic].config["retention.ms"] for topic in (Topic.TICKETS_EVENTS, Topic.TICKETS_LOG)}

    assert kept == {str(TEXT_RETENTION_DAYS * 86_400_000)}


def test_announcements_are_kept_for_ever() -> None:
    """A worker that starts reads all models that were ever published."""
    for topic in (Topic.MODELS_PUBLISHED, Topic.VIEWS_PUBLISHED):
        assert SPECS[topic].config["retention.ms"] == "-1"


def test_what_is_served_is_archived() -> None:
    """A view can only be rebuilt from what history keeps."""
    assert set(SERVED) <= set(ARCHIVED)
