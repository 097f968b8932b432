"""What a ticket is to know of its customer's other tickets."""

from typing import Any

import pytest

from casework.customers.likeness import proposal
from casework.customers.noting import Known, notes, repeat_contact
from casework.customers.rules import CustomerRules
from casework.customers.texts import subject_words
from schemas.records.derived.customer_events import CustomerNoted, CustomerWorkChanged
from schemas.vocabulary import Channel, Tier
from tests.unit.casework.customers.pictures_of import DAY, picture
from tests.unit.schemas.ticket_facts import minute

RULES = CustomerRules.load()


def noted(*tickets: CustomerWorkChanged, tier: Tier | None = None) -> dict[str, CustomerNoted]:
    return {note.ticket_id: note for note in notes(Known(tier, tickets), RULES, {}, None)}


def test_a_contact_after_a_resolution_by_another_channel_is_a_repeat() -> None:
    """The customer was told that all is well, and rings up: nobody saw that it is the same matter."""
    solved = picture("T-1", open=False, finished_at=minute(60))
    again = picture("T-2", 3 * DAY, channel=Channel.PHONE)
    found = repeat_contact(again, [solved], RULES)
    assert found is not None
    assert (found.repeat_of, found.contacts, found.after_resolution, found.other_channel) == (
        "T-1",
        1,
        True,
        True,
    )
    assert noted(solved, again)["T-2"].repeat_of == "T-1"


@pytest.mark.parametrize(
    "other",
    [
        picture("T-1", intent="address_change"),
        picture("T-1", -15 * DAY),
        picture("T-1", open=False, merged_into="T-2"),
    ],
    ids=["another matter", "long ago", "merged into it"],
)
def test_what_is_no_repeat(other: CustomerWorkChanged) -> None:
    """Another matter, a matter of long ago, and the same contact once more are none."""
    assert repeat_contact(picture("T-2", 1), [other], RULES) is None


@pytest.mark.parametrize("intent", [None, "oos", "contact_human"])
def test_intents_that_say_nothing_repeat_nothing(intent: str | None) -> None:
    """Two tickets that nobody understood are not the same matter."""
    assert repeat_contact(picture("T-2", 1, intent=intent), [picture("T-1", intent=intent)], RULES) is None


def test_open_tickets_are_counted_up_to_a_limit_and_finished_ones_know_of_none() -> None:
    """Of a bulk sender every ticket would be told of every other one, at each change."""
    many = [picture(f"T-{number:02}", number, open=number > 0) for number in range(20)]
    found = noted(*many)
    assert found["T-00"].open_tickets == 0
    assert {found[each.ticket_id].open_tickets for each in many[1:]} == {RULES.count_open_up_to}


def test_the_tier_is_another_systems_else_that_of_the_newest_ticket_that_has_one() -> None:
    """A ticket by chat knows no contract; the customer has one all the same."""
    tickets = (
        picture("T-1", customer_tier=Tier.GOLD),
        picture("T-2", 1, customer_tier=Tier.SILVER),
        picture("T-3", 2),
    )
    assert [note.customer_tier for note in noted(*tickets).values()] == [None, None, Tier.SILVER]
    assert noted(*tickets, tier=Tier.PLATINUM)["T-3"].customer_tier is Tier.PLATINUM


PROPOSED = [
    ({"product": "kettle"}, {"product": "kettle"}, 0.6, ("same_intent:refund_status", "same_product:kettle")),
    (
        {"named_entities": ("order:5", "order:6")},
        {"named_entities": ("order:6",)},
        0.8,
        ("same_intent:refund_status", "same_order:6"),
    ),
    (
        {"intent": "x", "subject_words": subject_words("Re: Where is my parcel")},
        {"subject_words": subject_words("where is my PARCEL?")},
        0.6,
        ("same_subject",),
    ),
]


@pytest.mark.parametrize(
    ("later", "earlier", "score", "reasons"), PROPOSED, ids=["product", "order", "subject"]
)
def test_tickets_about_one_thing_are_proposed_with_score_and_reasons(
    later: dict[str, Any], earlier: dict[str, Any], score: float, reasons: tuple[str, ...]
) -> None:
    """A person decides, so the reasons must be there to be judged."""
    found = proposal(picture("T-2", 60, **later), picture("T-1", **earlier), RULES)
    assert found is not None
    assert (found.into_ticket_id, found.score, found.reasons) == ("T-1", score, reasons)


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ({}, {}),
        ({"product": "kettle", "open": False}, {"product": "kettle"}),
        (
            {"product": "kettle", "named_entities": ("order:1",)},
            {"product": "kettle", "named_entities": ("order:2",)},
        ),
        ({"intent": "x", "subject_words": ("help", "me")}, {"subject_words": ("help", "me")}),
        (
            {"intent": "x", "subject_words": subject_words("Alert disk full on server 12")},
            {"subject_words": subject_words("Alert disk full on server 13")},
        ),
    ],
    ids=["intent alone", "one is over", "two orders", "too few words", "other numbers"],
)
def test_what_is_not_enough_for_one_thing(later: dict[str, Any], earlier: dict[str, Any]) -> None:
    """Two orders of one product are two matters; a monitor's subjects differ in a number only."""
    assert proposal(picture("T-2", 60, **later), picture("T-1", **earlier), RULES) is None


def test_only_tickets_of_about_the_same_time_are_proposed() -> None:
    """What was written a month later is a follow-up, and no double."""
    late = picture("T-2", 30 * DAY, product="kettle")
    assert proposal(late, picture("T-1", product="kettle"), RULES) is None


def test_a_ticket_is_proposed_to_be_merged_into_earlier_ones_only_the_likeliest_first() -> None:
    """Otherwise two agents would merge two tickets into each other."""
    tickets = (
        picture("T-1", product="kettle"),
        picture("T-2", 1, product="kettle", named_entities=("order:1",)),
        picture("T-3", 2, product="kettle", named_entities=("order:1",)),
    )
    found = {
        name: [made.into_ticket_id for made in note.merge_proposals] for name, note in noted(*tickets).items()
    }
    assert found == {"T-1": [], "T-2": ["T-1"], "T-3": ["T-2", "T-1"]}


def test_notes_of_earlier_tickets_are_kept_where_nothing_before_them_changed() -> None:
    """The shortcut gives what looking at everything gives."""
    tickets = [picture(f"T-{number}", number, product="kettle") for number in range(6)]
    told = noted(*tickets)
    tickets[3] = picture("T-3", 3, product="kettle", revision=2, open=False)
    since = (minute(3), "T-3")
    shortcut = {note.ticket_id: note for note in notes(Known(None, tickets), RULES, told, since)}
    assert shortcut == noted(*tickets)
