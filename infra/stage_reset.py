"""Lets a stage that has stopped read recreated inputs from their beginning, or everything again.

It changes the group's committed offsets and the stage's state, and only while the group has no members.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from kafka import TopicPartition
from kafka.errors import KafkaError, NoError

from infra.foundation.topics import admin_client
from schemas.errors import Permanent, Transient
from streams.broker.clients import member_count
from streams.broker.faust_consumer import STAMP_END
from streams.foundation.settings import StreamSettings
from streams.runtime.stage_spec import group_of
from streams.stages.registry import STAGES
from streams.stopped_stage import StoppedPartition, StoppedStage

_AGREE: Final = ("cases", "routing", "roster", "customers")
"""The stages that remember what they told each other; one alone that forgot would disagree with the rest."""

Place = tuple[str, int]
"""A topic's full name and a partition."""


def reset_with(stage: str) -> tuple[str, ...]:
    """Return the stages that forget together where that one does, itself among them."""
    return _AGREE if stage in _AGREE else (stage,)


class StageAtWork(Transient):
    """The stage's group has live members; what is deleted under them would be written again."""


class ResetPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a reset would do; `recreated` has the former id of each such input, `offsets` what would be deleted."""

    stage: str
    group: str
    from_scratch: bool
    inputs: Mapping[str, str]  # full topic name -> its id now
    recreated: Mapping[str, str]  # full topic name -> the id that offsets and state are of
    offsets: Sequence[Place]
    state_topic: str | None
    entries: int

    def __bool__(self) -> bool:
        return bool(self.recreated or self.offsets or (self.from_scratch and self.entries))

    def lines(self) -> list[str]:
        """Return what will be deleted and what not, a line each."""
        lines = [f"stage {self.stage}, group {self.group}"]
        for name, now in self.inputs.items():
            if name in self.recreated:
                what = (
                    f"created again (its id was {self.recreated[name]} and is {now}): read from its beginning"
                )
            elif self.from_scratch:
                what = "read again from its beginning"
            else:
                what = "as it was: read on from where the stage was"
            lines.append(f"  {name}: {what}")
        lines.append(f"  will be deleted: {len(self.offsets)} committed offsets of the group")
        if self.state_topic is not None:
            fate = "will be deleted" if self.from_scratch else "stays"
            lines.append(f"  {fate}: the state, {self.entries:,} entries in {self.state_topic}")
        return lines


class StageReset:
    """Plans and carries out the reset of one stage on the Kafka that the settings name."""

    def __init__(self, stage: str, settings: StreamSettings) -> None:
        self._stage = stage
        self._settings = settings
        self._group = group_of(stage, settings)
        self._stopped = StoppedStage(STAGES[stage], settings)

    def plan(self, *, from_scratch: bool) -> ResetPlan:
        """Return what is to be done. Raises StageAtWork while a worker of the stage is alive."""
        self._require_nobody()
        stamps = self._stamps()
        states = self._stopped.states()
        recreated = self._recreated(stamps, states)
        return ResetPlan(
            stage=self._stage,
            group=self._group,
            from_scratch=from_scratch,
            inputs=self._stopped.inputs,
            recreated=recreated,
            offsets=[
                (topic, partition)
                for topic, partition in stamps
                if from_scratch or topic in recreated or _is_lost(states, partition)
            ],
            state_topic=self._stopped.state_topic,
            entries=sum(state.entries for state in states),
        )

    def _recreated(
        self, stamps: Mapping[Place, str], states: Sequence[StoppedPartition]
    ) -> Mapping[str, str]:
        known = [(topic, stamp) for (topic, _partition), stamp in stamps.items()]
        known += [pair for state in states for pair in (state.topic_ids or {}).items()]
        now = self._stopped.inputs
        return {topic: id_ for topic, id_ in known if topic in now and id_ not in ("", now[topic])}

    def carry_out(self, plan: ResetPlan) -> None:
        """Do what the plan says. Cut short, the stage still refuses to start, and this can be done again.

        For that, what makes it refuse goes last: offsets without a state, or a state of the topics that were.
        """
        self._require_nobody()
        if plan.from_scratch:
            self._stopped.clear_state()
            self._delete(plan.offsets)
        else:
            self._delete(plan.offsets)
            self._stopped.forget_inputs(plan.recreated.keys())

    def _require_nobody(self) -> None:
        require_nobody(self._group, self._stage, self._settings)

    def _stamps(self) -> dict[Place, str]:
        return stamps_of(self._group, self._settings)

    def _delete(self, offsets: Sequence[Place]) -> None:
        delete_offsets(self._group, offsets, self._settings)


def require_nobody(group: str, stage: str, settings: StreamSettings) -> None:
    """Raise StageAtWork where a group has live members."""
    members = member_count(settings, group)
    if members:
        raise StageAtWork(
            f"group {group} has live members: {members}. Stop the workers of {stage} first; one that "
            f"has ended counts until its session does ({settings.session_timeout_s:g} s)"
        )


def stamps_of(group: str, settings: StreamSettings) -> dict[Place, str]:
    """Return the topic id beside each committed offset of a group."""
    with admin_client(settings.kafka_python_options()) as admin:
        found: Mapping[Any, Any] = admin.list_group_offsets(group)[group]
    return {
        (place.topic, place.partition): (stored.metadata or "").rstrip(STAMP_END)
        for place, stored in sorted(found.items())
        if stored.offset >= 0
    }


def delete_offsets(group: str, offsets: Sequence[Place], settings: StreamSettings) -> None:
    """Delete committed offsets of a group. Raises Transient where Kafka refuses."""
    if not offsets:
        return
    places = [TopicPartition(topic, partition) for topic, partition in offsets]
    with admin_client(settings.kafka_python_options()) as admin:
        try:
            answers = admin.delete_group_offsets(group, places)
        except KafkaError as error:
            raise Transient(f"the offsets of group {group} could not be deleted: {error}") from error
    refused = {place: answer.__name__ for place, answer in answers.items() if answer is not NoError}
    if refused:
        raise Transient(f"some offsets of group {group} could not be deleted: {refused}; try again")


def _is_lost(states: Sequence[StoppedPartition], partition: int) -> bool:
    """Whether a stateful stage has offsets of a partition whose state is gone: it must be read again."""
    return bool(states) and states[partition].topic_ids is None


def require_consent(plan: ResetPlan, *, yes: bool, alone: bool = False) -> None:
    """Raise Permanent, naming the command, unless the person has said yes."""
    if not yes:
        scratch = (" --from-scratch" if plan.from_scratch else "") + (" --alone" if alone else "")
        raise Permanent(
            f"nothing has been deleted; `ticketyard stream reset {plan.stage}{scratch} --yes` does it"
        )
