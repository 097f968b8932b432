"""What a ticket is about, and whose word counts."""

from msgspec.structs import replace

from schemas.fold import Fact, fold
from schemas.marks import EMPTY_TEXT
from schemas.records.events import LabelCorrected, TicketUpdated
from schemas.records.ticket_row import Said
from schemas.triage import NO_TEXT
from schemas.vocabulary import Category, Priority, Tier
from tests.unit.schemas.ticket_facts import (
    SCORED,
    TICKET,
    UNSCORED,
    assigned,
    fact,
    fold_all,
    from_agent,
    from_customer,
    minute,
    open_ticket,
)

OTHER = replace(SCORED, intent="card_lost", category=Category.ACCOUNT_ACCESS, team="cards", language="de")


def update(at: float, **fields: object) -> Fact:
    """Return an update by people."""
    return fact(TicketUpdated(ticket_id=TICKET, **fields), at)  # type: ignore[arg-type]


def corrected(at: float, intent: str, category: Category | None = None) -> Fact:
    """Return a correction by a person."""
    return fact(LabelCorrected(ticket_id=TICKET, intent=intent, category=category), at)


def test_the_model_labels_a_ticket_with_text() -> None:
    """Intent, category, priority, team and language come from triage, and the row says so."""
    row = open_ticket(category=Category.GENERAL_INQUIRY, team="front_desk")

    assert (row.intent, row.category, row.label_said_by) == (
        "refund_status",
        Category.REFUND_REQUEST,
        Said.MODEL,
    )
    assert (row.priority, row.priority_said_by) == (Priority.HIGH, Said.MODEL)
    assert (row.team, row.team_said_by, row.language) == ("payments", Said.MODEL, "en")
    assert (row.predicted_intent, row.predicted_category) == ("refund_status", Category.REFUND_REQUEST)
    assert row.predicted_intents == ("refund_status",)
    assert (row.confidence, row.decided_by, row.model_version) == (0.91, "encoder", "m-7")


def test_an_explicit_priority_and_language_of_the_source_stand() -> None:
    """Who says how urgent a ticket is knows something that the text may not say; so too of its language."""
    row = open_ticket(priority=Priority.LOW, language="fr")

    assert (row.priority, row.priority_said_by, row.language) == (Priority.LOW, Said.SOURCE, "fr")


def test_without_text_the_sources_labels_stay() -> None:
    """Category, priority and team are the source's, with the reason why nothing was scored."""
    row = open_ticket(
        UNSCORED, category=Category.BILLING_DISPUTE, intent="x", priority=Priority.URGENT, team="front_desk"
    )

    assert (row.intent, row.category, row.label_said_by) == ("x", Category.BILLING_DISPUTE, Said.SOURCE)
    assert (row.priority, row.team, row.team_said_by) == (Priority.URGENT, "front_desk", Said.SOURCE)
    assert (row.triage_reasons, row.decided_by, row.predicted_intent) == ((NO_TEXT,), "source", None)


def test_without_text_or_labels_a_ticket_goes_where_triage_says() -> None:
    """Nobody said anything: no label, medium priority, the team that triage names, or people who triage."""
    assert open_ticket(replace(UNSCORED, team="front_desk")).team == "front_desk"

    row = open_ticket(None)
    assert (row.team, row.label_said_by, row.priority, row.priority_said_by) == (
        "triage",
        None,
        Priority.MEDIUM,
        None,
    )


def test_the_reason_of_triage_is_kept() -> None:
    """Text that is only blanks is another reason than no text."""
    assert open_ticket(replace(UNSCORED, reasons=(EMPTY_TEXT,))).triage_reasons == (EMPTY_TEXT,)


def test_the_first_message_with_text_labels_a_ticket_that_had_none() -> None:
    """An opening without text is labelled by what the customer then writes; its team and priority stay."""
    row = open_ticket(UNSCORED, category=Category.BILLING_DISPUTE, team="front_desk", priority=Priority.LOW)
    row = fold(row, fact(from_customer(), 1, SCORED))

    assert (row.intent, row.category, row.label_said_by) == (
        "refund_status",
        Category.REFUND_REQUEST,
        Said.MODEL,
    )
    assert (row.team, row.priority) == ("front_desk", Priority.LOW)


