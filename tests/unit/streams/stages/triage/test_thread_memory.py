"""What triage remembers of threads saves scoring and changes no ticket."""

import tracemalloc
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from schemas.records.derived import TicketTriaged
from schemas.records.envelope import encode_body
from schemas.records.events import MessageAdded, TicketEvent, TicketOpened, TicketReopened, TicketResolved
from schemas.records.thread_rule import ThreadRule
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import INPUT_BYTES, Topic
from schemas.triage import Triage
from schemas.vocabulary import Author, Channel
from streams.foundation.fault_points import never
from streams.foundation.metrics import StageMetrics
from streams.foundation.record import Emission, Record, TopicRole
from streams.stages.cases.clocks import Clocks
from streams.stages.triage.engine import TriageEngine
from streams.stages.triage.models.deployment import TicketMessage
from streams.stages.triage.source_watermark import SourceWatermark
from streams.stages.triage.thread_memory import ThreadMemory
from streams.steps.input_order import InputOrder
from tests.unit.schemas.ticket_facts import SCORED, UNSCORED, minute
from tests.unit.streams.logic_driver import PARTITIONS, NoPositions, body_of, record_of
from tests.unit.streams.stages.triage.watched_models import Clock, new_budget
from tests.unit.streams.ticket_records import CasesRun, at_offset, enriched
from understanding.signals.automatic_mail import AutomaticMail

ROLES = {"tickets.events": TopicRole(topic=Topic.TICKETS_EVENTS, topic_id="t")}
RULE = ThreadRule(policy="latest_message", messages=3)
ANSWERS: dict[str, Triage] = {
    "": UNSCORED,
    "a": SCORED,
    "b": replace(SCORED, intent="card_lost", team="cards", confidence=0.99),
    "c": replace(SCORED, intent="loan", team="loans", confidence=0.95),
}


class Triaging:
    """A partition of triage over a model that knows a few texts; `scored` counts what the model was asked."""

    def __init__(self, memory: ThreadMemory) -> None:
        self.scored = 0
        self._sent: list[Emission] = []
        metrics = StageMetrics("triage", CollectorRegistry())
        self._engine = TriageEngine(
            partition=0,
            order=InputOrder(partition=0, roles=ROLES, positions=NoPositions(), metrics=metrics),
            outbox=self,  # type: ignore[arg-type]  # a fake with the same method
            positions=NoPositions(),
            partitions=PARTITIONS,
            models=self,  # type: ignore[arg-type]  # as above
            scoring=self,  # type: ignore[arg-type]  # as above
            budget=new_budget(Clock()),
            metrics=metrics,
            watermark=SourceWatermark(clock_mode="event", interval_s=1e9, grace_s=0),
            threads=memory,
            clock=lambda: minute(1000),
            caught_up=lambda _partition, _offset: False,
            future_skew_s=300,
            largest_event_bytes=INPUT_BYTES,
            automatic_mail=AutomaticMail.load(),
            reached=never,
        )
        self._engine.open()

    def wait(self, timeout_s: float) -> bool:
        """Say that there is a model."""
        return bool(timeout_s)

    def score(self, messages: Sequence[TicketMessage]) -> list[Triage]:
        """Answer as the table says."""
        self.scored += len(messages)
        return [ANSWERS[message.said.text or ""] for message in messages]

    def send(self, emissions: Sequence[Emission]) -> None:
        """Keep what was sent."""
        self._sent += emissions

    def pass_on(self, steps: Sequence[Sequence[Record]]) -> list[Record]:
        """Return the records of tickets.enriched that these steps lead to."""
        for records in steps:
            self._engine.step(records)
        bodies = [body for sent in self._sent if isinstance(body := body_of(sent), TicketTriaged)]
        return [_enriched(body, offset) for offset, body in enumerate(bodies)]


def _enriched(body: TicketTriaged, offset: int) -> Record:
    record = enriched(TicketResolved(ticket_id=body.ticket_id), offset)
    return replace(record, value=encode_body(body))


