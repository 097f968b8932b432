"""Mails of known parts, in 17 languages: own words stay, others' go."""

import unicodedata
from collections.abc import Sequence
from typing import overload

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mails.counts import ALL, Counts, counted
from tests.mails.generator import LANGUAGES, mails
from understanding.signals.cleaning.mail.replies import strip_replies
from understanding.signals.cleaning.message import clean_message, clean_with_cuts

SEED = 14
EACH = 8
MOST_LOST = 0.001
MOST_KEPT = 0.03


@pytest.fixture(scope="module")
def counts() -> Counts:
    """Return what cleaning did to the mails."""
    return counted(mails(SEED, EACH), lambda text: clean_message(text).text)


def test_own_words_are_not_lost(counts: Counts) -> None:
    """Web forms, forwarded mails, facts behind `>` and numbers below a name were cut before."""
    assert {
        group: counts.share_lost(group) for group in counts.own if counts.share_lost(group) > MOST_LOST
    } == {}


def test_foreign_words_are_not_kept(counts: Counts) -> None:
    """A desk's own words, dates and amounts were read as the customer's in eleven of the languages."""
    assert counts.share_kept(ALL) <= MOST_KEPT
    for language in LANGUAGES:  # of a language there are few mails, and one kept whole is a percent
        assert counts.share_kept(f"language: {language}") <= 2 * MOST_KEPT


def test_text_as_sent_is_what_was_read_and_what_was_left_out() -> None:
    """The lines of a plain mail that no cut covers are the lines that were scored."""
    for mail in mails(SEED, 1):  # the first of each kind is plain
        message, cuts = clean_with_cuts(mail.text)
        left, end = "", 0
        for cut in cuts:
            left, end = f"{left}{mail.text[end : cut.start]}", cut.end
        assert _lines(left + mail.text[end:]) == _lines(message.text)


def _lines(text: str) -> list[str]:
    """Return the lines with content; cleaning makes full-width punctuation plain."""
    return [line for line in unicodedata.normalize("NFKC", text).split("\n") if line.strip()]


class Watched(Sequence[str]):
    """Lines that count how often one of them is taken."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.looks = 0

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        found = self._lines[at]
        self.looks += 1 if isinstance(at, int) else len(found)
        return found

    def __len__(self) -> int:
        return len(self._lines)


PIECES = st.sampled_from(
    (
        "", "words and words", "> quoted", ">5 % of users", "Label: value", "From: a@b.example", "Sent: 10:00", "To: x",
        "Subject: Re: y", "On Mon, 4 May 2026 at 10:00, Ann wrote:", "On Mon, 4 May 2026", "Hello,", "--", "Thanks",
        "Support wrote:", "________",
    )
)  # fmt: skip


@settings(max_examples=100)
@given(unit=st.lists(PIECES, min_size=1, max_size=6))
def test_each_line_is_looked_at_a_bounded_number_of_times(unit: Sequence[str]) -> None:
    """A mail must not be able to cost more than its length: twice the lines take twice the looks."""
    assert _looks([*unit] * 200) <= 2.2 * _looks([*unit] * 100) + 100


def _looks(lines: list[str]) -> int:
    watched = Watched(lines)
    strip_replies(watched)
    return watched.looks
