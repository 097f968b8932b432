"""What makes a stage (its inputs, its state, the logic of its partitions), and names that follow from settings."""

from collections.abc import Callable

import msgspec

from schemas.records.topics import Topic, topic_specs
from streams.foundation.errors import BEGIN_ANEW
from streams.foundation.settings import StreamSettings
from streams.steps.step import PartitionLogic


class StageSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One stage; without a state topic it is stateless (triage). `alike` must have as many partitions as the inputs.

    The records of a stage that is not `hurried` gather longer, so that its steps are few. The only
    tickets that wait for it are those whose agent is not online yet, or gets room by what ends in another team.
    """

    name: str
    inputs: tuple[Topic, ...]
    state: Topic | None = None
    alike: tuple[Topic, ...] = ()
    new_logic: Callable[[StreamSettings], PartitionLogic] | None = None
    hurried: bool = True


def last_resort(spec: StageSpec) -> str:
    """Return what a person can do where a stage cannot go on from what it has read, and nothing brings that back."""
    if spec.state is not None:
        return BEGIN_ANEW
    return (
        f"let it read all that there is again by `ticketyard stream reset {spec.name} --from-scratch --yes`"
    )


def names_of(settings: StreamSettings) -> dict[Topic, str]:
    """Return the full name of every topic."""
    return {spec.topic: spec.name for spec in topic_specs(prefix=settings.topic_prefix)}


def group_of(stage: str, settings: StreamSettings) -> str:
    """Return the consumer group of a stage."""
    return f"{settings.topic_prefix}ticketyard-{stage}"
