"""Puts a stage together from settings: topics checked, clients made, one engine a partition."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

import structlog
from confluent_kafka import Consumer

from schemas.records.topic_settings import KeptTopic, cautions, faults
from schemas.records.topics import Topic, topic_specs
from streams.broker.clients import (
    TopicFacts,
    flushed_producer,
    group_reader,
    reader,
    topic_facts,
    topic_settings,
    transactional_producer,
)
from streams.broker.offsets import BrokerPositions
from streams.foundation.errors import TopicMismatch
from streams.foundation.fault_points import Reached
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import TopicRole
from streams.foundation.settings import StreamSettings
from streams.runtime.stage_spec import StageSpec, group_of, names_of
from streams.steps.engine import StepEngine
from streams.steps.outbox import Outbox
from streams.steps.partition_engine import Engine
from streams.steps.state_log import StateLog

_log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Return the wall clock; the only place of the speed layer that reads it."""
    return datetime.now(UTC)


class Assembly:
    """The parts of a stage that do not depend on which partitions it owns.

    Raises TopicMismatch at once when topics are missing, counts differ (invariant: explicit partitions), or Kafka does
    not keep topics as it must.
    """

    def __init__(
        self, spec: StageSpec, settings: StreamSettings, *, metrics: StageMetrics, reached: Reached
    ) -> None:
        self.spec = spec
        self.settings = settings
        self.names = names_of(settings)
        self.metrics = metrics
        self.reached = reached
        facts = topic_facts(settings, self.names.values())
        self._check_kept(facts)
        self.partition_counts = {topic: facts[name].partitions for topic, name in self.names.items()}
        self.roles = {self.names[topic]: _role(topic, facts[self.names[topic]]) for topic in spec.inputs}
        self.partitions = self._equal_count()
        self.positions = BrokerPositions(
            new_reader=self.new_reader, new_group_reader=self._new_group_reader, roles=self.roles
        )

    def _check_kept(self, facts: Mapping[str, TopicFacts]) -> None:
        settings = topic_settings(self.settings, facts)
        kept = {
            name: KeptTopic(name=name, replicas=facts[name].replicas, settings=found)
            for name, found in settings.items()
        }
        specs = [spec for spec in topic_specs(prefix=self.settings.topic_prefix) if spec.name in kept]
        wrong = [line for spec in specs for line in faults(spec, kept[spec.name])]
        if wrong:
            raise TopicMismatch("\n".join(wrong))
        for line in [line for one in kept.values() for line in cautions(one)]:
            _log.warning("topics.caution", stage=self.spec.name, what=line)

    def _equal_count(self) -> int:
        together = [*self.spec.inputs, *([self.spec.state] if self.spec.state else []), *self.spec.alike]
        counts = {self.names[topic]: self.partition_counts[topic] for topic in together}
        if len(set(counts.values())) != 1:
            raise TopicMismatch(
                f"stage {self.spec.name} needs equal partition counts, but there are {counts}; "
                f"create the topics again with `ticketyard topics create` in an empty Kafka"
            )
        return next(iter(counts.values()))

    def current_roles(self) -> Mapping[str, TopicRole]:
        """Ask the broker again what the inputs' ids and counts are."""
        facts = topic_facts(self.settings, self.roles)
        return {name: _role(role.topic, facts[name]) for name, role in self.roles.items()}

    def new_reader(self) -> Consumer:
        """Return a consumer without a group."""
        return reader(self.settings)

    def _new_group_reader(self) -> Consumer:
        return group_reader(self.settings, group_of(self.spec.name, self.settings))

    def new_outbox(self) -> Outbox:
        """Return the sender of one partition."""
        return Outbox(
            producer=flushed_producer(self.settings),
            topic_names=self.names,
            timeout_s=self.settings.delivery_timeout_s + 5,
            waited=self.metrics.waited,
            reached=self.reached,
        )

    def state_log(self, state: Topic, partition: int) -> StateLog:
        """Return the writer and reader of one partition of the stage's state topic."""
        transactional_id = f"{group_of(self.spec.name, self.settings)}-{partition}"
        return StateLog(
            topic=self.names[state],
            partition=partition,
            producer=transactional_producer(self.settings, transactional_id),
            new_reader=self.new_reader,
            timeout_s=self.settings.transaction_timeout_s,
            reached=self.reached,
            partitions=self.partitions,
        )

    def step_engine(self, partition: int) -> Engine:
        """Return the engine of one partition of a stateful stage."""
        if self.spec.state is None or self.spec.new_logic is None:
            raise TopicMismatch(f"stage {self.spec.name} keeps no state, so it has no step engine")
        return StepEngine(
            stage=self.spec.name,
            partition=partition,
            new_logic=partial(self.spec.new_logic, self.settings),
            roles=self.roles,
            partitions=self.partition_counts,
            state_log=self.state_log(self.spec.state, partition),
            outbox=self.new_outbox(),
            positions=self.positions,
            metrics=self.metrics,
            clock=utc_now,
            clock_mode=self.settings.clock,
            reached=self.reached,
        )


def _role(topic: Topic, facts: TopicFacts) -> TopicRole:
    return TopicRole(topic=topic, topic_id=facts.topic_id, partitions=facts.partitions)
