"""Who is compared: how each is started, and what is missing where it cannot be."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infra.pipeline import ticketyard
from tests.bench.peers.environment import PYTHON, SETUP_COMMAND
from tests.bench.peers.work import PeerArguments

_FOR_ALL: Final = "make setup"


def _always() -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One process that turns tickets.events into tickets.enriched. `installed` by the command that `install` names."""

    name: str
    what: str
    command: Callable[[PeerArguments], list[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False
    installed: Callable[[], bool] = _always
    install: str = _FOR_ALL


def _module(name: str, python: Path | None = None) -> Callable[[PeerArguments], list[str]]:
    def command(given: PeerArguments) -> list[str]:
        return [str(python or sys.executable), "-m", f"tests.bench.peers.{name}", *given.words()]

    return command


def _triage_worker(_given: PeerArguments) -> list[str]:
    return ticketyard("stream", "triage")


OURS: Final = Candidate(
    name="ours",
    what="ticketyard stream triage, the encoder never left out",
    command=_triage_worker,
    environment={"TICKETYARD_SHRINK_ENCODER": "false"},
    ours=True,
)
GIVING_WAY: Final = Candidate(
    name="ours-giving-way",
    what="the same, the encoder giving way",
    command=_triage_worker,
    environment={"TICKETYARD_SHRINK_ENCODER": "true"},
    ours=True,
)
BARE: Final = Candidate(
    name="bare",
    what="a bare confluent-kafka loop, micro-batches of 256",
    command=_module("bare"),
)
OTHERS: Final = (
    Candidate(
        name="quix",
        what="Quix Streams 3.28, record by record",
        command=_module("quix_rows", PYTHON),
        installed=PYTHON.exists,
        install=SETUP_COMMAND,
    ),
    Candidate(
        name="faust",
        what="Faust as its guide shows",
        command=_module("faust_guide"),
        installed=lambda: find_spec("faust") is not None,
    ),
    Candidate(
        name="spark",
        what="Spark Structured Streaming, mapInPandas, local[1]",
        command=_module("spark_pandas"),
        installed=lambda: find_spec("pyspark") is not None,
    ),
)
