"""Compares how a Kafka keeps the pipeline's topics with what it relies on: sentences that say what to change; pure."""

from collections.abc import Mapping
from typing import Final

import msgspec

from schemas.records.topics import INPUT_BYTES, TopicSpec

_SIZE: Final = "max.message.bytes"
_CLEANUP: Final = "cleanup.policy"
_IN_SYNC: Final = "min.insync.replicas"
_SAFE_REPLICAS: Final = 3
"""With as many, two may have to acknowledge and one may still be away."""


class KeptTopic(msgspec.Struct, frozen=True, kw_only=True):
    """How Kafka keeps a topic: its replicas, and its settings by name, defaults included."""

    name: str
    replicas: int
    settings: Mapping[str, str]


def faults(spec: TopicSpec, kept: KeptTopic) -> list[str]:
    """Return what must be changed before anything runs on a topic: a partition would stop, or state would go."""
    found = []
    # A producer's topic may take less than is asked for; what takes larger records is looked at as they are read.
    size, needed = int(kept.settings.get(_SIZE, 0)), int(spec.config.get(_SIZE, 0))
    if size and size < needed and needed > INPUT_BYTES:
        found.append(
            f"Topic {kept.name} takes records of {size:,} bytes at most and needs {needed:,}: one that is larger would "
            f"stop its partition. {_change(kept, _SIZE, str(needed))}"
        )
    policy, wanted = kept.settings.get(_CLEANUP), spec.config.get(_CLEANUP)
    if policy is not None and wanted is not None and policy != wanted:
        lost = "state would be deleted" if wanted == "compact" else "records of one key would be deleted"
        found.append(
            f"Topic {kept.name} has {_CLEANUP} {policy} and needs {wanted}: {lost}. {_change(kept, _CLEANUP, wanted)}"
        )
    in_sync = int(kept.settings.get(_IN_SYNC, 1))
    if in_sync > kept.replicas > 0:
        found.append(
            f"Topic {kept.name} has {_IN_SYNC} {in_sync} and only {kept.replicas} replicas, so Kafka acknowledges "
            f"nothing: give it more replicas, or: {_change(kept, _IN_SYNC, str(kept.replicas))}"
        )
    return found


def cautions(kept: KeptTopic) -> list[str]:
    """Return what should be changed: what is acknowledged may be lost with a single broker."""
    if kept.replicas < _SAFE_REPLICAS or int(kept.settings.get(_IN_SYNC, 1)) > 1:
        return []
    line = (
        f"Topic {kept.name} has {kept.replicas} replicas but {_IN_SYNC} 1: what one broker alone has acknowledged is "
        f"lost with it. {_change(kept, _IN_SYNC, '2')}"
    )
    return [line]


def _change(kept: KeptTopic, name: str, value: str) -> str:
    return (
        f"Run `kafka-configs --alter --entity-type topics --entity-name {kept.name} --add-config {name}={value}` "
        "with your --bootstrap-server."
    )
