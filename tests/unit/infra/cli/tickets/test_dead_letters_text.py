"""How dead letters look on a terminal."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from infra.cli.tickets.letter_text import (
    WIDTH,
    closing_lines,
    lines_of,
    moment_of,
    page_of,
    printable,
    summary,
    value_lines,
)
from schemas.errors import Permanent
from schemas.records.derived import DeadLetterReplayed, RecordDied
from schemas.records.topics import Topic
from streams.dead_letters.letters import DeadLetter, ForeignRecord, LetterReplay, Letters

AT = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
ABOUT = RecordDied(
    stage="triage",
    error="EventFromTheFuture",
    message="TicketOpened e1 is of tomorrow",
    topic="tickets.decisions",
    topic_id="id",
    partition=3,
    offset=1_234_567,
    timestamp_ms=1_772_438_400_000,
    key=b"\xffk",
    headers=(("ce_id", b"e1"), ("odd", None), ("bad", b"\xff\x1b[2J")),
)
LETTER = DeadLetter(id="0123456789abcdef" * 2, about=ABOUT, died_at=AT, partition=0, value=b'{"a": 1}')
REPLAY = LetterReplay(
    about=DeadLetterReplayed(
        letter_id=LETTER.id,
        stage="triage",
        topic="tickets.decisions",
        topic_id="id",
        partition=3,
        offset=1,
        replayed_to_offset=77,
    ),
    at=AT + timedelta(hours=1),
)


def test_a_letter_is_two_lines_of_a_list() -> None:
    """Which, when, who, what and where; then why."""
    assert lines_of(LETTER, None) == [
        "01234567  03-02 08:05  triage   EventFromTheFuture  tickets.decisions[3]@1234567",
        "          TicketOpened e1 is of tomorrow",
    ]


def test_a_replayed_letter_is_recognised() -> None:
    """The list says when it was sent back."""
    assert lines_of(LETTER, REPLAY)[1].strip() == "replayed 03-02 09:05; was: TicketOpened e1 is of tomorrow"


@given(st.text(), st.text(), st.sampled_from(list(Topic)), st.integers(0, 2**63 - 1))
def test_no_line_is_too_wide_or_wild(message: str, error: str, topic: Topic, offset: int) -> None:
    """Eighty columns, one line each, nothing that a terminal would obey."""
    about = replace(ABOUT, message=message, error=error, topic=topic, offset=offset)
    for line in lines_of(replace(LETTER, about=about), REPLAY):
        assert len(line) <= WIDTH
        assert "\x1b" not in line
        assert "\n" not in line


@given(st.text())
def test_printable_is(text: str) -> None:
    """What comes from strangers cannot move the cursor, ring, or break a line."""
    assert printable(text).isprintable()


def test_a_page_shows_key_headers_and_value() -> None:
    """All of a letter, whatever bytes it has."""
    lines = page_of(LETTER, REPLAY)
    assert "error: EventFromTheFuture" in lines
    assert "replayed_at: 2026-03-02T09:05:00+00:00" in lines
    assert "key: \\xffk" in lines
    assert "header odd: null" in lines
    assert "header bad: \\xff\\x1b[2J" in lines
    assert lines[-2:] == ["value: 8 bytes", '{"a": 1}']
    assert "replayed_at" not in "\n".join(page_of(LETTER, None))


def test_no_value_is_not_an_empty_value() -> None:
    """Both can be told from the page."""
    assert page_of(replace(LETTER, value=None), None)[-1] == "value: null"
    assert page_of(replace(LETTER, value=b""), None)[-1] == "value: 0 bytes"


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (b"", []),
        (b"one\ntwo\x07", ["one", "two\\x07"]),
        (b"caf\xe9", [f"00000000  {'63 61 66 e9':<47}  caf."]),
    ],
)
def test_a_value_is_text_or_a_dump(value: bytes, lines: list[str]) -> None:
    """UTF-8 is shown as text, everything else as bytes."""
    assert value_lines(value) == lines


@pytest.mark.parametrize("value", [b"x" * 5000, b"\xff" * 5000])
def test_a_large_value_is_cut_and_says_so(value: bytes) -> None:
    """A megabyte does not flood the terminal; a file has it all."""
    lines = value_lines(value)
    assert lines[-1].endswith("(--save FILE has it all)")
    assert sum(map(len, lines)) < 5000


def test_a_list_ends_with_what_there_is_and_what_to_do() -> None:
    """How many of how many, what is no letter, which commands come next."""
    strangers = [
        ForeignRecord(place="tickets.dead[1]@2", error="NotAnEvent: no\x1b"),
        ForeignRecord(place="b", error="c"),
    ]
    letters = Letters(letters={}, replays={}, strangers=strangers)
    text = "\n".join(closing_lines(letters, matching=9, shown=4))
    assert "4 of 9 letters" in text
    assert "--limit shows more" in text
    assert "tickets.dead[1]@2 is no letter (NotAnEvent: no\\x1b), and 1 more" in text
    assert "dead replay ID" in text


def test_a_summary_is_for_programs() -> None:
    """Names and full values, None where it was not sent back."""
    assert summary(LETTER, None)["replayed_at"] is None
    assert summary(LETTER, REPLAY)["replayed_to_offset"] == 77
    assert summary(LETTER, None)["arrived_at"] == datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", AT - timedelta(seconds=90)),
        ("30m", AT - timedelta(minutes=30)),
        ("2h", AT - timedelta(hours=2)),
        ("7d", AT - timedelta(days=7)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ],
)
def test_since_is_an_age_or_a_moment(text: str, moment: datetime) -> None:
    """A moment without an offset is UTC, as all times are that the list shows."""
    assert moment_of(text, AT) == moment


@pytest.mark.parametrize("text", ["yesterday", "5w", "", "-3h", "999999d"])
def test_since_that_is_neither_is_explained(text: str) -> None:
    """The message shows both forms."""
    with pytest.raises(Permanent, match="2h or 7d"):
        moment_of(text, AT)
