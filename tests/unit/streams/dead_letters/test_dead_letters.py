"""What the records of tickets.dead are, which of them are wanted, and how one goes back."""

from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import KafkaError
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.errors import Permanent, Transient
from schemas.records.derived import DeadLetterReplayed, RecordDied
from schemas.records.envelope import Envelope, Headers, encode_body, encode_headers
from streams.dead_letters.letters import (
    DeadLetter,
    ForeignRecord,
    Found,
    LetterFilter,
    LetterReplay,
    one_id,
    survey,
    what_is,
    whole_letters,
)
from streams.dead_letters.replaying import REPLAY_OF, Repair, _refusal, replayed_headers

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def died(stage: str = "triage", error: str = "InvalidBody", topic: str = "tickets.events") -> RecordDied:
    return RecordDied(
        stage=stage,
        error=error,
        message="it is broken",
        topic=topic,
        topic_id="id",
        partition=1,
        offset=5,
        timestamp_ms=0,
        key=b"k",
        headers=(("ce_id", b"e1"), ("odd", None), ("trace", b"a"), ("trace", b"b")),
    )


def headers(kind: str, identity: str) -> Headers:
    return encode_headers(Envelope(id=identity, type=kind, source="ticketyard/triage", time=AT))


def letter(identity: str, *, minutes: int = 0, about: RecordDied | None = None) -> Found:
    """Return a letter as it is read."""
    told = [*headers("RecordDied", identity), ("dead", encode_body(about or died()))]
    milliseconds = int((AT + timedelta(minutes=minutes)).timestamp() * 1000)
    return what_is(2, 7, milliseconds, told, b"\xff raw")


def replay(identity: str) -> Found:
    body = DeadLetterReplayed(
        letter_id=identity,
        stage="triage",
        topic="tickets.events",
        topic_id="id",
        partition=1,
        offset=5,
        replayed_to_offset=9,
    )
    return what_is(2, 8, 0, headers("DeadLetterReplayed", f"r-{identity}"), encode_body(body))


def test_a_letter_is_read_whole() -> None:
    """The raw bytes are the value, the reason is in the header, the id names it."""
    found = letter("d1", minutes=1)
    assert found == DeadLetter(
        id="d1", about=died(), died_at=AT + timedelta(minutes=1), partition=2, value=b"\xff raw"
    )


@pytest.mark.parametrize(("null", "value"), [(False, b""), (True, None)])
def test_a_record_without_a_value_is_told_from_an_empty_one(null: bool, value: bytes | None) -> None:
    """Both letters have an empty value; a replayed tombstone once came back as an empty record."""
    told = [*headers("RecordDied", "d"), ("dead", encode_body(replace(died(), value_is_null=null)))]
    found = what_is(2, 7, 0, told, b"")
    assert isinstance(found, DeadLetter)
    assert found.value == value


@pytest.mark.parametrize(
    ("told", "value", "words"),
    [
        ([], b"hello", "ce_id is missing"),
        (headers("RecordDied", "d"), b"", "no header 'dead'"),
        ([*headers("RecordDied", "d"), ("dead", b"{")], b"", "not a RecordDied"),
        (headers("DeadLetterReplayed", "d"), b"{}", "letter_id"),
        (headers("DeadLetterReplayed", "d"), None, "no value"),
    ],
)
def test_a_stranger_is_named_and_does_no_harm(told: Headers, value: bytes | None, words: str) -> None:
    """Anybody may write to a topic; reading goes on."""
    found = what_is(3, 11, -1, told, value)
    assert isinstance(found, ForeignRecord)
    assert found.place == "tickets.dead[3]@11"
    assert words in found.error


@given(
    st.lists(st.tuples(st.sampled_from(["ce_id", "ce_type", "ce_source", "ce_time", "dead"]), st.binary())),
    st.none() | st.binary(),
)
def test_no_record_is_too_strange(told: Headers, value: bytes | None) -> None:
    """Whatever a record of tickets.dead holds, it is something."""
    assert isinstance(what_is(0, 0, 0, told, value), DeadLetter | LetterReplay | ForeignRecord)


def test_the_newest_come_first_and_once() -> None:
    """A stage that died after writing a letter writes it again: the first counts."""
    found = [letter("a"), letter("b", minutes=5), letter("a", minutes=9)]
    assert [one.id for one in survey(found, LetterFilter()).newest_first()] == ["b", "a"]


