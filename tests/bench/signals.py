"""How many microseconds of one core each part of reading a message's signals takes.

Run from the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/signals.py`. It prints CPU time, not wall
time, the best of several rounds, on simulated first messages and, where the public data lie
(TICKETYARD_DATA, ../shared/data if it is not set), on IT tickets and on those of about 40 words.
"""

import csv
import gzip
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from schemas.records.events import TicketOpened
from schemas.taxonomy import load_taxonomy
from schemas.vocabulary import Priority
from ticketyard.simulator.config import SimulationConfig
from ticketyard.simulator.simulation import simulate
from understanding.signals.cleaning.message import clean_message
from understanding.signals.complexity import complexity_of
from understanding.signals.entities.found import scan
from understanding.signals.entities.recognition import find_entities
from understanding.signals.keywords import keywords_of
from understanding.signals.lexicons.words import words_of
from understanding.signals.priority import PriorityFacts, PriorityTable, priority
from understanding.signals.reading import read_signals
from understanding.signals.urgency.indicators import urgency_of

TEXTS: Final = 1500
ROUNDS: Final = 5
NOW: Final = datetime(2026, 3, 18, 12, tzinfo=UTC)


def simulated() -> Iterator[str]:
    """Yield first messages of a simulated operation, subject and text as the stream joins them."""
    config = SimulationConfig(tickets=TEXTS, duration=timedelta(minutes=2))
    for timed in simulate(config, 1, NOW, load_taxonomy()):
        if isinstance(timed.event, TicketOpened):
            yield "\n".join(filter(None, (timed.event.subject, timed.event.text)))


def it_tickets() -> list[str]:
    """Return IT tickets from all over the public file; none where it is not there."""
    folder = Path(os.environ.get("TICKETYARD_DATA", "../shared/data")) / "it_service_tickets"
    for path in folder.glob("*.csv.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return [row["Document"] for row in islice(csv.DictReader(file), 0, None, 30)]
    return []


def microseconds(part: Callable[[int], object], texts: int) -> float:
    """Return the mean CPU time of one call, of the fastest of several rounds over all texts."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for number in range(texts):
            part(number)
        best = min(best, time.process_time() - started)
    return best / texts * 1e6


def parts(texts: Sequence[str]) -> Iterator[tuple[str, Callable[[int], object]]]:
    """Yield each part by name, as a call on the number of a text."""
    messages = [clean_message(text) for text in texts]
    scans = [scan(message.text) for message in messages]
    words = [words_of(scanned.lower) for scanned in scans]
    found = [find_entities(*pair, NOW.date()).found for pair in zip(scans, words, strict=True)]
    table, facts = (
        PriorityTable.load(),
        PriorityFacts(base=Priority.MEDIUM, urgency=0.6, indicators=("urgent",)),
    )
    yield "clean_message", lambda n: clean_message(texts[n])
    yield "scan and words", lambda n: words_of(scan(messages[n].text).lower)
    yield "entities", lambda n: find_entities(scans[n], words[n], NOW.date())
    yield "urgency", lambda n: urgency_of(messages[n].text, words[n])
    yield "complexity", lambda n: complexity_of(messages[n].text, words[n], found[n])
    yield "keywords", lambda n: keywords_of(words[n].tokens)
    yield "priority", lambda _: priority(table, facts)
    yield "read_signals, whole", lambda n: read_signals(texts[n], now=NOW)


def report(name: str, texts: Sequence[str]) -> None:
    """Print one table."""
    mean = sum(len(text.split()) for text in texts) / len(texts)
    sys.stdout.write(f"{name}: {len(texts)} texts of {mean:.0f} words\n")
    for part, call in parts(texts):
        sys.stdout.write(f"  {part:<22}{microseconds(call, len(texts)):8.1f} us\n")


def main() -> None:
    """Measure each source of texts that is there."""
    report("simulated", list(simulated()))
    tickets = it_tickets()
    if tickets:
        report("IT tickets", tickets)
        report("IT tickets of 35 to 45 words", [text for text in tickets if 35 <= len(text.split()) <= 45])


if __name__ == "__main__":
    main()