def written(text: str, ticket: str = "T-1") -> MessageAdded:
    """Return a customer's message."""
    return MessageAdded(ticket_id=ticket, author=Author.CUSTOMER, author_id="C-1", text=text)


def opened(text: str, ticket: str = "T-1") -> TicketOpened:
    """Return an opening."""
    return TicketOpened(ticket_id=ticket, customer_id="C-1", channel=Channel.EMAIL, text=text)


def records(bodies: Sequence[TicketEvent]) -> list[Record]:
    """Return events as triage reads them, a minute apart."""
    return [
        record_of(Topic.TICKETS_EVENTS, body, offset=number, time=minute(number))
        for number, body in enumerate(bodies)
    ]


def test_a_long_thread_is_scored_so_often_and_no_oftener() -> None:
    """The opening and two messages; after a reopening three again; texts without words do not count."""
    long = [opened("a"), written(""), *[written("b")] * 50]
    triaging = Triaging(ThreadMemory(RULE))
    triaging.pass_on(
        [[record] for record in records([*long, TicketReopened(ticket_id="T-1"), *[written("c")] * 50])]
    )
    assert triaging.scored == 1 + 1 + 2 + 3


def test_a_thread_of_which_only_the_first_text_counts_is_scored_once() -> None:
    """Under first_message no later text can matter."""
    triaging = Triaging(ThreadMemory(ThreadRule(policy="first_message")))
    triaging.pass_on([[record] for record in records([opened("a"), *[written("b")] * 9])])
    assert triaging.scored == 1


def test_the_tickets_with_the_newest_messages_are_remembered() -> None:
    """Memory has an end; a ticket that fell out of it is scored again."""
    memory = ThreadMemory(ThreadRule(policy="first_message"), tickets=2)
    for ticket in ("T-1", "T-2", "T-1", "T-3"):
        memory.note(ticket, ("crm", ticket))
    assert len(memory) == 2
    assert [memory.is_full(ticket) for ticket in ("T-1", "T-2", "T-3")] == [True, False, True]


def test_a_text_that_is_sent_again_counts_once() -> None:
    """Also behind a reopening: the cases stage drops it, so it must not use up what others may need."""
    memory = ThreadMemory(ThreadRule(policy="latest_message", messages=2))
    for event in ("e-1", "e-1"):
        memory.note("T-1", ("crm", event))
    assert not memory.is_full("T-1")
    memory.note("T-1", ("crm", "e-2"))
    assert memory.is_full("T-1")
    memory.start_anew("T-1")
    for event in ("e-1", "e-2", "e-3"):
        memory.note("T-1", ("crm", event))
    assert not memory.is_full("T-1")


def test_what_is_known_of_a_ticket_has_an_end() -> None:
    """A ticket that was resolved and written to again and again once added a hash a message without an end."""

    def allocated(rounds: int) -> int:
        memory = ThreadMemory(ThreadRule(policy="latest_message", messages=2))
        tracemalloc.start()
        for number in range(rounds):
            memory.note("T-1", ("crm", f"e-{number}"))
            memory.start_anew("T-1")
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size

    assert allocated(2_000) < 10_000  # bytes; one hash is 36 and its place in a table as much again


def test_a_ticket_that_is_written_to_is_remembered_also_beyond_its_limit() -> None:
    """A running mail loop was once the oldest of its partition: busy neighbours evicted it, so it cost again."""
    memory = ThreadMemory(RULE, tickets=2)
    triaging = Triaging(memory)
    loop = [opened("a"), *[written("b")] * 5]
    neighbours = [opened("a", "T-2"), written("b"), opened("a", "T-3"), written("b"), opened("a", "T-4")]
    triaging.pass_on([[record] for record in records([*loop, *neighbours, written("b")])])
    assert triaging.scored == 3 + 3
    assert memory.is_full("T-1")


