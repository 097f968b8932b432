"""Bounds of an envelope: header names that are no text, attributes without measure, times that cannot be told."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records.envelope import (
    MAX_ATTRIBUTE_LENGTH,
    Envelope,
    Headers,
    NotAnEvent,
    decode_envelope,
    encode_headers,
)
from schemas.records.header_names import UNREADABLE, LenientBytes, has_unreadable

AT = datetime(2026, 3, 2, tzinfo=UTC)


def headers(**other: str) -> Headers:
    """Return an event's headers, some of them replaced."""
    usual = dict(encode_headers(Envelope(id="e", type="t", source="s", time=AT)))
    return list({**usual, **{name: text.encode() for name, text in other.items()}}.items())


@given(st.binary())
def test_lenient_bytes_read_as_any_bytes_do_where_they_are_text(raw: bytes) -> None:
    """Text is unchanged; what is none has the sign for it, as in Java."""
    found = LenientBytes(raw)[:].decode()
    try:
        assert found == raw.decode()
    except UnicodeDecodeError:
        assert UNREADABLE in found


def test_slices_stay_lenient_and_bytes_stay_numbers() -> None:
    """A parser takes both from its buffer."""
    raw = LenientBytes(b"ab\xffc")
    assert raw[2] == 255
    assert bytes(raw[1:3]) == b"b\xff"
    assert raw[1:3][1:].decode() == UNREADABLE


def test_an_event_with_an_unreadable_header_name_is_refused() -> None:
    """Also when every attribute is there: some clients can give none of them, and all must judge alike."""
    assert has_unreadable(["ce_id", "na\ufffdme"])
    with pytest.raises(NotAnEvent, match="name of a header"):
        decode_envelope([*headers(), ("na\ufffdme", b"1")])


@pytest.mark.parametrize("name", ["ce_type", "ce_source", "ce_time", "ce_subject"])
def test_an_attribute_is_bounded(name: str) -> None:
    """What every derived record repeats must not make it larger than its topic takes."""
    with pytest.raises(NotAnEvent, match=f"{name} is longer than {MAX_ATTRIBUTE_LENGTH}"):
        decode_envelope(headers(**{name: "x" * (MAX_ATTRIBUTE_LENGTH + 1)}))


def test_what_is_no_attribute_is_not_bounded() -> None:
    """Tracing headers are the producer's business."""
    assert decode_envelope(headers(baggage="x" * 100_000)).id == "e"


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_other_zones_cannot_tell_is_refused(time: str) -> None:
    """The first and the last year that a datetime can hold have moments that UTC cannot."""
    with pytest.raises(NotAnEvent, match="out of range"):
        decode_envelope(headers(ce_time=time))
