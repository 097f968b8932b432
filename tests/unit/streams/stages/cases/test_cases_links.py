"""Links stand on the tickets at both ends, whoever said them, and both ends agree."""

from random import Random

import pytest

from schemas.records.events import TicketLinked, TicketSplit, TicketUnlinked
from schemas.records.topics import Topic
from schemas.vocabulary import Channel, Relation
from tests.unit.schemas.ticket_facts import SCORED
from tests.unit.streams.stages.cases.merge_yard import yard_of
from tests.unit.streams.ticket_records import enriched

TICKETS = ("T-1", "T-2", "T-3")


def test_a_link_is_told_to_the_other_end_and_goes_no_further() -> None:
    """Each end must see it, and no echo may come back for ever."""
    yard = yard_of("T-1", "T-2")
    body = TicketLinked(ticket_id="T-1", to_ticket_id="T-2", relation=Relation.PROBLEM_OF, linked_by="ana")
    yard.step([enriched(body, 10, at=1)])
    rows = yard.settle().rows()
    assert (rows["T-1"].links, rows["T-2"].links) == (("problem_of:T-2",), ("incident_of:T-1",))
    assert yard.run.counts["told_of_links"] == 1


def test_a_split_is_told_to_the_ticket_that_it_came_from() -> None:
    """Who looks at the old ticket must find where the other half of the conversation went."""
    yard = yard_of("T-1")
    body = TicketSplit(ticket_id="T-2", customer_id="C-1", channel=Channel.EMAIL, from_ticket_id="T-1")
    yard.step([enriched(body, 10, at=1, triage=SCORED)])
    rows = yard.settle().rows()
    assert (rows["T-1"].links, rows["T-2"].links) == (("split_into:T-2",), ("split_from:T-1",))
    assert rows["T-2"].intent == SCORED.intent


@pytest.mark.parametrize("seed", range(20))
def test_both_ends_agree_whatever_order_words_arrive_in(seed: int) -> None:
    """Links and their undoing are said of either end, at any pace: a link is on both tickets or on neither."""
    random = Random(seed)
    yard = yard_of(*TICKETS)
    for offset in range(10, 30):
        one, other = random.sample(TICKETS, 2)
        kind = random.choice((TicketLinked, TicketUnlinked))
        relation = random.choice((Relation.RELATED, Relation.DUPLICATE, Relation.DUPLICATED_BY))
        yard.step([enriched(kind(ticket_id=one, to_ticket_id=other, relation=relation), offset, at=offset)])
        while yard.under_way and random.random() < 0.5:
            yard.deliver(random)
    rows = yard.settle(random).rows()
    counterpart = {"related": "related", "duplicate": "duplicated_by", "duplicated_by": "duplicate"}
    found = {(name, *link.split(":")) for name, row in rows.items() for link in row.links}
    assert {(other, counterpart[relation], name) for name, relation, other in found} == found
    assert found


def test_a_link_to_itself_is_told_to_nobody() -> None:
    """It would come round for ever."""
    yard = yard_of("T-1")
    yard.step(
        [enriched(TicketLinked(ticket_id="T-1", to_ticket_id="T-1", relation=Relation.RELATED), 9, at=1)]
    )
    assert not [sent for sent in yard.run.sent if sent.topic is Topic.TICKETS_ENRICHED]
