"""What a long thread costs, and what each thread policy makes of simulated threads.

From the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/threads.py [BUNDLE]`. Without a bundle it prints,
for threads of 1 to 1,000 customer messages, what triage passes to the model and what an event costs the cases stage;
processor time, not wall time. With one it also scores 1,600 simulated tickets (seeds 78 and 79), about a minute.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.records.events import MessageAdded, TicketOpened
from schemas.records.thread_rule import ThreadRule, answer_of, changes
from schemas.records.topics import Topic
from schemas.taxonomy import load_taxonomy
from schemas.triage import Triage
from schemas.vocabulary import Author
from streams.foundation.record import Record
from streams.foundation.settings import StreamSettings
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.partition import CasesPartition
from streams.stages.triage.thread_memory import ThreadMemory
from streams.steps.step import Step
from tests.unit.schemas.ticket_facts import opened
from tests.unit.streams.logic_driver import PARTITIONS
from tests.unit.streams.ticket_records import enriched, scored
from ticketyard.simulator import SimulationConfig, simulate
from understanding.bundle.bundle import load_bundle
from understanding.scoring.scoring import score

LENGTHS = (1, 10, 100, 1_000)
EVENTS = 4_000
START = datetime(2026, 3, 2, tzinfo=UTC)
VAGUE = (
    "Hello, I have a problem and need some help please.",
    "Hi",
    "Can somebody help me?",
    "Good morning, I have a question about my account.",
    "Urgent!!",
)
Thread = tuple[str, Sequence[Triage]]
"""What a ticket is really about, and what the model says of its texts."""


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def thread(ticket: str, messages: int, rule: ThreadRule, first_offset: int) -> Iterator[tuple[Record, bool]]:
    """Yield a ticket's records as triage passes them on, and whether the model read them."""
    memory = ThreadMemory(rule)
    bodies = [opened(ticket_id=ticket, subject="Where is it?", text="x " * 200)]
    text = "z " * 200
    later = MessageAdded(ticket_id=ticket, author=Author.CUSTOMER, author_id="C-1", text=text)
    for number, body in enumerate([*bodies, *[later] * messages]):
        offset = first_offset + number
        full = memory.is_full(ticket)
        if not full:
            memory.note(ticket, ("crm", f"e-{offset}"))
        yield (enriched if full else scored)(body, offset, at=number), not full


def measure_length(messages: int, rule: ThreadRule) -> None:
    """Print what threads of so many messages cost."""
    tickets = max(1, EVENTS // (messages + 1))
    told = [
        pair
        for number in range(tickets)
        for pair in thread(f"t-{number}", messages, rule, number * (messages + 1))
    ]
    records = [record for record, _ in told]
    partition = CasesPartition(
        Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=180)), thread_rule=rule
    )
    logged = written = 0
    began = time.process_time()
    for first in range(0, len(records), 256):
        step = Step(
            stage="cases", partition=0, number=first, partitions=PARTITIONS, next_offsets={}, now=START
        )
        for record in records[first : first + 256]:
            partition.handle(record, step)
        logged += sum(len(sent.value) for sent in step.outbox if sent.topic is Topic.TICKETS_LOG)
        written += sum(len(value) for value in step.changes.values() if value is not None)
    micros = (time.process_time() - began) / len(records) * 1e6
    read = sum(by_model for _, by_model in told) / tickets
    say(
        f"{messages:>5} messages: {read:>5.0f} texts read by the model; an event costs {micros:.0f} us, "
        f"{logged / len(records):,.0f} bytes of tickets.log, {written / len(records):,.0f} of state"
    )


def simulated(answer: Callable[[Sequence[str]], list[Triage]], seed: int) -> Iterator[Thread]:
    """Yield the threads of 800 simulated tickets; the later messages say nothing of what a ticket is about."""
    texts: dict[str, list[str]] = {}
    truth: dict[str, str] = {}
    for timed in simulate(
        SimulationConfig(tickets=800, duration=timedelta(hours=20)), seed, START, load_taxonomy()
    ):
        event = timed.event
        if isinstance(event, TicketOpened) and timed.truth is not None:
            texts[event.ticket_id] = ["\n".join(part for part in (event.subject, event.text) if part)]
            truth[event.ticket_id] = timed.truth.intent
        elif isinstance(event, MessageAdded) and event.author is Author.CUSTOMER and event.ticket_id in texts:
            texts[event.ticket_id].append(event.text)
    results = iter(answer([text for thread_texts in texts.values() for text in thread_texts]))
    for ticket, own in texts.items():
        yield truth[ticket], [next(results) for _ in own]


def outcome(rule: ThreadRule, threads: Sequence[Thread]) -> str:
    """Return how many threads end with the right intent, and how many changed it on the way."""
    right = changed = 0
    for truth, answers in threads:
        standing = answers[0]
        for later in answers[1:]:
            if later.intent is not None and changes(rule, answer_of(standing), answer_of(later)):
                standing = later
        right += standing.intent == truth
        changed += standing.intent != answers[0].intent
    return f"{right / len(threads):6.1%} right, {changed / len(threads):6.1%} changed"


def measure_policies(bundle: Path) -> None:
    """Print what each policy makes of chatter, of a vague first message, and of a second subject."""
    model = load_bundle(bundle, threads=1)

    def answer(texts: Sequence[str]) -> list[Triage]:
        return [
            triage for first in range(0, len(texts), 64) for triage in score(model, texts[first : first + 64])
        ]

    found = [each for seed in (78, 79) for each in simulated(answer, seed)]
    vague = answer(VAGUE)
    sets: dict[str, list[Thread]] = {
        "chatter": [each for each in found if len(each[1]) > 1],
        "vague first": [(truth, [vague[n % len(vague)], own[0]]) for n, (truth, own) in enumerate(found)],
        "second subject": [(truth, [found[n - 1][1][0], own[0]]) for n, (truth, own) in enumerate(found)],
    }
    rules = [ThreadRule(), *(ThreadRule(policy="confident_change", margin=m) for m in (0, 0.1, 0.2, 0.4))]
    for rule in (*rules, ThreadRule(policy="latest_message")):
        for name, threads in sets.items():
            say(
                f"{rule.policy:<17} margin {rule.margin:.1f}, {name:<14} ({len(threads)}): {outcome(rule, threads)}"
            )


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    rule = StreamSettings().thread_rule
    for messages in LENGTHS:
        measure_length(messages, rule)
    if arguments:
        measure_policies(Path(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