def test_what_was_sent_back_is_not_pending() -> None:
    """Word of a replay marks its letter, and only that."""
    letters = survey([letter("a"), letter("b"), replay("a")], LetterFilter())
    assert [one.id for one in letters.newest_first()] == ["b", "a"]
    assert [one.id for one in letters.newest_first(pending=True)] == ["b"]
    assert letters.replays["a"].about.replayed_to_offset == 9


@pytest.mark.parametrize(
    ("choice", "ids"),
    [
        (LetterFilter(), {"d1", "d2"}),
        (LetterFilter(stage="cases"), {"d2"}),
        (LetterFilter(error="InvalidBody"), {"d1"}),
        (LetterFilter(topic="tickets.enriched"), {"d2"}),
        (LetterFilter(since=AT + timedelta(minutes=1)), {"d2"}),
        (LetterFilter(stage="cases", error="InvalidBody"), set()),
        (LetterFilter(ids=("d1", "x")), {"d1"}),
        (LetterFilter(ids=("d",)), {"d1", "d2"}),
    ],
)
def test_a_choice_is_all_that_is_said(choice: LetterFilter, ids: set[str]) -> None:
    """Filters narrow each other down."""
    other = letter("d2", minutes=2, about=died("cases", "DuplicateConflict", "tickets.enriched"))
    assert set(survey([letter("d1"), other], choice).letters) == ids


def test_a_list_keeps_no_values() -> None:
    """A million letters must fit; the values are read again when they are wanted."""
    found = [letter("a"), letter("b"), letter("a")]
    (kept,) = survey(found, LetterFilter(ids=("a",))).newest_first()
    assert (kept.value, kept.about.headers, kept.about.key) == (b"", (), None)
    (whole,) = whole_letters(found, ["a"])
    assert (whole.value, whole.about.key) == (b"\xff raw", b"k")


def test_the_beginning_of_an_id_is_enough() -> None:
    """If it is of one letter only; a whole id is always its own."""
    letters = survey([letter("abc"), letter("abd"), letter("ab")], LetterFilter())
    assert one_id(letters, "abc") == "abc"
    assert one_id(letters, "ab") == "ab"
    with pytest.raises(Permanent, match="3 letters begin with a"):
        one_id(letters, "a")
    with pytest.raises(Permanent, match="no letter x"):
        one_id(letters, "x")


def test_headers_go_back_in_their_order_with_the_letters_id() -> None:
    """Also those that are there twice; a null, which the client cannot send, is empty."""
    found = letter("d1")
    assert isinstance(found, DeadLetter)
    assert replayed_headers(found, Repair()) == [
        ("ce_id", b"e1"),
        ("odd", b""),
        ("trace", b"a"),
        ("trace", b"b"),
        (REPLAY_OF, b"d1"),
    ]


def test_a_repair_replaces_and_leaves_out_headers() -> None:
    """A header that is named takes the place of all of its name; a former replay's mark is not kept."""
    found = letter("d2", about=replace(died(), headers=((REPLAY_OF, b"d1"), ("a", b"1"))))
    assert isinstance(found, DeadLetter)
    repair = Repair(headers={"ce_type": "TicketOpened"}, without=("a",))
    assert repair
    assert not Repair()
    assert replayed_headers(found, repair) == [("ce_type", b"TicketOpened"), (REPLAY_OF, b"d2")]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError.MSG_SIZE_TOO_LARGE, Permanent),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, Permanent),
        (KafkaError._UNKNOWN_PARTITION, Permanent),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, Permanent),
        (KafkaError.CLUSTER_AUTHORIZATION_FAILED, Permanent),
        (KafkaError.REQUEST_TIMED_OUT, Transient),
        (KafkaError._MSG_TIMED_OUT, Transient),
        (KafkaError.NOT_LEADER_FOR_PARTITION, Transient),
    ],
)
def test_what_kafka_will_never_take_is_refused_for_good(code: int, kind: type[Exception]) -> None:
    """All but a record that is too large was to be tried again, for ever where nothing could help."""
    assert isinstance(_refusal("tickets.work[1]", 9, KafkaError(code)), kind)