def test_a_label_that_comes_later_moves_a_waiting_ticket_only() -> None:
    """A ticket that an agent already has is not taken away by what the model makes of a message."""
    waiting = open_ticket(UNSCORED)
    held = fold(waiting, fact(assigned(waiting, "A-1"), 1))

    assert fold(waiting, fact(from_customer(), 2, SCORED)).team == "payments"
    assert fold(held, fact(from_customer(), 2, SCORED)).team == "triage"


def test_later_messages_do_not_change_the_label() -> None:
    """The ticket is about what it was opened for; agents' words are never scored."""
    row = fold_all(
        open_ticket(), [fact(from_customer(), 1, OTHER), fact(from_agent(), 2, OTHER), fact(from_agent(), 3)]
    )

    assert (row.intent, row.team, row.language) == ("refund_status", "payments", "en")
    assert fold(open_ticket(UNSCORED), fact(from_agent(), 2, OTHER)).predicted_intent is None


def test_people_beat_the_model() -> None:
    """A label, priority and tier that people set stand, and the prediction is kept to learn from."""
    row = fold(
        open_ticket(),
        update(
            1, intent="x", category=Category.FEATURE_REQUEST, priority=Priority.LOW, customer_tier=Tier.GOLD
        ),
    )

    assert (row.intent, row.category, row.label_said_by) == ("x", Category.FEATURE_REQUEST, Said.PEOPLE)
    assert (row.priority, row.priority_said_by, row.customer_tier) == (
        Priority.LOW,
        Said.PEOPLE,
        Tier.GOLD,
    )
    assert (row.predicted_intent, row.corrected) == ("refund_status", False)


def test_people_beat_the_model_whatever_the_order() -> None:
    """A first message with text that comes after people spoke fills in the prediction alone."""
    row = fold_all(
        open_ticket(UNSCORED),
        [update(1, intent="x", priority=Priority.LOW, team="legal"), fact(from_customer(), 2, SCORED)],
    )

    assert (row.intent, row.priority, row.team) == ("x", Priority.LOW, "legal")
    assert row.predicted_intent == "refund_status"


def test_an_update_of_one_label_leaves_the_other() -> None:
    """Only the fields that are set change."""
    assert fold(open_ticket(), update(1, intent="x")).category is Category.REFUND_REQUEST
    assert fold(open_ticket(), update(1, category=Category.FEATURE_REQUEST)).intent == "refund_status"


def test_a_correction_is_remembered_as_one() -> None:
    """The right label is people's; a category that is not given stays."""
    row = fold(open_ticket(), corrected(1, "card_lost"))
    assert (row.intent, row.category, row.label_said_by, row.corrected) == (
        "card_lost",
        Category.REFUND_REQUEST,
        Said.PEOPLE,
        True,
    )
    assert (row.predicted_intent, row.predicted_category) == ("refund_status", Category.REFUND_REQUEST)

    assert fold(row, corrected(2, "x", Category.BILLING_DISPUTE)).category is Category.BILLING_DISPUTE


def test_the_later_label_by_event_time_wins() -> None:
    """Labels, priority and tier each have their own last writer."""
    row = fold_all(open_ticket(), [corrected(9, "x"), corrected(5, "y"), update(5, intent="z")])
    assert (row.intent, row.label_at, row.late_events) == ("x", minute(9), 2)

    row = fold_all(
        open_ticket(),
        [
            update(9, priority=Priority.LOW),
            update(5, priority=Priority.CRITICAL, customer_tier=Tier.GOLD),
            update(4, customer_tier=Tier.BRONZE),
        ],
    )
    assert (row.priority, row.customer_tier, row.late_events) == (Priority.LOW, Tier.GOLD, 2)
