"""The line that says when and who wrote what is quoted below it: "On 3 March 2026 at 10:00, Ann <ann@…> wrote:".

Mail programs write it by few grammars in any language: a date, a time, a name with an address and a verb, in one of
two orders, with a colon at the end. A customer who tells what somebody wrote seldom gives year, time and address.
"""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from understanding.signals.cleaning.mail.letter_words import PARTICLES
from understanding.signals.cleaning.mail.quotation_words import (
    COLONS,
    DESK_SENDS,
    FILLERS,
    STARTS,
    WEEKDAYS,
    folded,
    one_of,
    verb_in,
)

_LONGEST_LINE: Final = 250
_MOST_LINES: Final = 3  # mail programs break the line at 72 characters
_DATE_WITHIN: Final = 40  # characters from the beginning to the first digit
_LONGEST_TAIL: Final = 90  # characters behind the address
_BARE_TAIL: Final = 6  # of them where no verb stands there
_MOST_NAME_WORDS: Final = 8
_ADDRESS: Final = re.compile(
    r"[<(\[]{1,2}(?:mailto:)?[^<>()\[\]\s@]{1,64}@[^<>()\[\]\s@]{1,120}[>)\]]{1,2}|\S{1,64}@\S{1,120}"
)
_BRACKETS: Final = "<(["
_DATE: Final = re.compile(r"(?:19|20)[0-9]{2}|[0-9]{1,4}[./-] ?[0-9]{1,2}[./-] ?[0-9]{2}")
_CLOCK: Final = re.compile(r"(?<![0-9./-])[0-9]{1,2}[:.h][0-9]{2}(?![0-9/-]|\.[0-9])")
_WORD: Final = re.compile(r"[^\W\d_]+")


class Grade(IntEnum):
    """How sure it is that a text is an earlier message's introduction."""

    NONE = 0
    UNSURE = 1
    SURE = 2


class Attribution(NamedTuple):
    """How many lines it takes, and how sure it is where no quoted line follows."""

    lines: int
    grade: Grade


def attribution_at(lines: Sequence[str], at: int) -> Attribution | None:
    """Return the attribution that begins with the line `at`, None if none does."""
    for length in range(1, _MOST_LINES + 1):
        if at + length > len(lines):
            return None
        last = lines[at + length - 1].strip()
        if not last or len(last) > _LONGEST_LINE or last.startswith(">"):
            return None
        if last.endswith(COLONS):
            return _shortest(lines, at, at + length)
    return None


def _shortest(lines: Sequence[str], at: int, end: int) -> Attribution | None:
    """Return what begins at `at` and ends before `end`, unless fewer of these lines are an attribution already."""
    quoted = _quoted_follows(lines, end)
    for start in range(end - 1, at - 1, -1):
        grade = grade_of_line(" ".join(line.strip() for line in lines[start:end]), quoted=quoted)
        if grade is not Grade.NONE:
            return Attribution(end - at, grade) if start == at else None
    return None


def tells_a_story(lines: Sequence[str], at: int, end: int) -> bool:
    """Return whether a customer, not a mail program, wrote the introduction from `at` to `end`, quoted by nothing.

    It names no address and no desk, and a paragraph follows the one below it; or there are more of them, as in a chat.
    """
    text = " ".join(lines[at:end])
    if "@" in text:
        return False
    others = (
        place for place in (*range(at), *range(end, len(lines))) if lines[place].rstrip().endswith(COLONS)
    )
    if any(attribution_at(lines, place) and "@" not in lines[place] for place in others):
        return True
    told = [bool(line.strip()) for line in lines[end:]]
    first = told.index(True) if True in told else len(told)
    gap = told.index(False, first) if False in told[first:] else len(told)
    return True in told[gap:] and not one_of(DESK_SENDS, text)


def _quoted_follows(lines: Sequence[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 3] if line.strip()), "")
    return following.lstrip().startswith(">")


def grade_of_line(text: str, *, quoted: bool) -> Grade:
    """Return how sure it is that a text introduces a quotation; `quoted` where lines with `>` follow."""
    lower = folded(text)
    date, clock = _DATE.search(lower), _CLOCK.search(lower)
    if not quoted and clock is None:
        return Grade.NONE
    address, verb = _ADDRESS.search(lower), verb_in(lower)
    time = date or clock
    if time is None or (address is None and verb is None):
        named = verb is not None and not any(map(str.isdigit, text)) and _is_name(text)
        return Grade.SURE if named else Grade.NONE
    if address is not None:
        bare = lower[address.start()] not in _BRACKETS
        if bare and not quoted and not _is_name(f"{text[: address.start()]} {text[address.end() :]}"):
            return Grade.NONE
        return _with_address(lower, address.span(), time.start(), verb=verb is not None)
    if quoted and verb is not None and _begins_with_date(lower):
        return Grade.SURE
    return Grade.NONE if date is None else _without_address(text, lower)


def _with_address(lower: str, address: tuple[int, int], time: int, *, verb: bool) -> Grade:
    """Return how sure a text is that names an address from one place to another, and a time."""
    start, end = address
    if len(lower) - end > _LONGEST_TAIL:
        return Grade.NONE
    if start > time:
        return (
            Grade.SURE
            if _begins_with_date(lower) and (verb or end >= len(lower) - _BARE_TAIL)
            else Grade.NONE
        )
    return Grade.SURE if verb and len(lower[:start].split()) <= _MOST_NAME_WORDS else Grade.NONE


def _without_address(text: str, lower: str) -> Grade:
    """Return how sure a text with date and verb is: a program's words and a name, or a sentence of somebody's own."""
    if not _is_name(text):
        return Grade.NONE
    if _begins_with_date(lower):
        return Grade.SURE if WEEKDAYS.intersection(_WORD.findall(lower)) else Grade.UNSURE
    return Grade.UNSURE


def _begins_with_date(lower: str) -> bool:
    first = next((place for place, letter in enumerate(lower[:_DATE_WITHIN]) if letter.isdigit()), None)
    if first is None:
        return False
    return first == 0 or lower.startswith(STARTS) or lower.split(maxsplit=1)[0].strip(".,()") in WEEKDAYS


def _is_name(text: str) -> bool:
    """Return whether nothing but a name is left beside the date, the verb and a mail program's own words."""
    lower = folded(text)
    verb = verb_in(lower)
    start = next((len(start) for start in STARTS if lower.startswith(start)), 0)
    rest = text[start:] if verb is None else f"{text[start : max(start, verb[0])]} {text[verb[1] :]}"
    unknown = (word for word in _WORD.findall(rest) if word.lower() not in FILLERS)
    return not any(word[0].islower() and word not in PARTICLES for word in unknown)
