"""Merged tickets: their customers' messages reach the ticket in their place, and merges never form a circle."""

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records.derived import MergeFollowed, TicketTriaged
from schemas.records.events import MessageAdded, TicketMerged, TicketReopened, TicketResolved
from schemas.records.ticket_row import Work
from schemas.vocabulary import FINISHED, Author
from streams.foundation.record import Record
from tests.unit.schemas.ticket_facts import SCORED, minute
from tests.unit.streams.logic_driver import body_of
from tests.unit.streams.stages.cases.merge_yard import yard_of
from tests.unit.streams.ticket_records import enriched


def merge(one: str, other: str, offset: int, at: float) -> Record:
    return enriched(TicketMerged(ticket_id=one, into_ticket_id=other), offset, at=at)


def message(ticket_id: str, offset: int, at: float) -> Record:
    body = MessageAdded(ticket_id=ticket_id, author=Author.CUSTOMER, author_id="C-1", text="Anybody there?")
    return enriched(body, offset, at=at, triage=SCORED)


def test_a_message_on_a_merged_ticket_reaches_the_one_in_its_place() -> None:
    """It was counted on the merged ticket alone once, where nobody looked: the customer was never answered."""
    yard = yard_of("T-1", "T-2", "T-3")
    yard.step([merge("T-1", "T-2", 10, 1), merge("T-2", "T-3", 11, 2)])
    yard.step([enriched(TicketResolved(ticket_id="T-3"), 12, at=3), message("T-1", 13, 4)])
    rows = yard.settle().rows()

    assert [rows[name].customer_messages for name in ("T-1", "T-2", "T-3")] == [1, 1, 1]
    assert [rows[name].work for name in ("T-1", "T-2", "T-3")] == [Work.NONE, Work.NONE, Work.WANTED]
    last = yard.run.log()[-1]
    assert (last.ticket_id, last.event.source, last.triage) == ("T-3", "ticketyard/cases", SCORED)
    assert msgspec.json.decode(last.event.body) == {
        "ticket_id": "T-3",
        "author": "customer",
        "author_id": "C-1",
        "text": "Anybody there?",
    }


def test_a_message_is_sent_on_once_however_often_it_arrives() -> None:
    """The same event again is dropped, and what was sent on again has the same id."""
    yard = yard_of("T-1", "T-2")
    yard.step([merge("T-1", "T-2", 10, 1), message("T-1", 11, 2)])
    sent = list(yard.under_way)
    yard.settle()
    yard.under_way += sent
    yard.step([message("T-1", 11, 2)])

    assert yard.settle().rows()["T-2"].customer_messages == 1


def test_notes_and_replies_on_a_merged_ticket_stay_there() -> None:
    """A help desk's own words about the merge are no first reply to the other ticket."""
    yard = yard_of("T-1", "T-2")
    reply = MessageAdded(ticket_id="T-1", author=Author.AGENT, author_id="A-1", text="Merged into T-2.")
    yard.step([merge("T-1", "T-2", 10, 1), enriched(reply, 11, at=2)])

    assert yard.settle().rows()["T-2"].agent_replies == 0


def test_a_merge_in_a_circle_is_refused_and_logged() -> None:
    """Both tickets were closed once, each in favour of the other, and nobody was left to answer."""
    yard = yard_of("T-1", "T-2")
    yard.step([merge("T-1", "T-2", 10, 1)])
    yard.settle().step([merge("T-2", "T-1", 11, 2)])
    rows = yard.settle().rows()

    assert (rows["T-1"].merged_into, rows["T-2"].merged_into) == ("T-2", None)
    assert (rows["T-2"].work, yard.run.counts["refused_merges"]) == (Work.WANTED, 1)
    refused = yard.run.log()[-1].event
    reason = msgspec.json.decode(refused.body, type=TicketReopened).reason
    assert (refused.type, reason) == ("TicketReopened", "merged in a circle: T-2 > T-1 > T-2")


def test_a_merge_into_itself_is_counted() -> None:
    """The log has it, with a row that it has not changed."""
    yard = yard_of("T-1")
    yard.step([merge("T-1", "T-1", 10, 1)])

    assert (yard.rows()["T-1"].work, yard.run.counts["refused_merges"]) == (Work.WANTED, 1)
    assert (yard.run.log()[-1].event.type, yard.under_way) == ("TicketMerged", [])


def test_a_merge_that_was_undone_goes_no_further() -> None:
    """Nothing is known of a chain that has ended."""
    yard = yard_of("T-1", "T-2")
    yard.step([merge("T-1", "T-2", 10, 1)])
    walking = body_of(yard.under_way[0])
    assert isinstance(walking, MergeFollowed)
    yard.settle()

    assert (yard.under_way, yard.rows()["T-2"].revision) == ([], 1)


NAMES = [f"T-{number}" for number in range(5)]
_merges = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=5, unique_by=lambda m: m[0]
)


@settings(max_examples=150, deadline=None)
@given(_merges, st.randoms(use_true_random=False), st.booleans())
def test_no_circle_stays_and_every_message_reaches_an_open_ticket(
    merges: list[tuple[str, str]], random: Random, slowly: bool
) -> None:
    """Whatever order merges and their walks arrive in, the same merges stand, and lead to a ticket that is open."""
    records = [merge(one, other, 10 + at, 10 + at) for at, (one, other) in enumerate(merges)]
    crossed = list(records)
    random.shuffle(crossed)
    expected, yard = yard_of(*NAMES), yard_of(*NAMES)
    for record in records:
        expected.step([record])
        expected.settle()
    for record in crossed:
        yard.step([record])
        if slowly and yard.under_way:
            yard.deliver(random)
    yard.settle(random)
    stand = {name: row.merged_into for name, row in yard.rows().items()}
    assert stand == {name: row.merged_into for name, row in expected.rows().items()}

    for at, name in enumerate(NAMES):
        yard.step([message(name, 500 + at, 60 + at)])
        yard.settle(random)
        end = name
        for _ in NAMES:
            end = stand[end] or end
        assert stand[end] is None, "a circle"
        row = yard.rows()[end]
        assert row.status not in FINISHED
        assert row.customer_wrote_at == minute(60 + at)


def test_a_triaged_message_keeps_where_it_came_from() -> None:
    """What is sent on names the tickets that it came through, so it never goes round."""
    yard = yard_of("T-1", "T-2")
    yard.step([merge("T-1", "T-2", 10, 1)])
    yard.settle().step([message("T-1", 11, 2)])
    sent = body_of(yard.under_way[-1])

    assert isinstance(sent, TicketTriaged)
    assert (sent.through, sent.ticket_id, sent.origin.topic_id) == (("T-1",), "T-2", "events")
