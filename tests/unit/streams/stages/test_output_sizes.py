"""Whatever an event of the largest size says, all that follows from it fits into its topic, in every stage.

A record that no topic takes stopped a partition for ever: it could neither be passed on nor buried.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from schemas.errors import Permanent
from schemas.records.derived import Origin, RecordDied
from schemas.records.envelope import Envelope, EventError, encode_headers
from schemas.records.events import TICKET_EVENTS
from schemas.records.topics import DERIVED_BYTES, INPUT_BYTES, Topic
from schemas.triage import Triage
from streams.foundation.record import Emission, Record
from streams.foundation.size_limit import HEAD_BYTES, LARGEST_OUTPUT_BYTES, OutputTooLarge, require_size
from streams.stages.cases.clocks import Clocks
from streams.stages.roster.partition import RosterPartition
from streams.stages.routing.partition import RoutingPartition
from streams.stages.triage.intake import arrive, triaged
from streams.steps.state_log import pack
from streams.steps.step import Step, dead_letter, size_of
from tests.contract.event_samples import sample
from tests.unit.schemas.ticket_facts import SCORED
from tests.unit.streams.logic_driver import PARTITIONS, START, Driver
from tests.unit.streams.ticket_records import CasesRun
from understanding.signals.automatic_mail import AutomaticMail

FILLERS = ("x", "\u00e9", "\x01", '"', "\u2028")
"""One byte in JSON, two, six for what JSON must escape, two, and three."""

MAIL = AutomaticMail.load()


def headers(name: str, offset: int) -> Any:
    return encode_headers(Envelope(id=f"{name}-{offset}", type=name, source="crm", time=START))


def record_of(topic: Topic, name: str, value: bytes, offset: int) -> Record:
    origin = Origin(topic_id="t", partition=0, offset=offset, timestamp_ms=int(START.timestamp() * 1000))
    return Record(topic=topic, origin=origin, key=b"k", value=value, headers=headers(name, offset))


def filled(name: str, field: str, filler: str) -> bytes | None:
    """Return the largest event whose `field` holds the filler over and over; None where it takes no such text."""
    body = sample(name)
    room = INPUT_BYTES - len(json.dumps(body)) - 1024
    text = filler * (room // len(json.dumps(filler, ensure_ascii=False).encode()[1:-1]))
    body[field] = {"k": text} if isinstance(body[field], dict) else text
    data = json.dumps(body, ensure_ascii=False).encode()
    assert len(data) <= INPUT_BYTES
    try:
        msgspec.json.decode(data, type=TICKET_EVENTS[name])
    except msgspec.ValidationError:
        return None
    return data


def largest_events(filler: str) -> Iterable[tuple[str, bytes]]:
    for name in TICKET_EVENTS:
        for field, value in sample(name).items():
            data = filled(name, field, filler) if isinstance(value, str | dict) else None
            if data is not None:
                yield name, data


def fits(emissions: Iterable[Emission], state: Mapping[str, bytes]) -> None:
    outbox = list(emissions)
    assert max((size_of(one) for one in outbox), default=0) <= LARGEST_OUTPUT_BYTES
    assert max((len(chunk) for chunk in pack(outbox, 1)), default=0) < DERIVED_BYTES - 1024
    assert max((len(key) + len(value) for key, value in state.items()), default=0) <= LARGEST_OUTPUT_BYTES


def passed_on(record: Record, triage: Triage | None) -> Emission:
    arrived = arrive(record, latest=START + timedelta(days=1), automatic_mail=MAIL)
    step = Step(stage="triage", partition=0, number=1, partitions=PARTITIONS, next_offsets={}, now=START)
    step.emit(Topic.TICKETS_ENRICHED, arrived.ticket_id, triaged(arrived, triage), id="i", time=START)
    return step.outbox[0]


@pytest.mark.parametrize("filler", FILLERS)
def test_what_follows_from_the_largest_ticket_events_fits(filler: str) -> None:
    """Passed on, logged with the rows before and after it, told to a team, and buried with all it has."""
    run = CasesRun(Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=90)))
    count = 0
    for offset, (name, data) in enumerate(largest_events(filler)):
        record = record_of(Topic.TICKETS_EVENTS, name, data, offset)
        require_size(record, INPUT_BYTES)
        enriched = passed_on(record, SCORED)
        inner = Record(
            topic=enriched.topic, origin=record.origin, value=enriched.value, headers=enriched.headers
        )
        seen = len(run.sent)
        run.step([inner])
        letters = [dead_letter("any", one, EventError("no"), PARTITIONS, START) for one in (record, inner)]
        fits([enriched, *run.sent[seen:], *letters], run.state)
        count += 1
    assert count >= 10


@pytest.mark.parametrize("filler", FILLERS)
def test_what_follows_from_the_largest_agents_fits(filler: str) -> None:
    """The roster keeps what an agent said and what the team was told: both, whole."""
    roster, routing = Driver(RosterPartition(), "roster"), Driver(RoutingPartition(), "routing")
    body = sample("AgentUpdated")
    fields: list[Any] = [("skills", {}), ("languages", []), ("specialisations", [])]
    for offset, (field, value) in enumerate(fields):
        number, text = 0, filler * 4
        room = INPUT_BYTES - 1024 - len(json.dumps(body))
        while room > 0:
            entry = f"{number}{text}"
            if isinstance(value, dict):
                value[entry] = 1
            else:
                value.append(entry)
            room -= len(json.dumps(entry, ensure_ascii=False).encode()) + 6
            number += 1
        data = json.dumps({**body, field: value}, ensure_ascii=False, separators=(",", ":")).encode()
        assert INPUT_BYTES // 2 < len(data) <= INPUT_BYTES
        roster.step([record_of(Topic.AGENTS_EVENTS, "AgentUpdated", data, offset)])
        for sent in roster.sent:
            routing.step([Record(topic=sent.topic, origin=ORIGIN, value=sent.value, headers=sent.headers)])
        fits([*roster.sent, *routing.sent], {**roster.state, **routing.state})


ORIGIN = Origin(topic_id="t", partition=0, offset=0, timestamp_ms=0)


def test_what_would_not_fit_is_refused_before_it_is_written() -> None:
    """A stranger may write anything into our own topics; its record then dies alone, and the letter holds its head."""
    step = Step(stage="cases", partition=0, number=1, partitions=PARTITIONS, next_offsets={}, now=START)
    body = RecordDied(
        stage="s", error="e", message="x" * DERIVED_BYTES, topic="t", topic_id="i", partition=0, offset=0,
        timestamp_ms=0, headers=(), value_is_null=False,
    )  # fmt: skip
    with pytest.raises(OutputTooLarge, match="8,372,224 are the most"):
        step.emit(Topic.TICKETS_LOG, "k", body, id="i", time=START)
    with pytest.raises(OutputTooLarge, match="entry k would have"):
        step.put("k", body)
    assert (step.outbox, step.changes) == ([], {})
    assert not issubclass(OutputTooLarge, Permanent), "what it has half done must be thrown away"
    huge = replace(record_of(Topic.TICKETS_ENRICHED, "TicketTriaged", b"x", 7), value=b"y" * DERIVED_BYTES)
    step.die(huge, OutputTooLarge("it would have more"))
    (letter,) = step.outbox
    assert letter.value == b"y" * HEAD_BYTES
    about = msgspec.json.decode(dict(letter.headers)["dead"] or b"", type=RecordDied)
    assert (about.error, about.value_bytes) == ("OutputTooLarge", DERIVED_BYTES)
