"""The customers stage by itself: pictures of tickets in, notes and alerts out."""

from datetime import timedelta
from typing import Any

import pytest

from casework.customers.rules import CustomerRules
from schemas.errors import Permanent
from schemas.records.derived.alerts import RepeatContactDetected
from schemas.records.derived.customer_events import CustomerNoted
from schemas.records.events import CustomerUpdated, Event
from schemas.records.topics import Topic
from schemas.vocabulary import Tier
from streams.foundation.record import Record
from streams.stages.customers.partition import CustomersPartition
from tests.unit.casework.customers.pictures_of import DAY, picture
from tests.unit.schemas.ticket_facts import minute
from tests.unit.streams.logic_driver import Driver, id_of, record_of

RULES = CustomerRules.load()


def fresh(rules: CustomerRules = RULES) -> Driver:
    return Driver(CustomersPartition(rules), "customers")


def work(offset: int, *args: Any, **fields: Any) -> Record:
    return record_of(Topic.CUSTOMERS_WORK, picture(*args, **fields), offset=offset)


def updated(offset: int, tier: Tier, at: float = 0.0, customer_id: str = "C-1") -> Record:
    body = CustomerUpdated(customer_id=customer_id, tier=tier)
    return record_of(Topic.CUSTOMERS_EVENTS, body, offset=offset, time=minute(at), arrived=minute(at + 100))


def notes(sent: list[Event]) -> dict[str, CustomerNoted]:
    return {body.ticket_id: body for body in sent if isinstance(body, CustomerNoted)}


def test_a_customers_only_ticket_is_told_nothing() -> None:
    """Most tickets are; a note each would be an event more for every ticket."""
    assert fresh().step([work(1, "T-1")]) == []


def test_each_ticket_is_told_what_is_new_for_it_and_once() -> None:
    """The second ticket is told of the first and the first of the count, and neither again."""
    run = fresh()
    run.step([work(1, "T-1", product="kettle")])
    sent = run.step([work(2, "T-2", 60, product="kettle")])
    found = notes(sent)
    assert (found["T-1"].open_tickets, found["T-1"].repeat_of) == (2, None)
    assert (found["T-2"].open_tickets, found["T-2"].repeat_of) == (2, "T-1")
    assert [made.into_ticket_id for made in found["T-2"].merge_proposals] == ["T-1"]
    assert [body.repeat_of for body in sent if isinstance(body, RepeatContactDetected)] == ["T-1"]
    assert run.step([work(3, "T-2", 60, product="kettle", revision=2)]) == []


def test_a_repeat_is_told_once_however_often_the_label_goes_to_and_fro() -> None:
    """A person corrected the intent and took it back: the lead was called twice about one thing."""
    run = fresh()
    sent = run.step([work(1, "T-1"), work(2, "T-2", 60)])
    for revision in range(2, 6):
        intent = "other" if revision % 2 else "refund_status"
        sent += run.step([work(revision + 1, "T-2", 60, revision=revision, intent=intent)])
    assert [type(body) for body in sent].count(RepeatContactDetected) == 1


def test_an_older_picture_changes_nothing() -> None:
    """A stage that sends its outbox again delivers what was replaced since."""
    run = fresh()
    run.step([work(1, "T-1"), work(2, "T-2", 60, revision=3, open=False)])
    assert run.step([work(3, "T-2", 60, revision=2)]) == []
    assert run.counts["stale"] == 1


def test_the_tier_goes_to_every_ticket_and_the_latest_word_counts() -> None:
    """By event time, but never that of the future; of equal ones the later in the log."""
    run = fresh()
    run.step([work(1, "T-1")])
    assert notes(run.step([updated(2, Tier.GOLD, at=5)]))["T-1"].customer_tier is Tier.GOLD
    assert run.step([updated(3, Tier.SILVER, at=4)]) == []
    assert notes(run.step([updated(4, Tier.BRONZE, at=6)]))["T-1"].customer_tier is Tier.BRONZE
    assert run.step([updated(4, Tier.BRONZE, at=6)]) == [], "delivered again"


