"""What is kept of a message: no number or address in it points to a person."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understanding.signals.redaction import MOST_CHARACTERS, redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("my card 4111 1111 1111 1111 fails", "my card <card> fails"),
        ("card 4111111111111112, a wrong digit", "card <number>, a wrong digit"),
        ("write to jo.doe@example.com", "write to <email>"),
        ("call +49 170 1234567 today", "call <phone> today"),
        ("order 10293847 is late", "order <order> is late"),
        ("i pay 20 eur for 3 seats", "i pay 20 eur for 3 seats"),
        ("", ""),
    ],
)
def test_numbers_and_addresses_are_replaced_by_their_kind(text: str, shown: str) -> None:
    """Amounts and short numbers stay: they are what the message is about."""
    assert shown == redacted(text)


@given(st.text(st.sampled_from("0123456789 -./ab@٣"), max_size=800))
def test_no_long_number_is_left(text: str) -> None:
    """Whatever stands around it, and in whatever digits."""
    shown = redacted(text)
    assert len(shown) <= MOST_CHARACTERS + 1
    assert re.search(r"\d{6}", shown) is None
