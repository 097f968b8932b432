"""Facts: events decoded for the fold, with their times in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from schemas.fold import fact_of, fold, to_fact
from schemas.records.derived import SourceEvent, TicketLogged
from schemas.records.envelope import InvalidBody, NotAnEvent, UnknownEventType
from schemas.records.events import TicketImported
from schemas.records.ticket_row import TicketRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def event(kind: str, body: bytes, time: datetime = NOON) -> SourceEvent:
    """Return an event as triage passes it on."""
    return SourceEvent(id="e-1", type=kind, source="crm", time=time, body=msgspec.Raw(body))


def test_times_are_utc_whatever_offset_they_came_with() -> None:
    """Rows compare and group by UTC; the untouched event keeps what it said."""
    east = timezone(timedelta(hours=3))
    body = b'{"ticket_id":"T-1","customer_id":"C","channel":"email","opened_at":"2026-03-02T14:00:00+03:00"}'
    fact = to_fact(event("TicketImported", body, NOON.astimezone(east)), life=3)

    assert (fact.time.tzinfo, fact.time, fact.life) == (UTC, NOON, 3)
    assert isinstance(fact.body, TicketImported)
    assert fact.body.opened_at == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert fact.body.opened_at.tzinfo is UTC


def test_a_body_that_does_not_fit_its_type_names_the_field() -> None:
    """The message says which event, which field, and what was expected."""
    with pytest.raises(InvalidBody, match=r"SurveyAnswered e-1: .*\$\.score"):
        to_fact(event("SurveyAnswered", b'{"ticket_id":"T-1","score":9}'))


def test_only_what_a_ticket_is_made_of_is_a_fact() -> None:
    """An event about an agent does not belong here."""
    with pytest.raises(UnknownEventType, match="AgentUpdated"):
        to_fact(event("AgentUpdated", b"{}"))


def test_a_time_without_an_offset_is_refused() -> None:
    """Nobody can know what it means."""
    with pytest.raises(NotAnEvent, match="no offset from UTC"):
        to_fact(event("TicketClosed", b'{"ticket_id":"T-1"}', NOON.replace(tzinfo=None)))


def test_a_time_beyond_what_utc_can_hold_is_refused() -> None:
    """The first hours of year 1, east of Greenwich, lie before the first day: a dead letter, not a crash."""
    body = b'{"ticket_id":"T-1","customer_id":"C","channel":"email","opened_at":"0001-01-01T00:00:00+14:00"}'
    with pytest.raises(InvalidBody, match="opened_at is out of range"):
        to_fact(event("TicketImported", body))


def test_a_record_of_the_log_gives_its_row_again() -> None:
    """What the log says of an event is enough to fold it."""
    source = event("TicketOpened", b'{"ticket_id":"T-1","customer_id":"C","channel":"email"}')
    after = fold(None, to_fact(source, life=8))
    logged = TicketLogged(ticket_id="T-1", life=8, revision=1, event=source, after=after)
    again = msgspec.json.decode(msgspec.json.encode(logged), type=TicketLogged)

    assert fold(again.before, fact_of(again)) == again.after
    assert isinstance(again.after, TicketRow)
