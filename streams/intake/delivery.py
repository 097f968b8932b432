"""Sends events to Kafka, and lets a coroutine wait for each acknowledgement."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec
import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.errors import PipelineError
from schemas.records.partitioning import partition_for
from schemas.records.topics import OPEN_TO_PRODUCERS, Topic
from streams.broker.clients import idempotent_producer, topic_facts
from streams.foundation.settings import StreamSettings
from streams.foundation.size_limit import EventTooLarge
from streams.intake.checking import Ready
from streams.intake.errors import NotDelivered, TooBusy
from streams.intake.memory import Outcome, Receipt

_log = structlog.get_logger(__name__)
_POLL_S: Final = 0.1
_TOPICS_S: Final = 10.0
_NO_TOPICS_S: Final = 1.0


class TopicPlace(msgspec.Struct, frozen=True):
    """A topic's full name, and how many partitions it has."""

    name: str
    partitions: int


class Sender(Protocol):
    """What the door needs of Kafka."""

    @property
    def problem(self) -> str | None:
        """Why nothing can be sent now; None where it can."""

    def send(self, event: Ready) -> Outcome:
        """Send an event; what becomes of it is known when the broker has acknowledged it. Raises IntakeError."""


class KafkaSender:
    """An idempotent producer of its own, whose word of delivery comes back to the event loop that made it.

    `failed` is called where the producer can send no more, ever: the process must start again.
    """

    def __init__(self, settings: StreamSettings, failed: Callable[[str], object]) -> None:
        self._settings = settings
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._producer: Producer = idempotent_producer(
            settings.model_copy(update={"delivery_timeout_s": settings.intake_timeout_s})
        )
        self._topics: Mapping[Topic, TopicPlace] = {}
        self._stop = threading.Event()
        self.problem: str | None = "Kafka was not asked for its topics yet"
        self._hearing = threading.Thread(target=self._hear_deliveries, name="deliveries", daemon=True)
        self._hearing.start()
        threading.Thread(target=self._watch_topics, name="topics", daemon=True).start()

    def send(self, event: Ready) -> Outcome:
        """Send an event to the partition of its key. Raises NotDelivered, TooBusy or EventTooLarge at once."""
        place = self._topics.get(event.topic)
        if place is None:
            raise NotDelivered(f"nothing can be sent ({self.problem}); send it again, with the same id")
        outcome: Outcome = self._loop.create_future()
        partition = partition_for(event.key.decode(), place.partitions)
        try:
            self._producer.produce(
                place.name,
                key=event.key,
                value=event.value,
                headers=list(event.headers),
                partition=partition,
                on_delivery=lambda error, message: self._delivered(event, outcome, error, message),
            )
        except BufferError as error:
            raise TooBusy("the queue to Kafka is full; send it again later, with the same id", 1) from error
        except KafkaException as error:
            raise _refusal(event, error.args[0]) from error
        return outcome

    def close(self) -> None:
        """Wait for what is under way, but not for the word of topics: without Kafka it takes long."""
        self._producer.flush(self._settings.intake_timeout_s)
        self._stop.set()
        self._hearing.join()

    def _delivered(self, event: Ready, outcome: Outcome, error: KafkaError | None, message: Any) -> None:
        """Hand the broker's word to the loop; called by the thread that hears of deliveries."""
        if error is None:
            receipt = Receipt(
                id=event.id,
                type=event.type,
                topic=message.topic(),
                partition=message.partition(),
                offset=message.offset(),
            )
            self._loop.call_soon_threadsafe(outcome.set_result, receipt)
            return
        self._loop.call_soon_threadsafe(outcome.set_exception, _refusal(event, error))
        if error.fatal():
            self._failed(str(error))

    def _hear_deliveries(self) -> None:
        while not self._stop.is_set():
            self._producer.poll(_POLL_S)

    def _watch_topics(self) -> None:
        """Know the topics as they are: one that was created again may have other partitions."""
        wait_s = 0.0
        while not self._stop.wait(wait_s):
            try:
                self._topics = self._asked()
            except PipelineError as error:
                self._tell(str(error))
            else:
                self._tell(None)
            wait_s = _TOPICS_S if self.problem is None else _NO_TOPICS_S

    def _asked(self) -> dict[Topic, TopicPlace]:
        names = {topic: self._settings.topic_prefix + topic for topic in OPEN_TO_PRODUCERS}
        facts = topic_facts(self._settings, names.values())
        return {topic: TopicPlace(name, facts[name].partitions) for topic, name in names.items()}

    def _tell(self, problem: str | None) -> None:
        if problem != self.problem:
            _log.warning("intake.kafka", problem=problem) if problem else _log.info("intake.kafka_answers")
        self.problem = problem


def _refusal(event: Ready, error: KafkaError) -> PipelineError:
    """Say what a failed delivery means, and what to do."""
    what = f"{event.type} {event.id} was not acknowledged by Kafka ({error.name()}: {error.str()})"
    if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return EventTooLarge(f"{what}; send what it is about, and the rest by a link")
    if "AUTH" in error.name():
        return NotDelivered(f"{what}; check the TICKETYARD_SASL_* and TICKETYARD_SSL_* settings of the door")
    return NotDelivered(f"{what}; send it again with the same id: it counts once")
