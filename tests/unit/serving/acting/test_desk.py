"""What becomes of an act: over the real merge, with a door that says what a test wants it to."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest

from schemas.records.events import LabelCorrected, TicketEvent, TicketUpdated
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Priority, Status
from serving.acting.acts import Act
from serving.acting.desk import Desk, Sent
from serving.acting.intake import Intake, Place
from serving.acting.sessions import Session
from serving.assembly.service import Serving
from serving.foundation.errors import ActRefused, IntakeAway, SignInOff
from serving.foundation.settings import ServingSettings
from serving.merge.answers import Snapshot
from tests.unit.serving.merge_bench import MergeBench
from tests.unit.serving.ticket_log import at, record, ticket_row


class Asked:
    """What a desk knows of a server: settings, a clock, and answers of the merge."""

    def __init__(self, bench: MergeBench, settings: ServingSettings) -> None:
        self.settings = settings
        self._bench = bench

    def clock(self) -> Any:
        """It is always the same time."""
        return at(60)

    async def ask(self, question: Callable[[Snapshot], Any]) -> Any:
        """Answer."""
        return self._bench.answers.read(question)


class Case:
    """A desk with one ticket; `answers` are those of the door, one for each request, and then it takes all."""

    def __init__(self, bench: MergeBench, home: Path, **settings: Any) -> None:
        self._bench = bench
        self._revision = 0
        self.sent: list[list[str]] = []
        self.answers: list[httpx.Response] = []
        intake = Intake("http://door", home / "none", "", httpx.MockTransport(self._answer))
        asked = cast("Serving", Asked(bench, ServingSettings(home=home, **settings)))
        self.desk = Desk(asked, intake)

    def log(self, body: TicketEvent | None = None, event_id: str | None = None, **fields: Any) -> None:
        """Log an event of the ticket."""
        row: TicketRow = ticket_row("T", 0, self._revision + 1, **fields)
        made = record(row, 0, self._revision, body)
        if event_id:
            told = json.loads(made.value or b"")
            told["event"]["id"] = event_id
            made = msgspec.structs.replace(made, value=json.dumps(told).encode())
        self._bench.append([made])
        self._revision += 1

    def take(self, by: str, act: str, *, number: int = 0, revision: int = 1, **fields: Any) -> Sent:
        """Let somebody act."""
        usual = {"id": f"page-{number:032x}", "ticket_id": "T", "act": act, "by": by, "life": 0}
        given = msgspec.convert(usual | {"revision": revision} | fields, Act)
        return asyncio.run(self.desk.take(given, Session(name=by, issued_at=at(0), nonce="n")))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        told = json.loads(request.content)
        several = told if isinstance(told, list) else [told]
        self.sent.append([one["type"] for one in several])
        if self.answers:
            return self.answers.pop(0)
        places = [{"partition": 0, "offset": len(self.sent)} for _ in several]
        return httpx.Response(202, json={"events": places} if several is told else places[0])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[MergeBench]:
    with MergeBench(tmp_path / "views") as made:
        yield made


@pytest.fixture
def case(bench: MergeBench, tmp_path: Path) -> Case:
    made = Case(bench, tmp_path)
    made.log(team="accounts", assignee="A-1", priority=Priority.LOW)
    return made


def said(sent: Sent) -> list[tuple[str, str, str | None]]:
    return [(word.by, word.about, word.value) for word in sent.meanwhile]


def test_a_transfer_hears_of_the_one_within_a_correction(case: Case) -> None:
    assert case.take("ann", "correct", value="double_charge", team="billing").places == [Place(0, 1)] * 2
    later = case.take("bo", "transfer", number=1, value="technical")
    assert said(later) == [("ann", "team", "billing")]


def test_a_correction_that_moves_the_ticket_hears_of_a_transfer(case: Case) -> None:
    case.take("ann", "transfer", value="technical")
    later = case.take("bo", "correct", number=1, value="double_charge", team="billing")
    assert said(later) == [("ann", "team", "technical")]
    assert case.take("bo", "correct", number=2, value="double_charge").event_ids  # it leaves the team alone


def test_a_correction_that_is_to_move_the_ticket_moves_it_where_it_belongs(case: Case) -> None:
    """The page need not know whose an intent is; a ticket that is there already is not moved again."""
    case.take("ann", "correct", value="double_charge", move=True)
    case.log(team="billing")
    case.take("ann", "correct", number=1, value="double_charge", move=True, revision=2)
    assert case.sent == [["LabelCorrected", "TicketTransferred"], ["LabelCorrected"]]


@pytest.mark.parametrize(
    ("changed", "by", "act", "word"),
    [
        ({"assignee": "A-2"}, "bo", {"act": "assign", "value": "A-3"}, ("bo", "assignee", "A-2")),
        ({"assignee": "A-2"}, None, {"act": "assign", "value": "A-3"}, ("test", "assignee", "A-2")),
        (
            {"priority": "urgent"},
            "bo",
            {"act": "override", "decision": "priority", "value": "high", "reason": "r"},
            ("bo", "priority", "urgent"),
        ),
        ({"team": "billing"}, "bo", {"act": "transfer", "value": "technical"}, ("bo", "team", "billing")),
        ({"intent": "x"}, "bo", {"act": "correct", "value": "double_charge"}, ("bo", "intent", "x")),
        ({"status": Status.CLOSED}, "bo", {"act": "resolve"}, ("bo", "status", "closed")),
    ],
)
def test_what_another_system_changed_is_heard_of(
    case: Case, changed: dict[str, Any], by: str | None, act: dict[str, Any], word: tuple[str, str, str]
) -> None:
    """It is no override where people had decided before, so the log's overrides did not tell of it."""
    before = {"team": "accounts", "assignee": "A-1", "priority": Priority.LOW}
    body = msgspec.convert({"ticket_id": "T", "updated_by": by} | changed, TicketUpdated)
    case.log(body, **(before | changed))
    assert said(case.take("ann", **act)) == [word]
    case.log(**(before | changed))
    assert case.take("ann", **act, number=1, revision=2).event_ids  # who has seen it hears nothing


