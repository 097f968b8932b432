"""The reference of the throughput figures: the same records through a loop that does nothing with them.

Consume, decode, encode, produce, await, with librdkafka in one process: what this machine could do at most, now.
"""

import time

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.settings import CommonSettings
from schemas.topics import Topic

_BATCH = 256


def bare_loop_rate(settings: CommonSettings, records: int) -> float:
    """Return events a second from tickets.events to tickets.alerts, which nothing else uses here."""
    source = settings.topic_prefix + Topic.TICKETS_EVENTS
    target = settings.topic_prefix + Topic.TICKETS_ALERTS
    consumer = Consumer(
        {**settings.confluent_options(), "group.id": "bare-loop", "auto.offset.reset": "earliest"}
    )
    producer = Producer({**settings.confluent_options(), "enable.idempotence": True, "linger.ms": 1})
    consumer.assign([TopicPartition(source, partition, 0) for partition in range(settings.ticket_partitions)])
    done, started = 0, 0.0
    try:
        while done < records:
            batch = consumer.consume(_BATCH, timeout=5.0)
            started = started or time.perf_counter()
            for message in batch:
                assert message.error() is None, str(message.error())
                value = msgspec.json.encode(msgspec.json.decode(message.value() or b"null"))
                producer.produce(target, value=value, partition=message.partition() or 0)
            producer.flush()
            done += len(batch)
        return done / (time.perf_counter() - started)
    finally:
        consumer.close()
