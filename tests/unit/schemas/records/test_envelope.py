"""CloudEvents in Kafka headers, and what is wrong with those that are none."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Permanent
from schemas.records.envelope import (
    MAX_ID_LENGTH,
    Envelope,
    EventDecoder,
    EventError,
    InvalidBody,
    NotAnEvent,
    UnknownEventType,
    decode_envelope,
    encode_body,
    encode_headers,
)
from schemas.records.events import SurveyAnswered, TicketClosed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENVELOPE = Envelope(id="e-1", type="TicketClosed", source="crm", time=NOON, subject="T-1")
_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# The first and the last year are refused: in another zone such a time could not be told.
_times = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=_zones)  # noqa: DTZ001 - hypothesis adds it
_words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=MAX_ID_LENGTH)


def headers_with(**changed: bytes | None) -> list[tuple[str, bytes | None]]:
    """Return good headers with some changed."""
    return list({**dict(encode_headers(ENVELOPE)), **changed}.items())


@given(
    st.builds(
        Envelope,
        id=_words,
        type=_words,
        source=_words,
        time=_times,
        subject=st.one_of(st.none(), _words),
    )
)
def test_an_envelope_survives_its_headers(envelope: Envelope) -> None:
    """Whatever the ids, and at whatever offset from UTC."""
    assert decode_envelope(encode_headers(envelope)) == envelope


def test_headers_are_those_of_the_binding() -> None:
    """Binary content mode of the CloudEvents Kafka protocol binding, 1.0."""
    assert dict(encode_headers(ENVELOPE)) == {
        "ce_specversion": b"1.0",
        "ce_id": b"e-1",
        "ce_type": b"TicketClosed",
        "ce_source": b"crm",
        "ce_time": b"2026-03-02T12:00:00+00:00",
        "content-type": b"application/json",
        "ce_subject": b"T-1",
    }


def test_unknown_headers_are_ignored() -> None:
    """Extensions and other programs' headers do no harm."""
    assert decode_envelope(headers_with(traceparent=b"\xff\xfe", ce_extension=b"x")) == ENVELOPE


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_source", "ce_time"])
@pytest.mark.parametrize("value", [None, b""])
def test_a_missing_attribute_is_named(name: str, value: bytes | None) -> None:
    """The message says which header is missing and what to send."""
    with pytest.raises(NotAnEvent, match=rf"{name} is missing; send CloudEvents"):
        decode_envelope(headers_with(**{name: value}))


@pytest.mark.parametrize("headers", [None, [], [("ce_id", None)]])
def test_a_record_without_headers_is_no_event(headers: list[tuple[str, bytes | None]] | None) -> None:
    """Anybody may write to a topic."""
    with pytest.raises(NotAnEvent):
        decode_envelope(headers)


@pytest.mark.parametrize("value", [b"yesterday", b"2026-13-01T00:00:00Z", b"1772442180"])
def test_a_time_that_is_none_is_shown(value: bytes) -> None:
    """The message shows what was found."""
    with pytest.raises(NotAnEvent, match=value.decode()):
        decode_envelope(headers_with(ce_time=value))


def test_a_time_without_an_offset_is_refused() -> None:
    """No clock is guessed at."""
    with pytest.raises(NotAnEvent, match=r"no offset from UTC.*append Z"):
        decode_envelope(headers_with(ce_time=b"2026-03-02T12:00:00"))


def test_a_header_that_is_not_utf8_is_named() -> None:
    """Bytes that are no text are a dead letter."""
    with pytest.raises(NotAnEvent, match="ce_source is not UTF-8"):
        decode_envelope(headers_with(ce_source=b"caf\xe9"))


def test_an_id_has_its_bounds() -> None:
    """Ids are kept in state and in keys, so they cannot be books."""
    with pytest.raises(NotAnEvent, match=f"longer than {MAX_ID_LENGTH}"):
        decode_envelope(headers_with(ce_id=b"x" * (MAX_ID_LENGTH + 1)))


def test_a_decoder_knows_its_types() -> None:
    """A type of another topic is refused with a list of what this one carries."""
    decoder = EventDecoder({"TicketClosed": TicketClosed, "SurveyAnswered": SurveyAnswered})

    assert decoder.decode(ENVELOPE, b'{"ticket_id":"T-1"}') == TicketClosed(ticket_id="T-1")
    with pytest.raises(UnknownEventType, match=r"'TicketPainted'.*SurveyAnswered, TicketClosed"):
        decoder.decode(Envelope(id="e", type="TicketPainted", source="s", time=NOON), b"{}")


def test_an_event_without_a_value_is_refused() -> None:
    """A tombstone is no event."""
    with pytest.raises(InvalidBody, match="TicketClosed e-1 has no value"):
        EventDecoder({"TicketClosed": TicketClosed}).decode(ENVELOPE, None)


def test_no_retry_helps_a_record_that_is_no_event() -> None:
    """All errors of the contract are permanent, so such records go to dead letters at once."""
    assert all(issubclass(kind, Permanent) for kind in (NotAnEvent, UnknownEventType, InvalidBody))


@pytest.mark.parametrize("end", [b"", b"]" * 100_000 + b"}"])
def test_a_body_nested_without_end_is_refused(end: bytes) -> None:
    """A field that nobody knows may not bring the decoder, and with it a partition, to a stop."""
    body = b'{"ticket_id":"T-1","invented":' + b"[" * 100_000 + end

    with pytest.raises(InvalidBody, match="TicketClosed e-1 is nested too deeply"):
        EventDecoder({"TicketClosed": TicketClosed}).decode(ENVELOPE, body)


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(value: bytes) -> None:
    """No body, however odd, raises anything but an error of the contract."""
    with suppress(EventError):
        EventDecoder({"TicketClosed": TicketClosed}).decode(ENVELOPE, value)


@given(st.lists(st.tuples(st.sampled_from(["ce_id", "ce_time", "ce_type", "ce_source"]), st.binary())))
def test_any_headers_decode_or_are_refused(headers: list[tuple[str, bytes]]) -> None:
    """No header, however odd, raises anything but NotAnEvent."""
    with suppress(NotAnEvent):
        decode_envelope(headers)


def test_a_body_leaves_out_what_it_does_not_say() -> None:
    """Defaults are not sent, so a later default stays a decision of the reader."""
    assert encode_body(SurveyAnswered(ticket_id="T-1", score=3)) == b'{"ticket_id":"T-1","score":3}'