def test_what_an_update_left_as_it_was_holds_nobody_up(case: Case) -> None:
    case.log(TicketUpdated(ticket_id="T", reason="r"), team="accounts", assignee="A-1", priority=Priority.LOW)
    assert case.take("ann", "assign", value="A-3").event_ids


def test_a_lost_answer_is_given_again_whatever_was_said_since(case: Case) -> None:
    """The act counts; the page would have said that it was not sent, and offered to send it as well."""
    first = case.take("ann", "transfer", value="technical")
    case.take("bo", "transfer", number=1, value="billing", over=tuple(first.event_ids))
    assert case.take("ann", "transfer", value="technical") == first
    assert len(case.sent) == 2


def test_a_lost_answer_is_given_again_from_the_log(case: Case, bench: MergeBench, tmp_path: Path) -> None:
    """A server that started since knows it by tickets.log."""
    first = case.take("ann", "correct", value="double_charge")
    correction = LabelCorrected(ticket_id="T", intent="double_charge", corrected_by="ann")
    case.log(correction, event_id=first.event_ids[0])
    case.log(LabelCorrected(ticket_id="T", intent="refund_status", corrected_by="bo"))
    started = Case(bench, tmp_path)
    again = started.take("ann", "correct", value="double_charge")
    assert again.event_ids == first.event_ids
    assert again.places == [Place(0, 1)]
    assert started.sent == []


def test_an_act_of_which_kafka_has_half_is_completed(case: Case, bench: MergeBench, tmp_path: Path) -> None:
    correction = LabelCorrected(ticket_id="T", intent="double_charge", corrected_by="ann")
    case.log(correction, event_id=f"page-{0:032x}-LabelCorrected")
    case.log(LabelCorrected(ticket_id="T", intent="refund_status", corrected_by="bo"))
    started = Case(bench, tmp_path)
    assert started.take("ann", "correct", value="double_charge", team="billing").event_ids
    assert started.sent == [["LabelCorrected", "TicketTransferred"]]


@pytest.mark.parametrize(("status", "kind"), [(503, IntakeAway), (400, ActRefused)])
def test_nobody_hears_of_what_was_not_sent(case: Case, status: int, kind: type[Exception]) -> None:
    case.answers = [httpx.Response(status)]
    with pytest.raises(kind):
        case.take("ann", "correct", value="double_charge", team="billing")
    assert case.take("bo", "correct", number=1, value="double_charge", team="technical").event_ids


def test_a_session_of_this_machine_writes_nothing_where_strangers_come(
    bench: MergeBench, tmp_path: Path
) -> None:
    """A server without a key was started again on another address than loopback: cookies went on to hold."""
    case = Case(bench, tmp_path, http_host="0.0.0.0")
    with pytest.raises(SignInOff, match="TICKETYARD_INTAKE_KEY"):
        case.take("ann", "resolve")
    assert case.sent == []
