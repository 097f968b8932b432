"""What becomes of acts on dead letters: over the real merge, with a door that says what a test wants it to."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pyarrow as pa
import pytest

from schemas.records.derived import DeadLetterReplayed, RecordDied
from schemas.records.envelope import Envelope, encode_headers
from schemas.records.topics import Topic
from serving.acting.intake import Intake, Place
from serving.acting.letters import IN_VAIN, LONGEST_S, LetterActs, Replay, Returned, note_of
from serving.acting.sessions import Session
from serving.assembly.service import Serving
from serving.foundation.errors import ActRefused, IntakeAway, NotFound, OtherName
from serving.foundation.settings import ServingSettings
from serving.merge.answers import Snapshot
from serving.pages.data.reading import read_data
from serving.tail.rows import TailRecord, arrow_table, decode_records
from tests.patience import PATIENCE_S
from tests.unit.serving.merge_bench import LIVE, MergeBench
from tests.unit.serving.ticket_log import at

DEAD = Topic.TICKETS_DEAD


class Case:
    """A server with letters; `answers` are those of the door, one for each request, and then it takes all.

    `stuck` are the letters that it cannot hand on. Each request takes it `slowness_s`.
    """

    def __init__(self, bench: MergeBench, home: Path) -> None:
        self.bench, self.settings = bench, ServingSettings(home=home)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[httpx.Response] = []
        self.stuck: set[str] = set()
        self.slowness_s, self._time_s = 0.0, 0.0
        self._offset = 0
        intake = Intake("http://door", home / "none", "", httpx.MockTransport(self._answer))
        self.acts = LetterActs(cast("Serving", self), intake, lambda: self._time_s)

    def clock(self) -> Any:
        """It is always the same time."""
        return at(60)

    async def ask(self, question: Callable[[Snapshot], Any]) -> Any:
        """Answer."""
        return self.bench.answers.read(question)

    def die(self, number: int, *, error: str = "InvalidBody", minute: int = 0, with_id: bool = True) -> None:
        """Let a record die, if told so with the row that an older version made of it."""
        died = RecordDied(
            stage="triage", error=error, message="m", topic="tickets.events", topic_id="id", partition=0,
            offset=number, timestamp_ms=0,
        )  # fmt: skip
        self._log(
            f"letter-{number}",
            "RecordDied",
            [("dead", msgspec.json.encode(died))],
            b"{}",
            minute,
            with_id=with_id,
        )

    def note(self, number: int, note: str, by: str, minute: int) -> None:
        """Log that somebody sent a letter back."""
        body = DeadLetterReplayed(
            letter_id=f"letter-{number}", stage="triage", topic="tickets.events", topic_id="id", partition=0,
            offset=number, replayed_to_offset=99, by=by, reason="r",
        )  # fmt: skip
        self._log(note, "DeadLetterReplayed", [], msgspec.json.encode(body), minute)

    def _log(
        self, identity: str, kind: str, more: list[Any], value: bytes, minute: int, *, with_id: bool = True
    ) -> None:
        headers = encode_headers(Envelope(id=identity, type=kind, source="s", time=at(minute)))
        record = TailRecord(
            topic=DEAD, partition=0, offset=self._offset, timestamp_ms=int(at(minute).timestamp() * 1000),
            headers=[*headers, *more], value=value,
        )  # fmt: skip
        self._offset += 1
        rows, refused = decode_records([record], {Topic(name): live.topic_id for name, live in LIVE.items()})
        assert refused == []
        tables = {name: arrow_table(name, found) for name, found in rows.items()}
        if not with_id:
            dead = tables["dead_letters"]
            nulls = pa.nulls(len(dead), dead.schema.field("letter_id").type)
            tables["dead_letters"] = dead.set_column(
                dead.schema.get_field_index("letter_id"), "letter_id", nulls
            )
        self.bench.store.append(tables, self.bench.state)

    def take(self, by: str = "ann", number: int = 0, **fields: Any) -> Returned:
        """Let somebody act."""
        return asyncio.run(self.taking(by, number, **fields))

    async def taking(self, by: str = "ann", number: int = 0, **fields: Any) -> Returned:
        """Let somebody act beside others."""
        usual = {"id": f"page-{number:032x}", "act": "replay", "by": by, "reason": "why", "before": at(30)}
        given = msgspec.convert(usual | fields, Replay)
        return await self.acts.take(given, Session(name=by, issued_at=at(0), nonce="n"))

    def sent(self) -> list[str]:
        """The letters that the door was asked to send, in their order."""
        return [path.split("/")[3] for path, _ in self.asked]

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path, json.loads(request.content)))
        self._time_s += self.slowness_s
        await asyncio.sleep(0)  # others have their turn while the door works
        if self.answers:
            return self.answers.pop(0)
        if self.sent()[-1] in self.stuck:
            return httpx.Response(503, json={"error": {"message": "Kafka does not take it"}})
        letter, key = request.url.path.split("/")[3], request.headers["idempotency-key"]
        told = {"partition": 0, "offset": len(self.asked), "note_id": note_of(letter, key)}
        return httpx.Response(202, json=told)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with MergeBench(tmp_path / "views") as bench:
        yield Case(bench, tmp_path)


def test_many_go_back_some_at_a_time_and_each_once(case: Case) -> None:
    """The page asks until none is left; what the views do not show yet is known by this server."""
    case.slowness_s = LONGEST_S / 10
    for number in range(15):
        case.die(number)
    case.die(900, error="Other")
    case.die(901, minute=45)  # after the page was opened
    first = case.take(error="InvalidBody")
    assert (len(first.event_ids), first.left) == (10, 5)
    second = case.take(error="InvalidBody")
    assert (len(second.event_ids), second.left) == (5, 0)
    assert case.take(error="InvalidBody") == Returned(event_ids=[], places=[])
    assert case.sent() == [f"letter-{number}" for number in range(15)]
    assert case.asked[0] == ("/v1/dead-letters/letter-0/replay", {"by": "ann", "reason": "why"})


def test_two_who_send_all_at_the_same_moment_send_each_letter_once(case: Case) -> None:
    """What to send was fixed before the first letter went, so two people doubled every letter: 50 gave 100."""
    for number in range(50):
        case.die(number)

    async def both() -> tuple[Returned, Returned]:
        return await asyncio.gather(case.taking("ann"), case.taking("bo", 1))

    found = asyncio.run(both())
    assert len(case.sent()) == len(set(case.sent())) == 50
    assert sum(len(one.event_ids) for one in found) == 50


def test_an_act_that_comes_again_while_it_is_made_is_made_once(case: Case) -> None:
    """A page that heard nothing for 20 s asked again beside its first request, and both sent and counted all."""
    for number in range(5):
        case.die(number)

    async def twice() -> tuple[Returned, Returned]:
        return await asyncio.gather(case.taking(), case.taking())

    first, second = asyncio.run(twice())
    assert first == second
    assert len(case.sent()) == len(first.event_ids) == 5


def test_an_act_of_many_goes_on_when_its_caller_leaves(case: Case) -> None:
    """Who closes the tab has said it all the same."""
    for number in range(5):
        case.die(number)

    async def leave() -> None:
        asked = asyncio.create_task(case.taking())
        while not case.asked:
            await asyncio.sleep(0)
        asked.cancel()
        async with asyncio.timeout(PATIENCE_S):
            while len(case.asked) < 5:
                await asyncio.sleep(0)

    asyncio.run(leave())
    assert len(set(case.sent())) == 5


def test_of_two_who_send_one_letter_at_the_same_moment_one_hears_of_the_other(case: Case) -> None:
    """Both looked before either had sent, so the letter went back twice and neither heard of it."""
    case.die(0)

    async def both() -> tuple[Returned, Returned]:
        return await asyncio.gather(
            case.taking("ann", letter_id="letter-0"), case.taking("bo", 1, letter_id="letter-0")
        )

    first, second = asyncio.run(both())
    assert case.sent() == ["letter-0"]
    assert (first.meanwhile, [word.by for word in second.meanwhile]) == ([], ["ann"])


def test_the_page_offers_to_send_what_can_be_sent(case: Case) -> None:
    """Letters of an older batch run have no id and wait: the button promised them, and sent none of them."""
    case.die(0)
    case.die(1, with_id=False)
    shown = case.bench.answers.read(lambda snapshot: read_data(snapshot, {}, at(60)))
    assert (shown["waiting"], len(shown["letters"])) == (1, 2)
    assert len(case.take().event_ids) == 1


def test_what_was_sent_back_is_not_sent_again_by_many(case: Case) -> None:
    for number in range(2):
        case.die(number)
    case.note(0, "n", "bo", 5)
    assert len(case.take().event_ids) == 1


def test_a_letter_that_cannot_go_holds_up_no_other(case: Case) -> None:
    """It is named with the reason, and not asked for again in the same act."""
    case.slowness_s = LONGEST_S / 10
    for number in range(11):
        case.die(number)
    case.answers = [httpx.Response(409, json={"error": {"message": "has replaced it"}})]
    found = case.take()
    assert [(one.letter_id, "has replaced it" in one.message) for one in found.refused] == [
        ("letter-0", True)
    ]
    assert (len(found.event_ids), found.left) == (9, 1)
    assert len(case.take().event_ids) == 1


def test_a_letter_that_cannot_go_yet_waits_behind_the_others(case: Case) -> None:
    """Its topic was gone: the oldest came first, the door said 503, and no letter behind it ever went."""
    for number in range(3):
        case.die(number)
    case.stuck = {"letter-0"}
    found = case.take()
    assert (case.sent(), found.left) == (["letter-0", "letter-1", "letter-2"], 1)
    with pytest.raises(IntakeAway, match="Kafka does not take it"):
        case.take()
    case.stuck = set()
    assert case.take() == Returned(event_ids=[note_of("letter-0", f"page-{0:032x}")], places=[Place(0, 5)])


def test_where_the_door_is_away_few_are_tried_and_next_time_others(case: Case) -> None:
    """Many letters of one topic that is gone hold up those of another for a request or two, and not for ever."""
    for number in range(IN_VAIN + 2):
        case.die(number)
    case.stuck = {f"letter-{number}" for number in range(IN_VAIN)}
    with pytest.raises(IntakeAway):
        case.take()
    assert len(case.asked) == IN_VAIN
    found = case.take()
    assert (len(found.event_ids), found.left) == (2, IN_VAIN)
    assert case.sent()[IN_VAIN : IN_VAIN + 2] == [f"letter-{IN_VAIN}", f"letter-{IN_VAIN + 1}"]


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


def test_a_moment_without_a_zone_is_no_act() -> None:
    """It was compared with moments that have one: the answer was a 500 instead of a 400."""
    told = {
        "id": f"page-{0:032x}",
        "act": "replay",
        "by": "bo",
        "reason": "r",
        "before": "2026-03-02T08:00:00",
    }
    with pytest.raises(msgspec.ValidationError, match="timezone"):
        msgspec.convert(told, Replay)
    msgspec.convert(told | {"before": "2026-03-02T08:00:00Z"}, Replay)


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
