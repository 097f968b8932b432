"""What a repaired record must be: what the reader of its topic takes, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.records.derived import RecordDied
from schemas.records.envelope import (
    Envelope,
    EventDecoder,
    InvalidBody,
    NotAnEvent,
    UnknownEventType,
    encode_headers,
)
from schemas.records.topics import INPUT_BYTES, Topic
from streams.dead_letters.contract import TAKEN, require_contract
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.replaying import Repair
from streams.foundation.size_limit import EventTooLarge
from streams.stages.cases import intake as cases
from streams.stages.customers import partition as customers
from streams.stages.roster import partition as roster
from streams.stages.routing import partition as routing
from streams.stages.triage import intake as triage
from tests.contract.event_samples import sample

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


def require(topic: str, kind: str, body: Any, **headers: str) -> None:
    """Ask whether a record of that topic fits, once its body is `body`."""
    envelope = Envelope(id="e1", type=kind, source="ticketyard/triage", time=NOW)
    died = RecordDied(
        stage="s", error="e", message="m", topic=topic, topic_id="id", partition=1, offset=5, timestamp_ms=0,
        key=b"k", headers=tuple(encode_headers(envelope)),
    )  # fmt: skip
    letter = DeadLetter(id="d1", about=died, died_at=NOW, partition=0, value=b"{")
    value = body if isinstance(body, bytes) else json.dumps(body).encode()
    require_contract(letter, Repair(value=value, headers=headers), latest=LATEST, largest=INPUT_BYTES)


def names(decoder: EventDecoder) -> list[str]:
    return sorted(decoder._decoders)


@pytest.mark.parametrize(
    ("topic", "kind"), [(topic, kind) for topic, decoder in TAKEN.items() for kind in names(decoder)]
)
def test_what_a_topic_carries_fits(topic: str, kind: str) -> None:
    """What batch says of an agent could not be repaired: agents.events was held for a topic of producers alone."""
    require(topic, kind, sample(kind))


def test_it_is_what_the_stages_take() -> None:
    """A type that a stage learns or forgets must be so here too."""
    own = {
        Topic.TICKETS_EVENTS: triage._decoder,
        Topic.TICKETS_ENRICHED: cases._ENRICHED,
        Topic.TICKETS_DECISIONS: cases._DECISIONS,
        **customers._DECODERS,
        **roster._DECODERS,
        **routing._DECODERS,
    }
    others = {topic: names(decoder) for topic, decoder in TAKEN.items() if topic != Topic.TICKETS_ALERTS}
    assert others == {topic: names(decoder) for topic, decoder in own.items()}


def deep(levels: int) -> Any:
    return {"more": deep(levels - 1)} if levels else 0


@pytest.mark.parametrize(
    ("topic", "kind", "changes", "error"),
    [
        (Topic.TICKETS_ENRICHED, "AgentRostered", {}, UnknownEventType),
        (Topic.TICKETS_WORK, "TicketOpened", {}, UnknownEventType),
        (Topic.TICKETS_LOG, "TicketLogged", {}, UnknownEventType),
        (Topic.TICKETS_WORK, "WorkChanged", {"new": deep(200)}, InvalidBody),
        (Topic.TICKETS_WORK, "WorkChanged", {"new": "x" * 9_000_000}, EventTooLarge),
        (Topic.TICKETS_ENRICHED, "TicketTriaged", {"event": {"body": {}}}, InvalidBody),
        (Topic.TICKETS_ENRICHED, "TicketTriaged", {"event": {"type": "AgentUpdated"}}, UnknownEventType),
    ],
)
def test_what_no_reader_takes_is_refused(
    topic: Topic, kind: str, changes: dict[str, Any], error: type[Exception]
) -> None:
    """Between stages any event of any topic fitted, of any size and depth, whatever an event within it said."""
    body = sample(kind)
    for name, value in changes.items():
        body[name] = {**body[name], **value} if name == "event" else value
    with pytest.raises(error):
        require(topic, kind, body)


def test_between_stages_a_record_is_text_and_its_time_can_be_read() -> None:
    """Neither was looked at there."""
    broken = json.dumps(sample("WorkChanged")).encode()[:-1] + b', "new": "\xff"}'
    with pytest.raises(InvalidBody, match="UTF-8"):
        require(Topic.TICKETS_WORK, "WorkChanged", broken)
    with pytest.raises(NotAnEvent, match="ce_watermark"):
        require(Topic.TICKETS_ENRICHED, "TicketTriaged", sample("TicketTriaged"), ce_watermark="soon")
