"""What the cases stage publishes to tickets.alerts."""

import msgspec

from schemas.fold import Fact
from schemas.records.derived import SourceEvent
from schemas.records.derived.alerts import Alert
from schemas.records.envelope import decode_envelope, encode_body
from schemas.records.topics import Topic
from schemas.vocabulary import Priority
from streams.stages.cases.alerting import publish_alert
from streams.stages.cases.intake import FoldInput
from streams.steps.step import Step
from tests.unit.schemas.ticket_facts import START, TICKET, from_customer, open_ticket
from tests.unit.streams.logic_driver import PARTITIONS


class Rang(Alert, frozen=True, kw_only=True):
    """An alert that only this test knows."""

    loudness: int


def _incoming(body: Rang) -> FoldInput:
    event = SourceEvent(
        id="a-1", type="Rang", source="ticketyard/cases", time=START, body=msgspec.Raw(encode_body(body))
    )
    return FoldInput(
        event=event, fact=Fact(id="a-1", type="Rang", source=event.source, time=START, body=body)
    )


def _step() -> Step:
    return Step(stage="cases", partition=0, number=1, partitions=PARTITIONS, next_offsets={}, now=START)


def test_an_alert_says_where_its_ticket_stands() -> None:
    """Who is told on the way need not look the ticket up; the id is the one of the event in the log."""
    step = _step()
    publish_alert(_incoming(Rang(ticket_id=TICKET, loudness=3)), open_ticket(), step)
    (sent,) = step.outbox
    told = msgspec.json.decode(sent.value, type=Rang)
    assert (sent.topic, decode_envelope(sent.headers).id) == (Topic.TICKETS_ALERTS, "a-1")
    assert (told.team, told.priority, told.customer_id) == ("payments", Priority.HIGH, "C-1")
    assert (told.assignee, told.loudness) == (None, 3)


def test_what_is_no_alert_is_not_published() -> None:
    """A customer's message goes to the log alone."""
    step = _step()
    incoming = _incoming(Rang(ticket_id=TICKET, loudness=1))
    fact = msgspec.structs.replace(incoming.fact, body=from_customer())
    publish_alert(msgspec.structs.replace(incoming, fact=fact), open_ticket(), step)
    assert step.outbox == []