def test_a_text_beyond_the_limit_that_is_sent_again_counts_as_little() -> None:
    """It was not known, as it was not scored: behind a reopening it once used up what the next message needed."""
    bodies = [opened("a"), written("b"), written("c"), TicketReopened(ticket_id="T-1"), written("c")]
    first = records([*bodies, written("b"), written("c")])
    sent = [*first[:4], at_offset(first[2], 4), *[at_offset(first[number], number) for number in (5, 6)]]
    rule = ThreadRule(policy="latest_message", messages=2)
    limited, unlimited = Triaging(ThreadMemory(rule)), Triaging(ThreadMemory(_UNLIMITED))
    steps = [[record] for record in sent]
    assert _rows(limited.pass_on(steps), rule) == _rows(unlimited.pass_on(steps), rule)


_tickets = st.sampled_from(("T-1", "T-2"))
_bodies: st.SearchStrategy[TicketEvent] = st.one_of(
    st.builds(written, st.sampled_from(sorted(ANSWERS)), _tickets),
    st.builds(written, st.sampled_from("abc"), _tickets),
    st.builds(opened, st.sampled_from(sorted(ANSWERS)), _tickets),
    st.builds(TicketResolved, ticket_id=_tickets),
    st.builds(TicketReopened, ticket_id=_tickets),
)
_policies = st.sampled_from(("first_message", "confident_change", "latest_message"))


_lives = st.lists(_bodies, min_size=4, max_size=24)
_UNLIMITED = ThreadRule(policy="latest_message", messages=10**6)


@settings(max_examples=30, deadline=None)
@given(_lives, _policies, st.sets(st.integers(0, 24)))
def test_no_ticket_depends_on_what_triage_remembers(
    bodies: list[TicketEvent], policy: str, cuts: set[int]
) -> None:
    """Remembering everything, hardly anything or nothing gives the same rows."""
    rule = ThreadRule(policy=policy, messages=2)  # type: ignore[arg-type]  # one of the policies
    steps = _steps(records(bodies), cuts)
    memories = [ThreadMemory(rule), ThreadMemory(rule, tickets=1), ThreadMemory(_UNLIMITED)]
    rows = [_rows(Triaging(memory).pass_on(steps), rule) for memory in memories]
    assert rows[0] == rows[1] == rows[2]


@settings(max_examples=30, deadline=None)
@given(
    _lives,
    _policies,
    st.sets(st.integers(0, 24)),
    st.lists(st.tuples(st.integers(0, 23), st.integers(0, 3)), max_size=4),
)
def test_records_that_are_sent_again_use_up_nothing(
    bodies: list[TicketEvent], policy: str, cuts: set[int], again: list[tuple[int, int]]
) -> None:
    """Whatever comes twice while it is remembered, the rows are those that scoring every text would give."""
    rule = ThreadRule(policy=policy, messages=2)  # type: ignore[arg-type]  # one of the policies
    order = list(range(len(bodies)))
    for first, later in again:
        newer = min(later, 2 * rule.most_scored - 1)
        order.insert(order.index(first % len(bodies)) + 1 + newer, first % len(bodies))
    sent = records(bodies)
    steps = _steps([at_offset(sent[number], offset) for offset, number in enumerate(order)], cuts)
    limited, unlimited = ThreadMemory(rule), ThreadMemory(_UNLIMITED)
    assert _rows(Triaging(limited).pass_on(steps), rule) == _rows(Triaging(unlimited).pass_on(steps), rule)


def _steps(arrived: Sequence[Record], cuts: set[int]) -> list[list[Record]]:
    steps: list[list[Record]] = [[]]
    for number, record in enumerate(arrived):
        steps[-1].append(record)
        if number in cuts:
            steps.append([])
    return steps


def _rows(enriched_records: list[Record], rule: ThreadRule) -> list[TicketRow]:
    run = CasesRun(Clocks(retire_after=timedelta(days=30), forget_after=timedelta(days=90)), rule)
    run.step(enriched_records)
    return [entry.after for entry in run.log()]
