"""Quix Streams as its guide shows: a dataframe that applies a function to one record after another."""

from typing import Any

from quixstreams import Application

from tests.bench.peers.work import TIME_HEADER, PeerArguments, Work


def main(given: PeerArguments) -> None:
    """Run until the process is ended."""
    work = Work(given.bundle)
    app = Application(
        broker_address=given.bootstrap,
        consumer_group="quix",
        auto_offset_reset="earliest",
        auto_create_topics=False,
        state_dir=given.folder,
        loglevel="WARNING",
    )
    source = app.topic(given.source, key_deserializer="bytes", value_deserializer="bytes")
    target = app.topic(given.target, key_serializer="bytes", value_serializer="bytes")

    def answer(value: bytes, _key: object, _timestamp: int, headers: Any) -> bytes:
        return work.answer(value, dict(headers)[TIME_HEADER])

    app.dataframe(source).apply(answer, metadata=True).to_topic(target)
    app.run()


if __name__ == "__main__":
    main(PeerArguments.parsed())
