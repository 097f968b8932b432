"""What a message says besides its intent, and the priority that follows."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from schemas.sentiment import Sentiment
from schemas.signals import EntityKind
from schemas.triage import ENCODER_BUDGET, NO_PRAISE, NO_TEXT, PRAISE, UNSURE, Triage
from schemas.vocabulary import TRIAGE_TEAM, Priority, Tier
from tests.unit.understanding.tiny_model import tiny_bundle
from understanding.arrays.probabilities import Matrix
from understanding.manifest.bands import BandRules, Bands
from understanding.sentiment.model import SentimentModel
from understanding.signals.automatic_mail import AutomaticMail
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage, as_mail, understand

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TABLE = PriorityTable.load()


def read(text: str | None, *, tier: Tier | None = None, encoder_budget: int | None = None) -> Triage:
    messages = [CustomerMessage(text, NOW, tier)]
    (result,) = understand(tiny_bundle(), messages, priorities=TABLE, encoder_budget=encoder_budget)
    return result


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


class _Feelings:
    """A sentiment model that says whether it was given a vector."""

    def read(self, _text: str, _language: str | None, vector: Matrix | None) -> Sentiment:
        return Sentiment(0.5, "positive") if vector is not None else Sentiment(-0.5, "negative")


def test_sentiment_is_read_by_the_encoder_where_it_reads_the_intent() -> None:
    """Not where the first tier is sure, nor where the budget leaves the encoder out."""
    message = [CustomerMessage("twice charged", NOW)]
    model = cast("SentimentModel", _Feelings())
    asked = replace(tiny_bundle(threshold=1.1), sentiment=model)
    sure = replace(tiny_bundle(threshold=0.0), sentiment=model)
    for bundle, budget, level in (
        (asked, None, "positive"),
        (asked, 0, "negative"),
        (sure, None, "negative"),
    ):
        (found,) = understand(bundle, message, priorities=TABLE, encoder_budget=budget)
        assert found.sentiment is not None
        assert found.sentiment.level == level


def test_a_mere_guess_of_something_dangerous_is_not_critical() -> None:
    """Two disguised words were "a safety hazard, 20 %", and so critical; now only what the message says counts."""
    message = [CustomerMessage("twice charged", NOW)]
    nothing_is_sure = Bands(rules=BandRules(), high_confidence=None, medium_confidence=1.0)
    (sure,) = understand(tiny_bundle(), message, priorities=TABLE)
    (guessed,) = understand(tiny_bundle(bands=nothing_is_sure), message, priorities=TABLE)
    assert (sure.intent, sure.priority_reasons[0]) == ("login_problem", "base:urgent")
    assert (guessed.intent, guessed.priority_reasons[0]) == ("login_problem", "base:medium")


def test_praise_that_the_words_contradict_goes_to_a_person() -> None:
    """Thanks for nothing was praise of medium band: it waited in a queue where nobody hurries."""
    surely = Bands(rules=BandRules(), high_confidence=None, medium_confidence=0.0)
    bundle = tiny_bundle(bands=surely)
    labels = tuple(structs.replace(label, name=PRAISE) for label in bundle.manifest.labels)
    bundle = replace(bundle, manifest=structs.replace(bundle.manifest, labels=labels))
    (meant,) = understand(bundle, [CustomerMessage("Thank you, all is well.", NOW)], priorities=TABLE)
    (not_meant,) = understand(bundle, [CustomerMessage("Thanks for nothing.", NOW)], priorities=TABLE)
    assert (meant.intent, meant.band) == (PRAISE, "medium")
    assert NO_PRAISE not in meant.reasons
    assert (not_meant.intent, not_meant.band, not_meant.team) == (PRAISE, "low", TRIAGE_TEAM)
    assert not_meant.reasons[-2:] == (NO_PRAISE, UNSURE)


def test_entities_are_read_and_cards_are_masked() -> None:
    """What is emitted never holds a card number."""
    found = read("Order A-12345, card 4111 1111 1111 1111, since yesterday.")
    assert found.signals is not None
    kinds = {entity.kind: entity.value for entity in found.signals.entities}
    assert kinds[EntityKind.ORDER] == "A-12345"
    assert kinds[EntityKind.DATE] == "2026-03-03"
    assert kinds[EntityKind.CARD].endswith("1111")
    assert "4111" not in str(found)


def test_without_a_text_nothing_is_read_and_nothing_made_up() -> None:
    """No intent, no signals, no priority; only the reason."""
    nothing = read(None)
    assert (nothing.intent, nothing.priority, nothing.signals, nothing.reasons) == (
        None,
        None,
        None,
        (NO_TEXT,),
    )


def test_what_the_encoder_had_no_room_for_says_so() -> None:
    """An operator counts these: they are decided by the first tier because there was too much to do."""
    unsure = "my"
    assert read(unsure).decided_by == "encoder"
    hurried = read(unsure, encoder_budget=0)
    assert (hurried.decided_by, ENCODER_BUDGET in hurried.reasons) == ("ngrams", True)
    assert ENCODER_BUDGET not in read(unsure).reasons


def test_the_intent_is_read_from_the_senders_own_words() -> None:
    """A quoted mail below an answer says what somebody else wanted."""
    reply = "refund please\n\nOn Mon, 2 Mar 2026, Support wrote:\n> login login login"
    assert read(reply).guesses == read("refund please").guesses
    found = read(reply).signals
    assert found is not None
    assert "quoted_reply" in found.quality


@given(st.text(alphabet=st.characters()))
def test_any_text_is_understood_and_the_same_again(text: str) -> None:
    """It never raises, and depends on the text alone."""
    assert read(text) == read(text)


def read_mail(text: str, *, opening: bool, headers: dict[str, str] | None = None) -> Triage:
    said = as_mail(CustomerMessage(text, NOW), headers or {}, AutomaticMail.load(), opening=opening)
    (result,) = understand(tiny_bundle(), [said], priorities=TABLE)
    return result


def test_an_absence_note_has_no_intent_and_no_raised_priority() -> None:
    """It names whom to ask in urgent cases, and so was a ticket of high priority about slow support."""
    note = (
        "I'm on vacation until 4 May and will answer on my return. URGENT cases: contact Marta immediately!"
    )
    found = read_mail(note, opening=True)
    assert (found.intent, found.priority, found.reasons) == (None, None, ("automatic_reply",))
    assert found.signals is not None
    assert "automatic_reply" in found.signals.quality
    assert read_mail("The lamp is dark.", opening=True, headers={"Precedence": "list"}).intent is None


def test_thanks_are_read_where_they_open_a_ticket_alone() -> None:
    """Behind a resolution they say nothing new; as an opening they are all that is known."""
    assert read_mail("Thank you!", opening=True).intent is not None
    assert read_mail("Thank you!", opening=False).intent is None
