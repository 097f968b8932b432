"""What becomes of acts on dead letters: over the real merge, with a door that says what a test wants it to."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest

from schemas.records.derived import DeadLetterReplayed, RecordDied
from schemas.records.envelope import Envelope, encode_headers
from schemas.records.topics import Topic
from serving.acting.intake import Intake, Place
from serving.acting.letters import AT_ONCE, LetterActs, Replay, Returned, note_of
from serving.acting.sessions import Session
from serving.assembly.service import Serving
from serving.foundation.errors import ActRefused, IntakeAway, NotFound, OtherName
from serving.foundation.settings import ServingSettings
from serving.merge.answers import Snapshot
from serving.tail.rows import TailRecord, arrow_table, decode_records
from tests.unit.serving.merge_bench import LIVE, MergeBench
from tests.unit.serving.ticket_log import at

DEAD = Topic.TICKETS_DEAD


class Case:
    """A server with letters; `answers` are those of the door, one for each request, and then it takes all."""

    def __init__(self, bench: MergeBench, home: Path) -> None:
        self.bench, self.settings = bench, ServingSettings(home=home)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[httpx.Response] = []
        self._offset = 0
        intake = Intake("http://door", home / "none", "", httpx.MockTransport(self._answer))
        self.acts = LetterActs(cast("Serving", self), intake)

    def clock(self) -> Any:
        """It is always the same time."""
        return at(60)

    async def ask(self, question: Callable[[Snapshot], Any]) -> Any:
        """Answer."""
        return self.bench.answers.read(question)

    def die(self, number: int, *, error: str = "InvalidBody", minute: int = 0) -> None:
        """Let a record die."""
        died = RecordDied(
            stage="triage", error=error, message="m", topic="tickets.events", topic_id="id", partition=0,
            offset=number, timestamp_ms=0,
        )  # fmt: skip
        self._log(f"letter-{number}", "RecordDied", [("dead", msgspec.json.encode(died))], b"{}", minute)

    def note(self, number: int, note: str, by: str, minute: int) -> None:
        """Log that somebody sent a letter back."""
        body = DeadLetterReplayed(
            letter_id=f"letter-{number}", stage="triage", topic="tickets.events", topic_id="id", partition=0,
            offset=number, replayed_to_offset=99, by=by, reason="r",
        )  # fmt: skip
        self._log(note, "DeadLetterReplayed", [], msgspec.json.encode(body), minute)

    def _log(self, identity: str, kind: str, more: list[Any], value: bytes, minute: int) -> None:
        headers = encode_headers(Envelope(id=identity, type=kind, source="s", time=at(minute)))
        record = TailRecord(
            topic=DEAD, partition=0, offset=self._offset, timestamp_ms=int(at(minute).timestamp() * 1000),
            headers=[*headers, *more], value=value,
        )  # fmt: skip
        self._offset += 1
        rows, refused = decode_records([record], {Topic(name): live.topic_id for name, live in LIVE.items()})
        assert refused == []
        tables = {name: arrow_table(name, found) for name, found in rows.items()}
        self.bench.store.append(tables, self.bench.state)

    def take(self, by: str = "ann", number: int = 0, **fields: Any) -> Returned:
        """Let somebody act."""
        usual = {"id": f"page-{number:032x}", "act": "replay", "by": by, "reason": "why", "before": at(30)}
        given = msgspec.convert(usual | fields, Replay)
        return asyncio.run(self.acts.take(given, Session(name=by, issued_at=at(0), nonce="n")))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path, json.loads(request.content)))
        if self.answers:
            return self.answers.pop(0)
        letter, key = request.url.path.split("/")[3], request.headers["idempotency-key"]
        told = {"partition": 0, "offset": len(self.asked), "note_id": note_of(letter, key)}
        return httpx.Response(202, json=told)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with MergeBench(tmp_path / "views") as bench:
        yield Case(bench, tmp_path)


def test_many_go_back_some_at_a_time_and_each_once(case: Case) -> None:
    """The page asks until none is left; what the views do not show yet is known by this server."""
    for number in range(AT_ONCE + 20):
        case.die(number)
    case.die(900, error="Other")
    case.die(901, minute=45)  # after the page was opened
    first = case.take(error="InvalidBody")
    assert (len(first.event_ids), first.left) == (AT_ONCE, 20)
    second = case.take(error="InvalidBody")
    assert (len(second.event_ids), second.left) == (20, 0)
    assert case.take(error="InvalidBody") == Returned(event_ids=[], places=[])
    sent = [path for path, _ in case.asked]
    assert len(sent) == len(set(sent)) == AT_ONCE + 20
    assert case.asked[0] == ("/v1/dead-letters/letter-0/replay", {"by": "ann", "reason": "why"})


def test_what_was_sent_back_is_not_sent_again_by_many(case: Case) -> None:
    for number in range(2):
        case.die(number)
    case.note(0, "n", "bo", 5)
    assert len(case.take().event_ids) == 1


def test_a_letter_that_cannot_go_holds_up_no_other(case: Case) -> None:
    """It is named with the reason, and not asked for again in the same act."""
    for number in range(AT_ONCE + 1):
        case.die(number)
    case.answers = [httpx.Response(409, json={"error": {"message": "has replaced it"}})]
    found = case.take()
    assert [(one.letter_id, "has replaced it" in one.message) for one in found.refused] == [
        ("letter-0", True)
    ]
    assert (len(found.event_ids), found.left) == (AT_ONCE - 1, 1)
    assert len(case.take().event_ids) == 1
    case.answers = [httpx.Response(503)]
    case.die(500)
    with pytest.raises(IntakeAway):
        case.take(number=1, error="InvalidBody")


def test_the_later_of_two_people_hears_of_the_former(case: Case) -> None:
    """By what went through this server, and by what the log says of another."""
    case.die(0)
    case.die(1)
    first = case.take("ann", letter_id="letter-0")
    later = case.take("bo", 1, letter_id="letter-0")
    assert [(word.by, word.about) for word in later.meanwhile] == [("ann", "replay")]
    assert case.take("bo", 1, letter_id="letter-0", over=first.event_ids).event_ids
    case.note(1, "by-hand", "cy", 40)
    assert [word.by for word in case.take(letter_id="letter-1").meanwhile] == ["cy"]
    assert case.take(letter_id="letter-1", before=at(50)).event_ids, "who has seen it means it"


def test_a_lost_answer_is_given_again_from_the_log(case: Case) -> None:
    case.die(0)
    note = note_of("letter-0", f"page-{0:032x}")
    case.note(0, note, "ann", 40)
    assert case.take(letter_id="letter-0") == Returned(event_ids=[note], places=[Place(0, 99)])
    assert case.asked == []


def test_what_makes_no_sense_is_refused(case: Case) -> None:
    case.die(0)
    with pytest.raises(ActRefused, match="say why"):
        case.take(reason="  ")
    with pytest.raises(ActRefused, match="a repair is of one letter"):
        case.take(repaired={"value": "{}"})
    with pytest.raises(NotFound, match="no dead letter"):
        case.take(letter_id="letter-7")
    told = {"id": f"page-{0:032x}", "act": "replay", "by": "bo", "reason": "r", "before": at(0)}
    session = Session(name="ann", issued_at=at(0), nonce="n")
    with pytest.raises(OtherName):
        asyncio.run(case.acts.take(msgspec.convert(told, Replay), session))
    assert case.asked == []
