"""What happens to a text before scoring, and which split it belongs to."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.marks import EMPTY_TEXT, TRUNCATED
from schemas.triage import NO_TEXT
from understanding.scoring.text import clean_text, normalised, split_of
from understanding.signals.cleaning.message import MAX_CHARACTERS

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(text=ANY_TEXT)
def test_a_cleaned_text_is_bounded_encodable_and_one_line(text: str) -> None:
    """Whatever came in, what is scored can be encoded, has no line break and is not too long."""
    cleaned = clean_text(text)
    if cleaned.text is None:
        assert EMPTY_TEXT in cleaned.reasons
    else:
        cleaned.text.encode()
        assert cleaned.text == " ".join(cleaned.text.split())
        assert len(cleaned.text) <= MAX_CHARACTERS


def test_a_surrogate_pair_is_joined_and_half_of_one_replaced() -> None:
    """A text from a careless JSON writer keeps its emoji; what cannot be repaired is marked."""
    assert clean_text("\ud83d\ude00 ok").text == "\U0001f600 ok"
    assert clean_text("\ud83d ok").text == "\ufffd ok"


def test_missing_blank_and_long_texts_are_named() -> None:
    """Each has its reason."""
    assert clean_text(None)[:2] == (None, (NO_TEXT,))
    assert clean_text("\n \t")[:2] == (None, (EMPTY_TEXT,))
    assert clean_text("a" * 1_000_000).reasons == (TRUNCATED,)
    assert clean_text(" " * 1_000_000).reasons == (EMPTY_TEXT, TRUNCATED)


@given(text=ANY_TEXT)
def test_texts_that_differ_in_case_and_white_space_share_a_split(text: str) -> None:
    """Copies of one text never stand on both sides of the split."""
    assert split_of(text) == split_of(f"  {normalised(text)}\n")


def test_the_test_split_does_not_depend_on_the_validation_share() -> None:
    """Another validation share moves rows between train and val alone."""
    texts = [f"text {number}" for number in range(2_000)]
    for val in (0.0, 0.1, 0.3):
        assert [split_of(text, val=val) == "test" for text in texts] == [
            split_of(text) == "test" for text in texts
        ]


def test_the_shares_are_what_was_asked_for() -> None:
    """Of many texts a tenth goes to test, a tenth to val; a salt makes an independent split."""
    texts = [f"text {number}" for number in range(5_000)]
    splits = [split_of(text) for text in texts]
    assert 0.08 < splits.count("test") / len(texts) < 0.12
    assert 0.08 < splits.count("val") / len(texts) < 0.12
    both = sum(
        split_of(text, salt="other") == "test" == split for text, split in zip(texts, splits, strict=True)
    )
    assert both / len(texts) < 0.03


def test_a_split_is_frozen() -> None:
    """These were decided once; a change would let test rows into training."""
    assert [split_of(f"frozen {number}", val=0.3, test=0.3) for number in range(12)] == [
        "train",
        "train",
        "val",
        "val",
        "val",
        "train",
        "train",
        "test",
        "test",
        "train",
        "test",
        "train",
    ]
