"""Faust as its guide shows: an agent that takes one event after another and sends each answer on."""

from collections.abc import AsyncIterable
from typing import Any

import faust

from tests.bench.peers.work import TIME_HEADER, PeerArguments, Work


def app_of(given: PeerArguments) -> faust.App:
    """Return the application; the model is loaded as it is made."""
    work = Work(given.bundle)
    app = faust.App(
        "faust-guide",
        broker=f"kafka://{given.bootstrap}",
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        datadir=given.folder,
    )
    source = app.topic(given.source, key_serializer="raw", value_serializer="raw")
    target = app.topic(given.target, key_serializer="raw", value_serializer="raw")

    @app.agent(source)
    async def triage(stream: Any) -> None:
        events: AsyncIterable[Any] = stream.events()
        async for event in events:
            answer = work.answer(event.value, event.headers[TIME_HEADER])
            await target.send(key=event.key, value=answer)

    return app


if __name__ == "__main__":
    faust.Worker(app_of(PeerArguments.parsed()), loglevel="WARNING").execute_from_commandline()
