"""What the server and a process that answers SQL say to each other, over two pipes.

The server opens with `Opening`. Before a question it brings the process up to the moment that it saw itself: one
`CatchUp`, any number of `TailRows`, then `Reached`. The process answers `Opening`, `Reached` and `Question`.
"""

from datetime import datetime
from typing import Any, BinaryIO

import msgspec

from serving.foundation.runs import Run
from serving.foundation.state import ServedState


class Opening(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How a process shall work; `memory_bytes` is its DuckDB's, `spill_size` what that may put on disk."""

    views: str
    spill: str
    spill_size: str
    threads: int
    memory_bytes: int
    timeout_s: float
    catch_up_s: float
    row_cap: int
    stale_after_s: float


class CatchUp(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """TailRows will follow. Where `anew`, forget what is there and begin at the boundary of `run`, if there is one."""

    anew: bool
    run: Run | None


class TailRows(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """TailRows of a base view as an Arrow IPC stream, of the tail's and not yet in the process."""

    view: str
    table: bytes


class Reached(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All rows are there; `state` describes them."""

    state: ServedState


class Question(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A statement, its parameters, the form of the answer and the time at which it is asked."""

    sql: str
    params: list[Any] | dict[str, Any]
    as_arrow: bool
    now: datetime


class Interrupt(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Stop the statement that runs: whoever asked has left."""


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The process is open, or has caught up."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The whole answer, encoded: the server only passes it on."""

    body: bytes
    media_type: str
    headers: dict[str, str] = {}


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Why there is no answer: the name of a ServingError, and its sentence."""

    kind: str
    message: str


ToProcess = Opening | CatchUp | TailRows | Reached | Question | Interrupt
FromProcess = Ready | Reply | Failure

TO_PROCESS: msgspec.msgpack.Decoder[ToProcess] = msgspec.msgpack.Decoder(ToProcess)
FROM_PROCESS: msgspec.msgpack.Decoder[FromProcess] = msgspec.msgpack.Decoder(FromProcess)
_LENGTH_BYTES = 8


def write_message(pipe: BinaryIO, message: ToProcess | FromProcess) -> None:
    """Write a message and its length."""
    body = msgspec.msgpack.encode(message)
    pipe.write(len(body).to_bytes(_LENGTH_BYTES))
    pipe.write(body)
    pipe.flush()


def read_message(pipe: BinaryIO) -> bytes | None:
    """Return the next message's bytes, or None where the other side has ended."""
    head = pipe.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(head)
    body = pipe.read(length)
    return body if len(body) == length else None
