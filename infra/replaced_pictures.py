"""Whether what a dead letter says was replaced since by a later record of its topic.

Teams, the roster and customers are told whole pictures, of which a later revision replaces an earlier one; a day after
an end they may have forgotten what came before it. An older picture that is sent back after that would be believed, for
ever: an agent would hold a ticket that has ended.
"""

import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from infra.dead_letters import DeadLetter
from schemas.errors import Permanent, Transient
from schemas.records.derived import AgentHeldElsewhere, WorkChanged
from schemas.records.derived.customer_events import CustomerWorkChanged
from schemas.records.events import Event
from schemas.records.topics import DERIVED_BYTES, Topic
from serving.tail.lenient_records import read_leniently

_PICTURES: Final[Mapping[str, type[Event]]] = {
    Topic.TICKETS_WORK: WorkChanged,
    Topic.AGENTS_HOLDINGS: AgentHeldElsewhere,
    Topic.CUSTOMERS_WORK: CustomerWorkChanged,
}
_SILENCE_S: Final = 30.0


class LetterReplaced(Permanent):
    """What a letter says is no more, or nobody can tell; sending it back could do harm."""


class Picture(NamedTuple):
    """What a record is the whole picture of, and its place among all pictures of that."""

    about: tuple[str, ...]
    revision: tuple[int, int]


def picture_of(topic: str, value: bytes | None) -> Picture | None:
    """Return what a record of a topic pictures; None where it pictures nothing, or cannot be read."""
    kind = _PICTURES.get(topic)
    if kind is None or value is None:
        return None
    try:
        body = msgspec.json.decode(value, type=kind)
    except msgspec.DecodeError:
        return None
    match body:
        case WorkChanged():
            return Picture((body.team, body.ticket_id), (body.life, body.routing_revision))
        case CustomerWorkChanged():
            return Picture((body.customer_id, body.ticket_id), (body.life, body.revision))
        case AgentHeldElsewhere():
            about = (body.agent_id, body.team, body.ticket_id)
            return Picture(about, (body.life, body.routing_revision))
    return None


def require_current(
    client_options: Mapping[str, Any],
    prefix: str,
    letter: DeadLetter,
    value: bytes | None,
    *,
    vouched: bool,
) -> None:
    """Raise LetterReplaced where a later record of its partition replaced what the letter says with `value`.

    Where Kafka has deleted records behind the letter's, those that are left cannot prove that it still holds. Then it
    is raised too, unless a person has `vouched` for the value. A record that replaces it from now on comes behind what
    is sent back, so nothing can be missed in between.
    """
    picture = picture_of(letter.about.topic, value)
    if picture is None:
        return
    place = TopicPartition(prefix + letter.about.topic, letter.about.partition)
    read_leniently()
    consumer = KafkaConsumer(
        **client_options, enable_auto_commit=False, group_id=None, max_partition_fetch_bytes=DERIVED_BYTES
    )
    try:
        consumer.assign([place])
        first = consumer.beginning_offsets([place])[place]
        at = _replaced_at(consumer, place, letter.about.topic, max(first, letter.about.offset + 1), picture)
    except KafkaError as error:
        raise Transient(f"{place.topic}[{place.partition}] cannot be read ({error}); try again") from error
    finally:
        consumer.close()
    if at is not None:
        raise LetterReplaced(
            f"letter {letter.id} was not sent back: {letter.about.topic}[{place.partition}]@{at} has replaced what it "
            "says, and the old picture would be believed"
        )
    if first > letter.about.offset + 1 and not vouched:
        raise LetterReplaced(_untold(letter, first))


def _untold(letter: DeadLetter, first: int) -> str:
    about = letter.about
    return (
        f"letter {letter.id} was not sent back: Kafka has deleted offsets {about.offset + 1} to {first - 1} of "
        f"{about.topic}[{about.partition}], and one of them may have replaced what it says. Look at the view tickets; "
        f"if it still holds, save it by `ticketyard dead show {letter.id} --save FILE` and send it by "
        f"`ticketyard dead replay {letter.id} --value FILE`"
    )


def _replaced_at(consumer: Any, place: Any, topic: str, start: int, picture: Picture) -> int | None:
    end = consumer.end_offsets([place])[place]
    consumer.seek(place, start)
    heard = time.monotonic()
    while consumer.position(place) < end:
        records = consumer.poll(timeout_ms=500).get(place, [])
        if records:
            heard = time.monotonic()
        elif time.monotonic() - heard > _SILENCE_S:
            raise Transient(f"no word of {place.topic}[{place.partition}] for {_SILENCE_S:g} s")
        for record in records:
            later = picture_of(topic, record.value)
            if later is not None and later.about == picture.about and later.revision > picture.revision:
                return int(record.offset)
    return None
