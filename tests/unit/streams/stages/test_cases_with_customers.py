"""Cases and customers together: whatever is killed, late or sent twice, rows end with what is true of the customer."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.fold import fact_of
from schemas.records.derived.alerts import RepeatContactDetected
from schemas.records.events import (
    CustomerUpdated,
    LabelCorrected,
    MergeUndone,
    MessageAdded,
    TicketClosed,
    TicketEvent,
    TicketMerged,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from schemas.vocabulary import FINISHED, Author, Channel, Tier
from tests.unit.schemas.ticket_facts import SCORED, minute, opened
from tests.unit.streams.logic_driver import body_of
from tests.unit.streams.stages.customers_yard import CLOCKS, RULES, Yard, known_of

CUSTOMERS = ("C-1", "C-2")
TICKETS = tuple(f"T-{number}" for number in range(6))
Told = tuple[str, TicketEvent]

_ticket = st.sampled_from(TICKETS)
_bodies: st.SearchStrategy[TicketEvent] = st.one_of(
    st.builds(TicketResolved, ticket_id=_ticket),
    st.builds(TicketClosed, ticket_id=_ticket),
    st.builds(TicketReopened, ticket_id=_ticket),
    st.builds(TicketMerged, ticket_id=_ticket, into_ticket_id=_ticket),
    st.builds(MergeUndone, ticket_id=_ticket),
    st.builds(LabelCorrected, ticket_id=_ticket, intent=st.sampled_from(("x", "refund_status"))),
    st.builds(TicketUpdated, ticket_id=_ticket, customer_tier=st.sampled_from(list(Tier))),
    st.builds(MessageAdded, ticket_id=_ticket, author=st.just(Author.CUSTOMER), author_id=st.just("P")),
)
_updates = st.builds(
    CustomerUpdated, customer_id=st.sampled_from(CUSTOMERS), tier=st.sampled_from(list(Tier))
)
lives = st.lists(st.one_of(_bodies, _bodies, _updates), max_size=12)


def _play(life: list[TicketEvent | CustomerUpdated], random: Random, *, dying: float) -> Yard:
    """Open six tickets of two customers and let the life happen, with deliveries at any moment in between."""
    yard = Yard(random, dying=dying)
    for number, name in enumerate(TICKETS):
        first = opened(
            ticket_id=name,
            customer_id=CUSTOMERS[number % 2],
            product="kettle" if number > 2 else None,
            customer_tier=Tier.SILVER if number == 1 else None,
        )
        yard.publish(first, number, SCORED)
    for at, body in enumerate(life, start=10):
        if isinstance(body, CustomerUpdated):
            yard.update(body, at)
        else:
            yard.publish(body, at)
        while random.random() < 0.5 and yard.deliver():
            pass
    return yard.settle()


@settings(max_examples=60, deadline=None)
@given(lives, st.randoms(use_true_random=False))
def test_rows_end_with_what_is_true_however_messages_travel(
    life: list[TicketEvent | CustomerUpdated], random: Random
) -> None:
    """With kills, repetitions and any interleaving, each row knows what a look at all rows together says."""
    rows = _play(life, random, dying=0.1).rows()
    tiers = {
        body.customer_id: body.tier for body in life if isinstance(body, CustomerUpdated)
    }  # each later than the one before
    for row in rows.values():
        others = sorted(
            (other for other in rows.values() if other.customer_id == row.customer_id),
            key=lambda other: (other.opened_at, other.ticket_id),
        )
        count = sum(other.status not in FINISHED for other in others)
        assert row.open_tickets_of_customer == (0 if row.status in FINISHED else count)
        assert row.repeat_of == _repeated(row, others)
        told = tiers.get(row.customer_id or "") or _by_tickets(others)
        assert row.customer_tier == (row.customer_tier if not row.tier_noted and row.customer_tier else told)


def _repeated(row: TicketRow, others: list[TicketRow]) -> str | None:
    earlier = [
        other.ticket_id
        for other in others
        if (other.opened_at, other.ticket_id) < (row.opened_at, row.ticket_id)
        and other.intent == row.intent
        and other.merged_into != row.ticket_id
        and row.merged_into != other.ticket_id
    ]
    return earlier[-1] if earlier else None


def _by_tickets(others: list[TicketRow]) -> Tier | None:
    stated = [other.customer_tier for other in others if not other.tier_noted and other.customer_tier]
    return stated[-1] if stated else None


@settings(max_examples=40, deadline=None)
@given(lives, st.randoms(use_true_random=False), st.randoms(use_true_random=False))
def test_any_two_runs_of_the_same_events_end_with_the_same_rows(
    life: list[TicketEvent | CustomerUpdated], one: Random, other: Random
) -> None:
    """What is known of a customer, proposals and their reasons too, does not depend on the pace of anything."""
    calm, wild = _play(life, one, dying=0.0).rows(), _play(life, other, dying=0.3).rows()
    assert {name: known_of(row) for name, row in calm.items()} == {
        name: known_of(row) for name, row in wild.items()
    }


@settings(max_examples=40, deadline=None)
@given(lives, st.randoms(use_true_random=False))
def test_a_repeat_is_an_alert_once_and_nothing_is_a_dead_letter(
    life: list[TicketEvent | CustomerUpdated], random: Random
) -> None:
    """tickets.alerts names each pair of tickets at most once in a run, under ids that never say two things."""
    yard = _play(life, random, dying=0.2)
    alerts = [body_of(sent) for sent in yard.cases.sent if sent.topic is Topic.TICKETS_ALERTS]
    pairs = [(body.ticket_id, body.repeat_of) for body in alerts if isinstance(body, RepeatContactDetected)]
    assert len(pairs) == len(set(pairs))
    assert yard.cases.dead() == []


@settings(max_examples=40, deadline=None)
@given(lives, st.randoms(use_true_random=False))
def test_the_log_folds_again_to_the_same_rows(
    life: list[TicketEvent | CustomerUpdated], random: Random
) -> None:
    """Notes are events of the log like any other, so whoever folds it with the same table gets the same rows."""
    for before, entry in _play(life, random, dying=0.2).cases.folds():
        assert CLOCKS.rules.fold(before, fact_of(entry)) == entry.after


def test_notes_move_neither_the_customers_clock_nor_the_life_of_a_ticket() -> None:
    """A note is no event from outside: the time of the last one decides when a ticket retires."""
    yard = Yard(Random(1), dying=0)
    yard.publish(opened(ticket_id="T-1"), 0, SCORED)
    yard.publish(TicketResolved(ticket_id="T-1"), 1)
    yard.publish(replace(opened(ticket_id="T-2"), channel=Channel.PHONE), 60, SCORED)
    yard.settle()
    yard.update(CustomerUpdated(customer_id="C-1", tier=Tier.GOLD), 90)
    rows = yard.settle().rows()
    assert (rows["T-1"].last_event_at, rows["T-2"].last_event_at) == (minute(1), minute(60))
    assert (rows["T-1"].status in FINISHED, rows["T-1"].customer_tier) == (True, Tier.GOLD)
    assert RULES.name == rows["T-2"].customer_rules
    assert rows["T-2"].repeat_of == "T-1"
    assert rows["T-2"].merge_proposals == ()


def test_a_note_about_a_ticket_that_is_not_kept_begins_no_row() -> None:
    """A note from before a reset, or about a ticket that has retired, would open a ticket that nobody knows."""
    yard = Yard(Random(1), dying=0)
    yard.publish(opened(ticket_id="T-1"), 0, SCORED)
    yard.publish(opened(ticket_id="T-2"), 1, SCORED)
    yard.cases = type(yard.cases)(yard.cases._clocks)
    yard.settle()
    assert yard.rows() == {}
    assert yard.cases.counts["stale_notes"] == 3, "two notes and an alert"
