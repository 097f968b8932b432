"""What a message says besides its intent, and the priority that follows."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from schemas.signals.priority import PriorityTable
from schemas.signals.result import EntityKind
from schemas.triage import Triage
from schemas.understanding import Understanding, understand
from schemas.vocabulary import Category, Priority, Tier

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TABLE = PriorityTable.load()
TRIAGE = Triage(
    model_version="m",
    decided_by="ngrams",
    team="billing",
    intent="double_charge",
    category=Category.BILLING_DISPUTE,
    priority=Priority.MEDIUM,
)


def read(text: str | None, *, tier: Tier | None = None) -> Understanding:
    return understand(TRIAGE, text, now=NOW, priorities=TABLE, tier=tier)


def test_a_priority_rises_with_urgency_and_names_why() -> None:
    """The base is the intent's; each step has its reason."""
    calm, urgent = read("I was charged twice."), read("URGENT: I was charged twice, I need it back today!")
    assert (calm.priority, calm.priority_reasons) == (Priority.MEDIUM, ("base:medium",))
    assert urgent.priority is not None
    assert list(Priority).index(urgent.priority) > list(Priority).index(Priority.MEDIUM)
    assert urgent.priority_reasons[0] == "base:medium"
    assert len(urgent.priority_reasons) > 1


def test_who_has_time_and_says_so_is_not_urgent() -> None:
    """Negation is read: "not urgent" holds the word urgent and means the opposite."""
    assert read("Not urgent at all, no rush: I was charged twice.").priority is Priority.LOW


def test_the_tier_counts_where_the_table_says_so() -> None:
    """An enterprise customer's medium ticket is a step higher in the packaged table."""
    assert read("I was charged twice.", tier=Tier.ENTERPRISE).priority is Priority.HIGH


def test_entities_are_read_and_cards_are_masked() -> None:
    """What is emitted never holds a card number."""
    found = read("Order A-12345, card 4111 1111 1111 1111, since yesterday.")
    kinds = {entity.kind: entity.value for entity in found.signals.entities}
    assert kinds[EntityKind.ORDER] == "A-12345"
    assert kinds[EntityKind.DATE] == "2026-03-03"
    assert kinds[EntityKind.CARD].endswith("1111")
    assert "4111" not in str(found)


def test_without_a_text_the_priority_of_triage_stays() -> None:
    """Nothing is read, and nothing is made up."""
    assert read(None) == Understanding(priority=Priority.MEDIUM)


@given(st.text(alphabet=st.characters()))
def test_any_text_is_understood_and_the_same_again(text: str) -> None:
    """It never raises, and depends on the text alone."""
    assert read(text) == read(text)
