"""The summary's door and its command, over a ticket that the log tells of."""

import json
import urllib.request
from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import Raw
from msgspec.structs import replace

from infra.cli.root import run
from infra.cli.tickets import summary as command_module
from schemas.fold import fold
from schemas.records.derived import SourceEvent, TicketLogged
from schemas.records.envelope import encode_body
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from schemas.sentiment import Sentiment
from schemas.signals import Entity, EntityKind, Signals
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.tail.rows import TailRecord
from tests.integration.serving_client import client_of
from tests.unit.schemas.ticket_facts import SCORED, TICKET, fact, from_agent, from_customer, opened
from tests.unit.serving.memory_log import MemoryLog

Client = TestClient[Litestar]
SIGNALS = Signals(entities=(Entity(EntityKind.ORDER, 0, 4, "4711"),))
ANGRY = replace(SCORED, sentiment=Sentiment(-0.7), signals=SIGNALS)


def records() -> Iterator[TailRecord]:
    """Yield the log of a ticket that was opened, answered with a promise, and complained about."""
    facts = [
        fact(opened(subject="Order 4711", text="Where is my order 4711? It is late."), 0, ANGRY),
        fact(replace(from_agent(), text="I will call you tomorrow."), 5),
        fact(from_customer("Nobody called. I want my money back."), 1500, ANGRY),
    ]
    row: TicketRow | None = None
    for offset, one in enumerate(facts):
        before, row = row, fold(row, one)
        event = SourceEvent(
            id=one.id, type=one.type, source="crm", time=one.time, body=Raw(encode_body(one.body))
        )
        logged = TicketLogged(
            ticket_id=TICKET,
            life=row.life,
            revision=row.revision,
            event=event,
            after=row,
            before=before,
            triage=one.triage,
        )
        yield TailRecord(
            topic=Topic.TICKETS_LOG,
            partition=0,
            offset=offset,
            timestamp_ms=1_772_438_400_000 + offset,
            headers=[],
            value=encode_body(logged),
        )


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server that has read the log."""
    log = MemoryLog()
    for record in records():
        log.add(record)
    serving = Serving(
        ServingSettings(home=tmp_path_factory.mktemp("home"), tail_poll_ms=5), connect=lambda: log
    )
    with client_of(serving) as client:
        yield client


def test_the_door_tells_the_whole_story(client: Client) -> None:
    """What is wanted, mood, what is named and what was promised, of the log alone."""
    body = client.get(f"/v1/tickets/{TICKET}/summary").json()
    found = body["summary"]
    assert body["ok"]
    assert found["wants"]["first_ask"] == "Where is my order 4711?"
    assert "I want my money back." in found["wants"]["points"]
    assert (found["mood"]["last"], found["named"]) == (-0.7, ["order: 4711"])
    (promise,) = found["promises"]
    assert (promise["text"], promise["open"]) == ("I will call you tomorrow.", True)
    assert found["ticket"]["status"] == "in_progress"
    assert found["events_before"] == 0


def test_an_unknown_ticket_is_told(client: Client) -> None:
    """404 in the one shape of every error."""
    answer = client.get("/v1/tickets/nobody/summary")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "NotFound")


def test_the_command_prints_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`ticketyard summary` shows the same to a person, and all of the answer as JSON."""

    def answered(request: urllib.request.Request) -> bytes:
        return client.get(request.selector).content

    monkeypatch.setattr(command_module, "answer_to", answered)
    assert run(["summary", TICKET, "--url", "http://127.0.0.1:1"]) == 0
    shown = capsys.readouterr().out
    assert "wants     refund_status: Where is my order 4711?" in shown
    assert "A-1, open: I will call you tomorrow." in shown
    assert run(["summary", TICKET, "--url", "http://127.0.0.1:1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["ticket"]["ticket_id"] == TICKET