def test_what_a_finished_ticket_let_go_of_is_not_said_to_it() -> None:
    """It would be an event more at each end of a ticket."""
    run = fresh()
    run.step([work(1, "T-1", intent="a"), work(2, "T-2", 60)])
    sent = notes(run.step([work(3, "T-2", 60, revision=2, open=False, finished_at=minute(90))]))
    assert {name: note.open_tickets for name, note in sent.items()} == {"T-1": 1}
    again = notes(run.step([work(4, "T-2", 60, revision=3)]))
    assert {name: note.open_tickets for name, note in again.items()} == {"T-1": 2, "T-2": 2}


def test_ten_thousand_tickets_of_a_bulk_sender_cost_what_the_newest_few_cost() -> None:
    """A monitor opened a ticket a minute: state and messages a ticket stay bounded, and what is said is the limit."""
    few = CustomerRules.model_validate(RULES.model_dump() | {"keep_tickets": 8, "count_open_up_to": 4})
    run, longest, tickets = fresh(few), 0, 10_000
    sent: list[Event] = []
    for number in range(tickets):
        sent = run.step([work(number, f"T-{number:05}", number, intent="outage")])
        longest = max(longest, len(sent))
    assert len(run.state) == 8
    assert longest <= 4 + 1, "each of the few open ones, and the alert"
    assert len(run.sent) < 2 * tickets + 10
    last = notes(sent)[f"T-{tickets - 1:05}"]
    assert (last.open_tickets, last.repeat_of) == (4, f"T-{tickets - 2:05}")
    assert run.step([work(tickets, "T-00001", 1, revision=9)]) == []
    assert run.counts["older_tickets"] == 1


def test_the_longest_customer_ids_fit_everywhere() -> None:
    """256 characters of four bytes each: keys of the state escape and name customer and ticket."""
    run = fresh()
    customer = "\U0001f600/%" * 85
    run.step([work(1, "T/1", customer_id=customer), work(2, "T%2", 60, customer_id=customer)])
    run.restart(CustomersPartition(RULES))
    assert notes(run.step([updated(3, Tier.GOLD, customer_id=customer)])).keys() == {"T/1", "T%2"}
    with pytest.raises(Permanent, match=r"customer_id"):
        run.step([updated(4, Tier.GOLD, customer_id="c" * 257)])


def test_a_customer_long_silent_is_forgotten_unless_a_ticket_is_open() -> None:
    """The state would grow by everybody who ever wrote; the tier stays, which another system told once."""
    run = fresh()
    closed = {"open": False, "finished_at": minute(9)}
    run.step([work(1, "T-1", **closed), work(2, "T-2", customer_id="C-2"), updated(3, Tier.GOLD)])
    run.restart(CustomersPartition(RULES))
    run.wait(timedelta(days=RULES.forget_after_days + 1))
    run.step([work(4, "T-9", 400 * DAY, customer_id="C-9")])
    assert sorted(run.state) == ["customer:C-1", "ticket:C-2/T-2", "ticket:C-9/T-9"]
    assert run.counts["forgotten"] == 1


def test_another_table_holds_from_the_next_word_of_a_customer_on() -> None:
    """What was said by the old one is looked at again, and said anew only where it differs."""
    run = fresh()
    run.step([work(1, "T-1", product="k"), work(2, "T-2", 60, product="k"), work(3, "T-3", 61, intent="z")])
    table = RULES.model_dump()
    shy = CustomerRules.model_validate(table | {"version": "2", "merge": table["merge"] | {"at_least": 1.0}})
    run.restart(CustomersPartition(shy))
    found = notes(run.step([updated(4, Tier.GOLD)]))
    assert (found["T-2"].merge_proposals, found["T-2"].rules) == ((), shy.name)
    assert run.step([updated(5, Tier.GOLD, at=1)]) == []


def test_ids_say_what_they_are_of() -> None:
    """Of equal ids the content is equal, also where a stage that was reset hears things in another order."""
    one, other = fresh(), fresh()
    records = [work(1, "T-1"), work(2, "T-2", 60), work(3, "T-3", 120)]
    one.step(records)
    other.step([records[2], *records[:2]])
    said = [(id_of(each), each.value) for run in (one, other) for each in run.sent]
    assert len(set(said)) == len(dict(said))
