"""What every peer does with a record besides moving it: read the event, understand its text, write the result."""

import argparse
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec

from schemas.triage import Triage
from schemas.vocabulary import Author, Tier
from understanding.bundle.bundle import load_bundle
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage, understand

TIME_HEADER: Final = "ce_time"


class PeerArguments(NamedTuple):
    """What a peer is started with: Kafka, its two topics, the bundle, a folder of its own, Spark's archives."""

    bootstrap: str
    source: str
    target: str
    bundle: Path
    folder: Path
    jars: Path

    @classmethod
    def parsed(cls) -> Self:
        """Read the command line."""
        parser = argparse.ArgumentParser()
        for name, kind in cls.__annotations__.items():
            parser.add_argument(f"--{name}", type=kind, required=True)
        return cls(**vars(parser.parse_args()))

    def words(self) -> list[str]:
        """Return them as a command line."""
        return [word for name, value in self._asdict().items() for word in (f"--{name}", str(value))]


class Body(msgspec.Struct):
    """What a peer reads of any event's body."""

    ticket_id: str
    subject: str | None = None
    text: str | None = None
    author: Author | None = None
    public: bool = True
    customer_tier: Tier | None = None


class _Answer(msgspec.Struct):
    ticket_id: str
    triage: Triage | None


class Work:
    """One process's model, and its answers."""

    def __init__(self, bundle: Path) -> None:
        self._bundle = load_bundle(bundle, threads=1)
        self._priorities = PriorityTable.load()
        self._decoder = msgspec.json.Decoder(Body)

    def answers(self, records: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Return the answer to each (body, time of the event), in order; one without a text is passed on."""
        bodies = [self._decoder.decode(body) for body, _ in records]
        said = [said_in(body, time) for body, (_, time) in zip(bodies, records, strict=True)]
        results = iter(
            understand(
                self._bundle,
                [message for message in said if message is not None],
                priorities=self._priorities,
            )
        )
        return [
            msgspec.json.encode(_Answer(body.ticket_id, None if message is None else next(results)))
            for body, message in zip(bodies, said, strict=True)
        ]

    def answer(self, body: bytes, time: bytes) -> bytes:
        """Return the answer to one record."""
        return self.answers([(body, time)])[0]


@cache
def work_of(bundle: Path) -> Work:
    """Return the one model of this process, loaded by the first call."""
    return Work(bundle)


def said_in(body: Body, time: bytes) -> CustomerMessage | None:
    """Return what a customer says in an event, None where it is not a customer's message."""
    if not body.text or not body.public or body.author is Author.AGENT:
        return None
    text = "\n".join(part for part in (body.subject, body.text) if part)
    return CustomerMessage(text, datetime.fromisoformat(time.decode()), body.customer_tier)
