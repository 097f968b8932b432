"""Links between tickets: the last word by event time counts, however late the others arrive."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.fold.links import MOST_LINKS
from schemas.records.events import TicketLinked, TicketSplit, TicketUnlinked
from schemas.vocabulary import COUNTERPART, Channel, Relation, Status
from tests.unit.schemas.ticket_facts import TICKET, fact, fold_all, open_ticket

Word = tuple[bool, str, Relation]
_words = st.tuples(st.booleans(), st.sampled_from(("T-2", "T-3")), st.sampled_from(tuple(Relation)[:3]))


def linked(
    other: str, relation: Relation = Relation.RELATED, *, stands: bool = True
) -> TicketLinked | TicketUnlinked:
    kind = TicketLinked if stands else TicketUnlinked
    return kind(ticket_id=TICKET, to_ticket_id=other, relation=relation)


def test_a_link_stands_until_it_is_taken_back() -> None:
    """Both words change nothing else of the ticket."""
    row = fold_all(open_ticket(), [fact(linked("T-2", Relation.FOLLOW_UP), 1)])
    assert (row.links, row.status) == (("follow_up:T-2",), Status.NEW)
    assert fold_all(row, [fact(linked("T-2", Relation.FOLLOW_UP, stands=False), 2)]).links == ()
    assert fold_all(row, [fact(linked("T-2", stands=False), 2)]).links == row.links, "another relation"


@settings(max_examples=60, deadline=None)
@given(st.lists(_words, max_size=8), st.randoms(use_true_random=False))
def test_links_do_not_depend_on_the_order_of_arrival(words: list[Word], random: object) -> None:
    """Each word has a time of its own; whatever comes first, the same links stand, and late words are counted."""
    facts = [
        fact(linked(other, relation, stands=stands), at) for at, (stands, other, relation) in enumerate(words)
    ]
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    row, other = fold_all(open_ticket(), facts), fold_all(open_ticket(), shuffled)
    assert (row.links, row.link_times) == (other.links, other.link_times)
    assert row.late_events == 0


def test_a_ticket_is_not_linked_to_itself() -> None:
    """A slip of the hand once made a ticket its own follow-up."""
    assert fold_all(open_ticket(), [fact(linked(TICKET), 1)]).links == ()


def test_a_problem_behind_ten_thousand_tickets_keeps_a_row_of_bounded_size() -> None:
    """Every record of the log carries the row twice; the incidents name the problem themselves."""
    facts = [fact(linked(f"T-{number:0256}", Relation.PROBLEM_OF), number) for number in range(200)]
    row = fold_all(open_ticket(), facts)
    assert len(row.links) == len(row.link_times) == MOST_LINKS
    assert row.links[-1] == f"problem_of:T-{199:0256}", "the newest stay"


def test_a_ticket_split_off_another_is_opened_and_linked() -> None:
    """It is an opening like any other, and says where it comes from."""
    body = TicketSplit(ticket_id=TICKET, customer_id="C-1", channel=Channel.EMAIL, from_ticket_id="T-9")
    row = fold_all(None, [fact(body, 0)])
    assert (row.status, row.customer_id, row.links) == (Status.NEW, "C-1", ("split_from:T-9",))


def test_each_relation_has_its_counterpart() -> None:
    """What a link says here and there must be the two ends of one thing."""
    assert set(COUNTERPART) == set(Relation)
    assert all(COUNTERPART[COUNTERPART[relation]] is relation for relation in Relation)
