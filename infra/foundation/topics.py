"""Create the pipeline's topics, and compare what a Kafka has with what the contract says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from kafka.admin import ConfigResource, KafkaAdminClient
from kafka.errors import AuthorizationError, KafkaError

from schemas.errors import Permanent, Transient
from schemas.records.topic_settings import KeptTopic, cautions, faults
from schemas.records.topics import TopicSpec, topic_specs
from schemas.settings import CommonSettings

_UNKNOWN_TOPIC = 3


class KafkaUnreachable(Transient):
    """No broker answers at the given address."""


class TopicMismatch(Permanent):
    """A topic exists with another number of partitions than the contract says, or is kept in another way."""


class BrokerTopic(msgspec.Struct, frozen=True):
    """A topic as Kafka has it: `partitions` is 0 where it does not exist, `kept` None where that is not known."""

    name: str
    topic_id: str
    partitions: int
    kept: KeptTopic | None = None


def specs_of(settings: CommonSettings) -> tuple[TopicSpec, ...]:
    """Return every topic of the pipeline with the prefix and the partition counts of the settings."""
    return topic_specs(
        prefix=settings.topic_prefix,
        ticket_partitions=settings.ticket_partitions,
        team_partitions=settings.team_partitions,
        agent_partitions=settings.agent_partitions,
    )


@contextmanager
def admin_client(client_options: Mapping[str, Any], timeout_ms: int = 10_000) -> Iterator[KafkaAdminClient]:
    """Open an admin client and close it; raises KafkaUnreachable if no broker answers in time."""
    servers = client_options.get("bootstrap_servers")
    try:
        admin = KafkaAdminClient(**client_options, bootstrap_timeout_ms=timeout_ms)
    except (KafkaError, OSError) as error:
        message = (
            f"No Kafka answers at {servers} ({error}): check TICKETYARD_BOOTSTRAP_SERVERS and the security "
            "settings, or start the embedded broker with `ticketyard up`."
        )
        raise KafkaUnreachable(message) from error
    try:
        yield admin
    finally:
        admin.close()


def topic_states(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, BrokerTopic]:
    """Return the state of each named topic."""
    found = {row["name"]: row for row in admin.describe_topics(list(names))} if names else {}
    there = [name for name, row in found.items() if row.get("error_code") != _UNKNOWN_TOPIC]
    settings = _settings(admin, there)
    return {name: _state(name, found.get(name), settings.get(name)) for name in names}


def _settings(admin: KafkaAdminClient, names: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return the settings of topics, of none where this client may not ask."""
    if not names:
        return {}
    try:
        asked = [ConfigResource("TOPIC", name) for name in names]
        answer: Mapping[str, Any] = admin.describe_configs(asked, config_filter="all")
    except AuthorizationError:
        return {}
    return dict(answer.get("topic", {}))


def _state(name: str, row: Mapping[str, Any] | None, settings: Mapping[str, Any] | None) -> BrokerTopic:
    if row is None or row.get("error_code") == _UNKNOWN_TOPIC:
        return BrokerTopic(name, "", 0)
    kept = settings and KeptTopic(
        name=name,
        replicas=min(len(partition["replica_nodes"]) for partition in row["partitions"]),
        settings={key: str(entry["value"]) for key, entry in settings.items()},
    )
    return BrokerTopic(name, str(row.get("topic_id", "")), len(row["partitions"]), kept or None)


def mismatches(specs: Iterable[TopicSpec], states: Mapping[str, BrokerTopic]) -> list[str]:
    """Return one sentence for each thing about an existing topic that must be changed before anything runs on it."""
    specs = list(specs)
    kept = [(spec, state.kept) for spec in specs if (state := states[spec.name]).kept is not None]
    return [*_counts(specs, states), *(line for spec, one in kept if one for line in faults(spec, one))]


def topic_cautions(states: Mapping[str, BrokerTopic]) -> list[str]:
    """Return one sentence for each thing that should be changed, though everything runs without."""
    return [line for state in states.values() if state.kept is not None for line in cautions(state.kept)]


def _counts(specs: Iterable[TopicSpec], states: Mapping[str, BrokerTopic]) -> list[str]:
    pairs = ((spec, states[spec.name].partitions) for spec in specs)
    return [
        f"Topic {spec.name} has {has} partitions, the settings say {spec.partitions}: set the counts "
        "(TICKETYARD_TICKET_PARTITIONS, _TEAM_PARTITIONS, _AGENT_PARTITIONS) to what exists, or use another "
        "TICKETYARD_TOPIC_PREFIX; counts never change under stored state."
        for spec, has in pairs
        if has not in {0, spec.partitions}
    ]


def ensure_topics(
    client_options: Mapping[str, Any], specs: Sequence[TopicSpec], *, replication_factor: int = -1
) -> list[str]:
    """Create the topics that are missing and wait until each partition has a leader; return their names.

    `client_options` are kafka-python's. Raises TopicMismatch before anything is created if an existing topic
    has another number of partitions or is not kept as it must be, KafkaUnreachable if no broker answers.
    """
    with admin_client(client_options) as admin:
        states = topic_states(admin, [spec.name for spec in specs])
        wrong = mismatches(specs, states)
        if wrong:
            raise TopicMismatch("\n".join(wrong))
        missing = [spec for spec in specs if states[spec.name].partitions == 0]
        if missing:
            _create(admin, missing, replication_factor)
        return [spec.name for spec in missing]


def _create(admin: KafkaAdminClient, specs: Sequence[TopicSpec], replication_factor: int) -> None:
    wanted = {
        spec.name: {
            "num_partitions": spec.partitions,
            "replication_factor": replication_factor,
            "configs": spec.config,
        }
        for spec in specs
    }
    try:
        admin.create_topics(wanted, raise_errors=True)
        admin.wait_for_topics(list(wanted), timeout_ms=30_000)
    except KafkaError as error:
        message = f"The topics {', '.join(wanted)} could not be created: {error}"
        raise Permanent(message) from error
