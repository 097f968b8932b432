"""A bare loop over confluent-kafka: take up to 256 records, answer them in one call, produce, wait, commit."""

from typing import Any, Final

from confluent_kafka import Consumer, Producer

from tests.bench.peers.work import TIME_HEADER, PeerArguments, Work

_BATCH: Final = 256
_PATIENCE_S: Final = 0.1


def main(given: PeerArguments) -> None:
    """Run until the process is ended."""
    work = Work(given.bundle)
    connection = {"bootstrap.servers": given.bootstrap}
    consumer = Consumer(
        {**connection, "group.id": "bare", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    )
    producer = Producer({**connection, "enable.idempotence": True, "linger.ms": 1})
    consumer.subscribe([given.source])
    while True:
        batch = consumer.consume(_BATCH, timeout=_PATIENCE_S)
        if not batch:
            continue
        records = [(message.value() or b"", _time(message.headers())) for message in batch]
        for message, answer in zip(batch, work.answers(records), strict=True):
            producer.produce(given.target, key=message.key(), value=answer)
        producer.flush()
        consumer.commit(asynchronous=True)


def _time(headers: Any) -> bytes:
    found: bytes = dict(headers)[TIME_HEADER]
    return found


if __name__ == "__main__":
    main(PeerArguments.parsed())
