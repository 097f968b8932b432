"""Whether what a dead letter says was replaced since by a later record of its topic.

Teams, the roster and customers are told whole pictures, of which a later revision replaces an earlier one; a day after
an end they may have forgotten what came before it. An older picture that is sent back after that would be believed, for
ever: an agent would hold a ticket that has ended.
"""

from collections.abc import Mapping
from contextlib import closing
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import Consumer, TopicPartition

from schemas.errors import Permanent
from schemas.records.derived import AgentHeldElsewhere, WorkChanged
from schemas.records.derived.customer_events import CustomerWorkChanged
from schemas.records.events import Event
from schemas.records.topics import Topic
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.reading import bounds, to_the_end

_PICTURES: Final[Mapping[str, type[Event]]] = {
    Topic.TICKETS_WORK: WorkChanged,
    Topic.AGENTS_HOLDINGS: AgentHeldElsewhere,
    Topic.CUSTOMERS_WORK: CustomerWorkChanged,
}


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
    consumer: Consumer, prefix: str, letter: DeadLetter, value: bytes | None, *, vouched: bool
) -> None:
    """Raise LetterReplaced where a later record of its partition replaced what the letter says with `value`.

    Where Kafka has deleted records behind the letter's, those that are left cannot prove that it still holds. Then it
    is raised too, unless a person has `vouched` for the value. A record that replaces it from now on comes behind what
    is sent back, so nothing can be missed in between.
    """
    about = letter.about
    picture = picture_of(about.topic, value)
    if picture is None:
        return
    place = TopicPartition(prefix + about.topic, about.partition)
    first, _end = bounds(consumer, place)
    at = _replaced_at(consumer, place, about.topic, max(first, about.offset + 1), picture)
    if at is not None:
        raise LetterReplaced(
            f"letter {letter.id} was not sent back: {about.topic}[{about.partition}]@{at} has replaced what it "
            "says, and the old picture would be believed"
        )
    if first > about.offset + 1 and not vouched:
        raise LetterReplaced(_untold(letter, first))


def _untold(letter: DeadLetter, first: int) -> str:
    about = letter.about
    return (
        f"letter {letter.id} was not sent back: Kafka has deleted offsets {about.offset + 1} to {first - 1} of "
        f"{about.topic}[{about.partition}], and one of them may have replaced what it says. Look at the view tickets; "
        f"if it still holds, save it by `ticketyard dead show {letter.id} --save FILE` and send it by "
        f"`ticketyard dead replay {letter.id} --value FILE`"
    )


def _replaced_at(
    consumer: Consumer, place: TopicPartition, topic: str, start: int, picture: Picture
) -> int | None:
    with closing(to_the_end(consumer, TopicPartition(place.topic, place.partition, start))) as messages:
        for message in messages:
            later = picture_of(topic, message.value())
            if later is not None and later.about == picture.about and later.revision > picture.revision:
                return int(message.offset())
    return None
