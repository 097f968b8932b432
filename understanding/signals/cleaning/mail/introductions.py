"""What stands above an earlier message: an attribution, a block of headers, a separator, or a help desk's delimiter."""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from understanding.signals.cleaning.mail.attributions import Grade, attribution_at, grade_of_line
from understanding.signals.cleaning.mail.header_blocks import (
    Block,
    block_at,
    grade_of,
    without_prefixes,
)
from understanding.signals.cleaning.mail.quotation_words import (
    ABOVE_THIS_LINE,
    COLONS,
    DECORATION,
    FORWARDED,
    ORIGINAL,
    folded,
    is_delimiter,
)

_LONGEST_MARKER: Final = 200
_LONGEST_UNDRAWN: Final = 80  # characters of a delimiter that nothing is drawn around
_TELLING_STARTS: Final = frozenset(f">{DECORATION.strip()}")
_ENDS: Final = ".:!\u3002\uff1a "


class Kind(Enum):
    """What an introduction is."""

    ATTRIBUTION = auto()
    HEADERS = auto()
    DELIMITER = auto()
    FORWARD = auto()


class Introduction(NamedTuple):
    """Lines up to `end` that introduce an earlier message, and how sure that is."""

    kind: Kind
    end: int
    grade: Grade
    block: Block | None = None

    def is_subject(self, line: str) -> bool:
        """Return whether the line is the subject of the block."""
        return self.block is not None and without_prefixes(line).strip().lower() == self.block.subject


def may_introduce(lines: Sequence[str]) -> bool:
    """Return whether a quick look finds in any line what earlier messages come with; most texts are done with it."""
    return any(
        ":" in line
        or "\uff1a" in line
        or line.lstrip()[:1] in _TELLING_STARTS
        or (at > 0 and _ends_customers_text(lines, at, line.strip()))
        for at, line in enumerate(lines)
    )


def introduction_at(lines: Sequence[str], at: int, line: str) -> Introduction | None:
    """Return what begins with the line `at`, which is `line` without its white space; None if nothing does."""
    if len(line) <= _LONGEST_MARKER:
        if line[0] in DECORATION and (found := _drawn(lines, at, line)) is not None:
            return found
        if _ends_customers_text(lines, at, line):
            drawn = at > 0 and lines[at - 1].strip()
            return Introduction(Kind.DELIMITER, at + 1, Grade.SURE if drawn else Grade.UNSURE)
        if line.endswith(COLONS) and any(map(folded(line).__contains__, FORWARDED)):
            return Introduction(Kind.FORWARD, at + 1, Grade.SURE)
    if (":" in line or "\uff1a" in line) and (block := block_at(lines, at)) is not None:
        return _above_block(block, below_separator=False)
    attribution = attribution_at(lines, at)
    if attribution is None:
        return None
    return Introduction(Kind.ATTRIBUTION, at + attribution.lines, attribution.grade)


def _above_block(block: Block, *, below_separator: bool) -> Introduction:
    grade = grade_of(block, below_separator=below_separator)
    if grade is None:
        return Introduction(Kind.FORWARD, block.end, Grade.SURE, block)
    return Introduction(Kind.HEADERS, block.end, grade, block)


def _drawn(lines: Sequence[str], at: int, line: str) -> Introduction | None:
    """Return what a line with dashes or the like around its words introduces."""
    words = folded(line.strip(DECORATION))
    if not words:
        return None
    if line.startswith("##-") or is_delimiter(words):
        return Introduction(Kind.DELIMITER, at + 1, Grade.SURE)
    if any(map(words.__contains__, FORWARDED)):
        return Introduction(Kind.FORWARD, at + 1, Grade.SURE)
    if words.rstrip(_ENDS) not in ORIGINAL:
        grade = grade_of_line(line.strip(DECORATION), quoted=False) if "@" in line else Grade.NONE
        return None if grade is Grade.NONE else Introduction(Kind.ATTRIBUTION, at + 1, grade)
    following = next((here for here in range(at + 1, min(at + 4, len(lines))) if lines[here].strip()), at)
    block = block_at(lines, following) if following > at else None
    if block is None:
        return Introduction(Kind.HEADERS, at + 1, Grade.UNSURE)
    return _above_block(block, below_separator=True)


def _ends_customers_text(lines: Sequence[str], at: int, line: str) -> bool:
    """Return whether a line by itself is a help desk's delimiter: nothing is drawn around it."""
    return (
        len(line) <= _LONGEST_UNDRAWN
        and (at == 0 or not lines[at - 1].strip(DECORATION))
        and folded(line).rstrip(_ENDS).endswith(ABOVE_THIS_LINE)
        and is_delimiter(folded(line))
    )
